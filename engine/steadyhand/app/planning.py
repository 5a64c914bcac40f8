"""What a run of a runbook would do, with these inputs, before there is one. Nothing is contacted, not even the store.

Called by `steady plan`. Every action is planned by the pure half of its handler, as a run does it: where all of it is
known, its digest is the one that an approval in a run would be bound to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from .. import events as e
from ..core import State
from ..core.locks import locked
from ..core.names import names
from ..core.paths import Place, locate
from ..core.rendering import Renderer
from ..core.situation import Situation
from ..errors import SteadyError
from ..expressions import Unknown, render_native, render_text
from ..graph.build import node
from ..graph.outline import Row, outline
from ..model import (
    SECOND,
    Ask,
    Call,
    Choose,
    Confirm,
    Diagnose,
    Do,
    Gate,
    Manual,
    Mode,
    Parallel,
    Plan,
    Runbook,
    Step,
    canonical,
    unknown_in,
)
from ..projections.dry import UNKNOWN
from ..projections.planned import Action, Asked, Planned, PlannedStep
from ..source import format_duration
from . import runs
from .services import Services


def plan(services: Services, runbook: Runbook, inputs: Mapping[str, Any]) -> Planned:
    """The plan of a runbook with the inputs that are known so far."""
    started = runs.beginning(services, runbook, inputs, Mode.DRY_RUN)
    state = State().after(e.Recorded("", 1, 0, "", 1, started))
    renderer = Renderer(services.specs_in_use, lambda k, p, t: services.handler(k).plan(p, t))
    return _Planner(runbook, renderer, state).whole()


class _Planner:
    """One runbook. `state` is that of a run which has not begun, with the calls and waves that lie above."""

    def __init__(self, root: Runbook, renderer: Renderer, state: State) -> None:
        self._root = root
        self._renderer = renderer
        self._state = state

    def whole(self) -> Planned:
        """The run's own runbook with all that it calls."""
        return self.runbook(self._root, "")

    def runbook(self, runbook: Runbook, at: str) -> Planned:
        """A runbook that stands at that path: '' for the run's own."""
        rows = outline(runbook)
        shown = {row.step: row for row in rows if not row.again}
        steps: dict[str, PlannedStep] = {}
        calls: list[Planned] = []
        for path, step in _steps(runbook.steps, f"{at}/" if at else ""):
            steps[path] = self._step(runbook, step, path, shown.get(step.id) if _own(path, at) else None)
            if isinstance(step.body, Call) and step.each is None:
                calls.append(self._call(runbook, step.body, path))
        return Planned(runbook.name, runbook.title, runbook.digest, at, rows, steps, tuple(calls))

    def _call(self, runbook: Runbook, body: Call, path: str) -> Planned:
        """What is called, with the inputs that can be told; the others are unknown."""
        called = runbook.calls[body.runbook]
        known = self._names(locate(self._root, self._state, path))
        given = {name: i.default for name, i in called.inputs.items() if not i.required}
        for name, value in body.inputs.items():
            try:
                given[name] = render_native(value, known)
            except SteadyError:
                given[name] = Unknown(f"inputs.{name}")
        begun = e.CallStarted(path, body.runbook, given)
        inside = replace(self._state, calls={**self._state.calls, path: begun})
        return _Planner(self._root, self._renderer, inside).runbook(called, path)

    def _names(self, place: Place) -> dict[str, Any]:
        return names(self._state, place, tolerate=True)

    def _step(self, runbook: Runbook, step: Step, path: str, row: Row | None) -> PlannedStep:
        drawn = node(step)
        acts = isinstance(step.body, (Do, Diagnose, Parallel))
        says = tuple(line for line in row.does if not acts) if row is not None else ()
        over = _wave(step)
        return PlannedStep(
            path,
            step.title,
            drawn.kind,
            drawn.effect.value,
            self._asked(runbook, step, path),
            locked(step),
            tuple(self._actions(step, path)),
            (*says, *((over,) if over and acts else ()), *_nothing_to_undo(step)),
        )

    def _asked(self, runbook: Runbook, step: Step, path: str) -> Asked | None:
        own = step.body.gate if isinstance(step.body, (Confirm, Choose, Ask, Manual)) else None
        gate = own or Situation(runbook, self._state, Mode.GUIDED).asks(step, path)
        if gate is None:
            return None
        return Asked(
            path, self._prompt(gate, path), gate.roles, gate.quorum, gate.within / SECOND, gate.other_than_requester,
            gate.auto, step.gate is not None or own is not None, gate.back,
        )  # fmt: skip

    def _prompt(self, gate: Gate, path: str) -> str:
        try:
            known = self._names(locate(self._root, self._state, path))
            return render_text(gate.prompt, known, tolerate_unknown=True).masked()
        except SteadyError:
            return gate.prompt

    # --- actions

    def _actions(self, step: Step, path: str) -> Iterator[Action]:
        if isinstance(step.body, Diagnose):
            for check in step.body.checks:
                yield self._action(f"{path}.{check.id}", "check", note=f"finds: {check.cause}")
        if isinstance(step.body, Do):
            for one in self._items(step, path):
                yield self._action(one, "do")
        for name in step.capture:
            yield self._action(f"{path}:before.{name}", "capture")
        if step.each is not None and step.each.between is not None:
            yield self._action(f"{path}:between.1", "between")
        if step.verify is not None:
            settle = f"after {format_duration(step.verify.settle)}" if step.verify.settle else ""
            within = f"for up to {format_duration(step.verify.within)}" if step.verify.within else ""
            yield self._action(f"{path}:verify", "verify", note=", ".join(w for w in (settle, within) if w))
        if step.undo is not None and step.undo.operation is not None:
            yield self._action(f"{path}:undo", "undo", note="when it does not prove itself" if step.verify else "")

    def _items(self, step: Step, path: str) -> tuple[str, ...]:
        """The paths of the items of a wave, where it can be told which they are; else that of the step."""
        if step.each is None:
            return (path,)
        try:
            expanded = self._renderer.items(self._state, locate(self._root, self._state, path))
        except SteadyError:
            return (path,)
        self._state = replace(self._state, waves={**self._state.waves, path: expanded})
        return tuple(f"{path}[{key}]" for key in expanded.keys)

    def _action(self, path: str, part: str, note: str = "") -> Action:
        place = self._with_item(locate(self._root, self._state, path))
        operation = place.operation
        assert operation is not None  # noqa: S101 only such paths are asked for
        kind, effect = operation.kind, operation.effect.value
        try:
            found = self._renderer.plan(self._state, place)
        except SteadyError as problem:
            return Action(path, part, kind, effect, "", problem=problem.message, note=note)
        known = _is_known(found)
        unknown = tuple(dict.fromkeys(UNKNOWN.findall(f"{found.preview} {canonical_text(found)}")))
        digest = found.digest if known and not unknown else ""
        return Action(path, part, kind, effect, found.preview, found.targets, digest, unknown, "", note)

    def _with_item(self, place: Place) -> Place:
        """The place with its item unknown, where a wave has not been expanded or the part is that of every item."""
        each = place.step.each
        if each is None or each.name in place.item:
            return place
        return replace(place, item={**place.item, each.name: Unknown(each.name)})


def canonical_text(found: Plan) -> str:
    """The request as text, in which what is unknown can be found."""
    return canonical(found.request).encode("ascii").decode("unicode_escape", "replace")


def _is_known(found: Plan) -> bool:
    return not unknown_in(found.request)


def _own(path: str, at: str) -> bool:
    """Whether a step stands in the runbook's own graph, not in a branch."""
    rest = path.removeprefix(f"{at}/") if at else path
    return "." not in rest and "/" not in rest


def _wave(step: Step) -> str:
    if step.each is None:
        return ""
    over = f"the hosts of {step.each.target}" if step.each.target else str(step.each.items)
    return f"for each of {over}, in batches {', '.join(map(str, step.each.batches))}"


def _nothing_to_undo(step: Step) -> tuple[str, ...]:
    none = step.undo is not None and step.undo.operation is None and isinstance(step.body, Do)
    return (f"undo: none ({step.undo.why})",) if none and step.undo is not None else ()


def _steps(steps: Mapping[str, Step], prefix: str) -> Iterator[tuple[str, Step]]:
    """Every step with its path, those in branches too."""
    for step in steps.values():
        path = f"{prefix}{step.id}"
        yield path, step
        if isinstance(step.body, Parallel):
            for branch in step.body.branches:
                inside = f"{path}.{branch.id}"
                if branch.step is not None:
                    yield inside, branch.step
                else:
                    yield from _steps(branch.steps, f"{inside}/")
