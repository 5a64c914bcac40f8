"""From a path in a run back to what the runbook says there. The grammar of paths stands in events/types.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ..errors import Exit, SteadyError
from ..model import Branch, Call, Check, Diagnose, Do, Operation, Parallel, Runbook, Step
from .state import State

_TOKEN = re.compile(r"\[(?P<key>[^\]]*)\]|[.:](?P<name>[^.:\[\]]+)")


class LostPath(SteadyError):
    """A path names nothing in this runbook: the journal and the runbook do not belong together."""

    exit = Exit.BROKEN


class Place(Struct, frozen=True):
    """What stands at a path: the runbook it is in (`home` is that one's path), the step, and the operation if any.

    `root` is the run's own runbook, from which paths are counted.

    `item` binds the name of a wave's item to its value. `part` says which part of the step it is: '' for itself, a
    check's or branch's id, or a phase (verify, undo, before.NAME, after.NAME, between.N).
    """

    path: str
    root: Runbook
    runbook: Runbook
    home: str
    step: Step
    operation: Operation | None = None
    check: Check | None = None
    item: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""


def locate(runbook: Runbook, state: State, path: str) -> Place:
    """The place of a path. Raises LostPath."""
    root = runbook
    steps: Mapping[str, Step] = runbook.steps
    home, here = "", ""
    item: dict[str, Any] = {}
    segments = path.split("/")
    for segment in segments[:-1]:
        here = f"{here}/{segment}" if here else segment
        inner = _inside(runbook, state, steps, segment, here, item)
        if isinstance(inner, Branch):
            steps = inner.steps
        else:
            runbook, steps, home = inner, inner.steps, here
            item = {}
    here = f"{here}/{segments[-1]}" if here else segments[-1]
    return _place(_in_step(runbook, state, steps, segments[-1], here, home, item), root=root)


def _lost(path: str) -> LostPath:
    return LostPath(f"the runbook has nothing at {path}", "the journal was written for another runbook")


def _inside(
    runbook: Runbook, state: State, steps: Mapping[str, Step], segment: str, here: str, item: dict[str, Any]
) -> Runbook | Branch:
    """What a segment with something behind it opens into: a called runbook, or a branch made of steps."""
    place = _in_step(runbook, state, steps, segment, here, "", item)
    item.update(place.item)
    if isinstance(place.step.body, Call):
        return runbook.calls[place.step.body.runbook]
    if isinstance(place.step.body, Parallel):
        for branch in place.step.body.branches:
            if branch.id == place.part and branch.steps:
                return branch
    raise _lost(here)


def _in_step(
    runbook: Runbook,
    state: State,
    steps: Mapping[str, Step],
    segment: str,
    here: str,
    home: str,
    item: Mapping[str, Any],
) -> Place:
    name = re.split(r"[.:\[]", segment, maxsplit=1)[0]
    if name not in steps:
        raise _lost(here)
    before = here.removesuffix(segment)
    place = Place(here, runbook, runbook, home, steps[name], _own(steps[name]), item=item)
    end = len(name)
    for token in _TOKEN.finditer(segment, len(name)):
        if token.start() != end:
            raise _lost(here)
        end = token.end()
        place = _deeper(place, state, before + segment[: token.start()], token, here)
    if end != len(segment):
        raise _lost(here)
    return place


def _own(step: Step) -> Operation | None:
    return step.body.operation if isinstance(step.body, Do) else None


def _deeper(place: Place, state: State, wave: str, token: re.Match[str], here: str) -> Place:
    key, name, mark = token["key"], token["name"], token[0][0]
    if key is not None:
        expanded, each = state.waves.get(wave), place.step.each
        if expanded is None or each is None or key not in expanded.keys:
            raise _lost(here)
        value = expanded.items[expanded.keys.index(key)]
        return _place(place, item={**place.item, each.name: value})
    if mark == ":" or place.part in {"before", "after", "between"}:
        return _phase(place, f"{place.part}.{name}" if place.part else name, here)
    return _child(place, name, here)


def _place(place: Place, **changes: Any) -> Place:
    fields = {name: getattr(place, name) for name in place.__struct_fields__}
    return Place(**{**fields, **changes})


def _phase(place: Place, phase: str, here: str) -> Place:
    """A part of a step that the engine adds behind a colon."""
    step = place.step
    kind, _, name = phase.partition(".")
    operation: Operation | None = None
    match kind:
        case "verify":
            operation = step.verify.operation if step.verify else None
        case "undo":
            operation = step.undo.operation if step.undo else None
        case "between":
            operation = step.each.between if step.each else None
        case "before" | "after":
            operation = step.capture.get(name) if name else None
        case _:
            operation = place.operation if kind == "doubt" else None
    if operation is None and name:
        raise _lost(here)
    return _place(place, part=phase, operation=operation)


def _child(place: Place, name: str, here: str) -> Place:
    """A check of a diagnosis, or a branch."""
    body = place.step.body
    if isinstance(body, Diagnose):
        for check in body.checks:
            if check.id == name:
                return _place(place, part=name, check=check, operation=check.operation)
    if isinstance(body, Parallel):
        for branch in body.branches:
            if branch.id == name:
                inner = branch.step or place.step
                return _place(place, part="" if branch.step else name, step=inner, operation=_own(inner))
    raise _lost(here)


def visit(state: State, path: str) -> int:
    """How often control has come to the step that `path` is in, counted in its scope."""
    head, name = _scope_of(path)
    scope = state.scopes.get(head)
    return scope.visits.get(name, 1) if scope else 1


def entry(state: State, path: str) -> int:
    """How often control has come to the step that `path` is in, counted over the whole run: unlike its visits, this
    goes on when the branch or the called runbook around it is entered again. Locks are told apart by it.
    """
    head, name = _scope_of(path)
    return state.entries.get(f"{head}/{name}" if head else name, 1)


def step_of(path: str) -> str:
    """The path of the step that a path is in: without its item and its phase."""
    head, slash, last = path.rpartition("/")
    return f"{head}{slash}{re.split(r'[:[]', last, maxsplit=1)[0]}"


def _scope_of(path: str) -> tuple[str, str]:
    """The path of the scope, and the id of the step in it."""
    head, _, step = path.rpartition("/")
    return head, re.split(r"[.:\[]", step, maxsplit=1)[0]
