"""What stands under `steps.` in templates: which names a step's results have, by what the step is. Pure.

Called by `values` and `kinds`. The names are those of core/names.py, told from the runbook alone; where a handler does
not say what it returns, any name may be right.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..model import Call, Diagnose, Do, HandlerSpec, Operation, Parallel, Runbook, SetFacts, Step
from .build import facts_of
from .findings import near

ALWAYS = ("outcome", "attempts")
"""What every attempt has, whatever came of it."""


class Shape(Struct, frozen=True):
    """What a name under `steps.` needs (`bit`, '' for nothing), or why there can be none. `kind` is the handler's."""

    bit: str = ""
    problem: str = ""
    hint: str = ""
    kind: str = ""
    value: str = ""


class Shapes:
    """The results of the steps of one runbook."""

    def __init__(self, runbook: Runbook, specs: Mapping[str, HandlerSpec]) -> None:
        self._runbook = runbook
        self._specs = specs
        self._inside = {
            name: f"{step.id}.{branch.id}.{name}"
            for step in runbook.steps.values()
            if isinstance(step.body, Parallel)
            for branch in step.body.branches
            for name in branch.steps
        }

    def of(self, name: str) -> Shape:
        """The shape of a dotted name that begins with `steps.`."""
        keys = name.split(".")[1:]
        return self._in_graph(self._runbook.steps, keys, "steps", self._runbook.calls)

    def _in_graph(self, steps: Mapping[str, Step], keys: list[str], path: str, calls: Mapping[str, Runbook]) -> Shape:
        if not keys:
            return Shape()
        step = steps.get(keys[0])
        if step is not None:
            return self._in_step(step, keys[1:], f"{path}.{keys[0]}", calls)
        if path == "steps" and keys[0] in self._inside:
            right = f"steps.{self._inside[keys[0]]}"
            return Shape(problem=f"`steps.{keys[0]}`, and that step is inside a branch", hint=f"write `{right}`")
        hint = near(keys[0], steps)
        return (
            Shape(problem=f"`{path}.{keys[0]}`, and there is no such step", hint=hint) if path != "steps" else Shape()
        )

    def _in_step(self, step: Step, keys: list[str], path: str, calls: Mapping[str, Runbook]) -> Shape:
        body = step.body
        if not keys:
            return Shape()
        if step.each is not None:
            return Shape(f"{path}.*") if keys[0] == "items" else _none(path, keys[0], ("items",))
        match body:
            case Do(operation=operation):
                return self._of_action(step, operation, keys, path)
            case SetFacts(facts=facts):
                return self._of_names(tuple(facts), keys, path)
            case Diagnose(checks=checks):
                known = {check.id: check.operation for check in checks}
                if keys[0] not in known:
                    return _none(path, keys[0], known)
                return self._of_operation(known[keys[0]], keys[1:], f"{path}.{keys[0]}")
            case Parallel():
                return self._of_branches(body, keys, path, calls)
            case Call(runbook=runbook):
                return self._of_call(calls.get(runbook), keys, path)
            case _:
                message = f"`{path}.{keys[0]}`, and a step of that kind has no results"
                return Shape(problem=message, hint="its outcome decides where the run goes, and is no value")

    def _of_action(self, step: Step, operation: Operation, keys: list[str], path: str) -> Shape:
        """The step's own result, or that of a part of it."""
        if keys[0] == "verify" and step.verify is not None:
            return self._of_operation(step.verify.operation, keys[1:], f"{path}.verify")
        if keys[0] == "undo" and step.undo is not None and step.undo.operation is not None:
            return Shape()
        if keys[0] in {"before", "after"} and step.capture:
            known = step.capture
            return Shape() if len(keys) < 2 or keys[1] in known else _none(f"{path}.{keys[0]}", keys[1], known)
        return self._of_operation(operation, keys, path)

    def _of_operation(self, operation: Operation, keys: list[str], path: str) -> Shape:
        if not keys:
            return Shape()
        spec = self._specs.get(operation.kind)
        if spec is None or not spec.results:
            return Shape(path if keys[0] in ALWAYS else f"{path}.*")
        return self._of_names((*spec.results, *operation.facts), keys, path, operation.kind)

    def _of_names(self, known: tuple[str, ...], keys: list[str], path: str, kind: str = "") -> Shape:
        if keys[0] in ALWAYS:
            return Shape(path, kind=kind, value=keys[0] if len(keys) == 1 else "")
        if keys[0] in known:
            return Shape(f"{path}.*", kind=kind, value=keys[0] if len(keys) == 1 else "")
        return _none(path, keys[0], (*known, *ALWAYS))

    def _of_branches(self, body: Parallel, keys: list[str], path: str, calls: Mapping[str, Runbook]) -> Shape:
        branch = next((b for b in body.branches if b.id == keys[0]), None)
        if branch is None:
            return _none(path, keys[0], [b.id for b in body.branches])
        if branch.step is not None:
            return self._in_step(branch.step, keys[1:], f"{path}.{branch.id}", calls)
        if keys[1:2] == ["conclusion"]:
            return Shape()
        return self._in_graph(branch.steps, keys[1:], f"{path}.{branch.id}", calls)

    def _of_call(self, called: Runbook | None, keys: list[str], path: str) -> Shape:
        if called is None:
            return Shape()
        if keys[0] == "conclusion":
            return Shape(f"{path}.conclusion")
        if keys[0] == "facts":
            known = frozenset(facts_of(called))
            if len(keys) > 1 and keys[1] not in known:
                return _none(f"{path}.facts", keys[1], known)
            return Shape(f"{path}.facts.{keys[1]}" if len(keys) > 1 else f"{path}.conclusion")
        return self._in_graph(called.steps, keys, path, called.calls)


def _none(path: str, name: str, known: Mapping[str, object] | list[str] | tuple[str, ...] | frozenset[str]) -> Shape:
    return Shape(problem=f"`{path}.{name}`, and there is nothing of that name", hint=near(name, known))
