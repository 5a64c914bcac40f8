"""The alerts that rules files of Prometheus raise. Called by the desk, which reads the files; knows no file itself.

Only the names matter here, so everything else in such a file is passed over: recording rules, expressions, labels,
annotations with templates of their own. A custom resource of the operator holds the same groups under `spec`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Diagnostic, Severity
from ..source import Mapping, Node, Scalar, Sequence, parse


def alert_names(text: str | bytes, name: str) -> tuple[frozenset[str], tuple[Diagnostic, ...]]:
    """The names of the alerts in a rules file, and why it cannot be read (empty when it can)."""
    root, found = parse(text, name)
    errors = tuple(one for one in found if one.severity is Severity.ERROR)
    if root is None or errors:
        return frozenset(), errors
    return frozenset(_names(root)), ()


def _names(root: Node) -> Iterator[str]:
    spec = root.get("spec") if isinstance(root, Mapping) else None
    groups = (spec if isinstance(spec, Mapping) else root).get("groups") if isinstance(root, Mapping) else None
    for group in _maps(groups):
        for rule in _maps(group.get("rules")):
            alert = rule.get("alert")
            if isinstance(alert, Scalar) and alert.text:
                yield alert.text


def _maps(node: Node | None) -> Iterator[Mapping]:
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Mapping):
            yield item
