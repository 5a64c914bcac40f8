"""A past run as a test: its journal told as a script, with what came of it as what is expected. Pure.

The answer to `steady test --record`. What is written is played before it is handed out; a recording that would not pass
is never written. Times are left out where the run comes to the same without them. The journal holds no secret, and so
neither does what is made of it; where a mark stands for one, the outcome is written down instead of judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from .. import events as e
from ..core import State
from ..core.judging import judged
from ..core.names import names
from ..core.paths import locate
from ..core.rendering import Planner
from ..errors import Span, UsageError
from ..model import ERROR, PASS, HandlerSpec, Operation, Runbook
from ..schema.tables import TABLES
from .coverage import walk
from .documents import SPECIAL, Case, Stop, Turn
from .expected import Observed, observed
from .rehearse import rehearse
from .world import Came, Said

NAMED = next(known.choices for known in TABLES["came"] if known.name == "error")
"""The failures that a test may name."""
NOISE = frozenset({"duration", "timings", "held_open", "http_version"})
"""Values that differ from run to run; they are written down where something hangs on them."""
STALE = ("the answer is to", "has been opened anew", "there is no gate")
"""Refusals of answers to something that is no longer asked: in a test, everybody sees what is asked."""


class _Notes(Struct):
    """What is gathered on the way through a journal."""

    steps: dict[str, list[Came]] = field(default_factory=dict)
    answers: dict[str, list[list[Said]]] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)
    intended: dict[str, int] = field(default_factory=dict)
    stop: Stop | None = None


def record(
    runbook: Runbook,
    recorded: Sequence[e.Recorded],
    specs: Mapping[str, HandlerSpec],
    planner: Planner,
    name: str,
) -> Case:
    """A case that passes and tells this run again. Raises UsageError when there is none."""
    case, state = _case(runbook, recorded, specs, name)
    expect = _expected(runbook, recorded, state)
    attempts = {at: leaf.attempt for at, leaf in state.leaves.items()}
    told = replace(case, expect=expect)
    for candidate in (_slim(_timeless(told)), _timeless(told), _slim(told)):
        report = rehearse(runbook, candidate, specs, planner)
        if not report.problems and report.seen is not None and report.seen.attempts == attempts:
            return candidate
    tried = rehearse(runbook, told, specs, planner).problems
    if not tried:
        return told
    why = f"the run cannot be told as a test: {tried[0]}"
    raise UsageError(why, "write the test by hand; `steady transcript` shows what happened")


def _case(
    runbook: Runbook, recorded: Sequence[e.Recorded], specs: Mapping[str, HandlerSpec], name: str
) -> tuple[Case, State]:
    run = recorded[0].event
    if not isinstance(run, e.RunStarted):
        raise UsageError("the journal does not begin with a run")
    if run.mode == "dry-run":
        raise UsageError("a dry run cannot be told as a test", "nothing was done in it; record a run of another mode")
    notes, state = _Notes(), State()
    for one in recorded:
        before, state = state, state.after(one)
        _note(notes, runbook, specs, before, one)
    if state.conclusion is None and state.running:
        raise UsageError("the run is not at rest", "let it end, or wait for a person, before it is recorded")
    case = Case(
        name,
        Span("", 0, 0, 0),
        inputs=run.inputs,
        mode=run.mode,
        by=run.requester,
        roles=run.roles,
        contacts=_spoken(runbook, run.contacts),
        targets=_spoken(runbook, run.targets),
        channels=_spoken(runbook, run.channels),
        secrets=_used(run.secrets, _spoken(runbook, run.targets), _spoken(runbook, run.channels)),
        alert=run.alert,
        steps={path: tuple(turns) for path, turns in notes.steps.items()},
        answers={gate: _turns(openings) for gate, openings in notes.answers.items() if any(openings)},
        stop=notes.stop,
    )
    return case, state


def _spoken(runbook: Runbook, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the runbook, or one that it calls, speaks of: the rest of the settings plays no part."""
    inner: dict[str, Any] = {}
    for called in runbook.calls.values():
        inner |= _spoken(called, known)
    return {name: value for name, value in known.items() if name in runbook.text or name in inner}


def _used(secrets: Mapping[str, Any], *holders: Mapping[str, Any]) -> dict[str, Any]:
    """The secrets that some targets and channels name."""
    text = str(holders)
    return {name: source for name, source in secrets.items() if f"secrets.{name}" in text}


def _note(notes: _Notes, runbook: Runbook, specs: Mapping[str, HandlerSpec], before: State, one: e.Recorded) -> None:
    match one.event:
        case e.StepIntended(path=path):
            notes.intended[path] = one.at
        case e.StepSettled(path=path, attempt=attempt) if attempt and path in before.running:
            after = max(0, one.at - notes.intended.get(path, one.at))
            notes.steps.setdefault(path, []).append(_came(runbook, specs, before, one.event, after))
        case e.StepInterrupted(path=path):
            _crashed(notes, (path,), one.at)
        case e.RunResumed():
            _crashed(notes, sorted(before.running), one.at)
        case e.GateOpened(gate=gate):
            notes.opened[gate] = one.at
            notes.answers.setdefault(gate, []).append([])
        case e.GateAnswered(gate=gate):
            said = one.event
            turn = Said(said.answer, said.by, one.at - notes.opened[gate], said.value, said.comment)
            notes.answers[gate][-1].append(turn)
        case e.AnswerRefused(gate=gate, reason=reason) if gate in notes.opened and not any(w in reason for w in STALE):
            refused = one.event
            turn = Said(refused.answer, refused.by, one.at - notes.opened[gate], None, refused.comment)
            notes.answers[gate][-1].append(turn)
        case e.StopRequested(by=by, reason=reason):
            notes.stop = notes.stop or Stop(by, one.at - before.started_at, reason)
        case _:
            pass


def _crashed(notes: _Notes, paths: Iterable[str], at: int) -> None:
    """Attempts that never settled, since their engine was gone."""
    for path in paths:
        notes.steps.setdefault(path, []).append(Came(crash=True, after=max(0, at - notes.intended.get(path, at))))


def _came(runbook: Runbook, specs: Mapping[str, HandlerSpec], before: State, event: e.StepSettled, after: int) -> Came:
    """What an attempt gave: values alone where they tell the outcome and the facts, else those as well."""
    if event.outcome == ERROR and event.error in NAMED:
        return Came(ERROR, reason=event.reason, unsure=event.unsure, after=after, error=event.error)
    place = locate(runbook, before, event.path)
    if place.operation is not None and event.values and _tells(place.operation, specs, before, event, runbook):
        return Came("", event.values, after=after)
    facts = event.facts if event.facts or event.values else None
    return Came(
        event.outcome, event.values, event.reason if event.outcome != PASS else "", event.unsure, after, facts=facts
    )


def _tells(
    operation: Operation, specs: Mapping[str, HandlerSpec], before: State, event: e.StepSettled, runbook: Runbook
) -> bool:
    """Whether the values in the journal, judged again, come to the outcome and the facts in the journal."""
    if event.cut:
        return False
    found = judged(operation, specs[operation.kind], event.values, names(before, locate(runbook, before, event.path)))
    return found.outcome == event.outcome and dict(found.facts) == dict(event.facts)


def _turns(openings: list[list[Said]]) -> tuple[Turn, ...]:
    return tuple(tuple(said) for said in openings)


def _slim(case: Case) -> Case:
    """The same without what differs from run to run anyway, and without values that say nothing."""

    def kept(values: Mapping[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in values.items() if name not in NOISE}
        return {name: value for name, value in said.items() if value or (value == 0 and value is not False)}

    steps = {path: tuple(replace(one, values=kept(one.values)) for one in turns) for path, turns in case.steps.items()}
    return replace(case, steps=steps)


def _timeless(case: Case) -> Case:
    """The same without times; the order in the script stays."""
    steps = {
        path: tuple(SPECIAL["crash"] if one.crash else replace(one, after=0) for one in turns)
        for path, turns in case.steps.items()
    }
    answers = {
        gate: tuple(tuple(replace(said, after=0) for said in turn) for turn in turns if isinstance(turn, tuple))
        for gate, turns in case.answers.items()
    }
    return replace(case, steps=steps, answers=answers)


def _expected(runbook: Runbook, recorded: Sequence[e.Recorded], state: State) -> dict[str, object]:
    """What came of the run: how it ended, its way, its facts, and how often each change was tried."""
    path, _ = walk(runbook, recorded)
    seen: Observed = observed(state, recorded, path, {})
    changes = {at: leaf.attempt for at, leaf in state.leaves.items() if leaf.effect != "read" and leaf.attempt}
    expect: dict[str, object] = {"conclusion": seen.conclusion, "path": list(path)}
    if seen.facts:
        expect["facts"] = dict(seen.facts)
    if changes:
        expect["attempts"] = changes
    if seen.asked:
        expect["asks"] = [{"gate": gate.gate} for gate in seen.asked]
    for name in ("waits_for", "undone", "in_doubt"):
        if getattr(seen, name):
            expect[name] = list(getattr(seen, name))
    return expect
