"""Names that must mean something: inputs, secrets, steps and targets that a runbook speaks of. One walk over nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import expressions
from ..model import Runbook
from ..source import Mapping as MapNode
from ..source import Node, Scalar, Sequence
from .reader import Reader, near


def check_names(reader: Reader, runbook: Runbook, given: Mapping[str, Node]) -> None:
    """A finding for every name in a template that is not declared, and for every unknown target of a wave."""
    declared = {"inputs": tuple(runbook.inputs), "secrets": tuple(runbook.secrets), "steps": _step_ids(given["steps"])}
    for section in ("steps", "escalation"):
        if section in given:
            for scalar in _templates(given[section]):
                for name in expressions.names_in(scalar.text):
                    _declared(reader, scalar, name, declared)
    _targets(reader, runbook, given["steps"])


def _templates(node: Node) -> Iterator[Scalar]:
    """Every text with a placeholder, without recursion."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Scalar):
            if isinstance(one.value, str) and "{{" in one.text:
                yield one
        elif isinstance(one, Sequence):
            waiting.extend(one.items)
        else:
            waiting.extend(value for _, value in one.entries)


def _step_ids(node: Node) -> tuple[str, ...]:
    """The ids of all steps, those inside branches too: an id in a branch is reached through its step."""
    ids: list[str] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        for key, value in one.entries if isinstance(one, MapNode) else ():
            ids.append(key.text)
            branches = value.get("parallel") if isinstance(value, MapNode) else None
            inner = (branches.get("branches") or branches) if isinstance(branches, MapNode) else None
            if isinstance(inner, MapNode):
                waiting.extend(
                    s for _, b in inner.entries if isinstance(b, MapNode) and (s := b.get("steps")) is not None
                )
    return tuple(ids)


def _declared(reader: Reader, scalar: Scalar, name: str, declared: Mapping[str, tuple[str, ...]]) -> None:
    root, _, rest = name.partition(".")
    known = declared.get(root)
    if known is None or not rest:
        return
    first = next((k for k in known if rest == k or rest.startswith(f"{k}.")), rest.partition(".")[0])
    if first in known:
        return
    what = {"inputs": "input", "secrets": "secret", "steps": "step"}[root]
    hint = near(first, known, f"{what}s") if known else f"declare it under `{root}:`"
    why = "rendering it would fail in the middle of a run"
    reader.say("SH304", scalar.span, f"there is no {what} `{first}`", hint, why)


def _targets(reader: Reader, runbook: Runbook, steps: Node) -> None:
    """A target that is meant for `each` must be declared, here or (which cannot be told here) in the settings."""
    for step in runbook.steps.values():
        if step.each is None or not step.each.target or step.each.target in runbook.targets or not runbook.targets:
            continue
        node = steps.get(step.id) if isinstance(steps, MapNode) else None
        each = node.get("each") if isinstance(node, MapNode) else None
        target = each.get("target") if isinstance(each, MapNode) else None
        if target is not None:
            hint = near(step.each.target, runbook.targets, "targets")
            reader.say("SH305", target.span, f"there is no target `{step.each.target}`", hint)
