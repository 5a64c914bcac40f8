"""Names that must mean something: inputs, secrets, steps and targets that a runbook speaks of. One walk over nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import expressions
from ..model import HandlerSpec, Operation, Runbook
from ..source import Mapping as MapNode
from ..source import Node, Scalar
from .reader import Reader, near, templates_of


def check_names(reader: Reader, runbook: Runbook, given: Mapping[str, Node]) -> None:
    """A finding for every name in a template that is not declared, and for every unknown target of a wave."""
    declared = {"inputs": tuple(runbook.inputs), "secrets": tuple(runbook.secrets), "steps": _step_ids(given["steps"])}
    for section in ("steps", "escalation"):
        if section in given:
            undeclared(reader, given[section], declared)
    if "targets" in given:
        undeclared(reader, given["targets"], {**declared, "steps": ()})
    _targets(reader, runbook, given["steps"])


def undeclared(reader: Reader, node: Node, declared: Mapping[str, tuple[str, ...]]) -> None:
    """A finding for every name in the templates of a node that is not declared."""
    for scalar in templates_of(node):
        if id(scalar) in reader.plain:
            continue
        for name in expressions.names_in(scalar.text):
            _declared(reader, scalar, name, declared)


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


def check_places(
    reader: Reader, runbook: Runbook, operations: Iterable[tuple[Operation, bool]], specs: Mapping[str, HandlerSpec]
) -> None:
    """A finding for every operation that cannot act on its target: of another kind, or on several hosts at once."""
    for operation, waved in operations:
        spec, target = specs[operation.kind], runbook.targets.get(operation.target)
        fitting = {family.name: family for family in spec.targets}
        if operation.target and not fitting and not spec.open_params:
            hint = f"remove it: a `{spec.name}` step says itself what it acts on"
            reader.say("SH305", operation.span, f"a `{spec.name}` step takes no target", hint)
        elif target is not None and fitting and target.kind not in fitting:
            message = f"a `{spec.name}` step cannot act on `{target.name}`, which is of kind {target.kind}"
            reader.say("SH305", operation.span, message, f"name a target of kind {' or '.join(fitting)}")
        elif target is not None and target.kind in fitting and not waved:
            listed = target.params.get(fitting[target.kind].hosts, ())
            if isinstance(listed, (list, tuple)) and len(listed) > 1:
                message = f"`{target.name}` has {len(listed)} hosts, and the step acts on one"
                reader.say("SH305", operation.span, message, f"add `each: {{target: {target.name}}}`")
