"""What to do next: the heart. Pure; knows no clock, no disk, no network and no chance.

`decide(runbook, events)` folds and asks `survey`. The survey walks the step where control stands, and nothing else:
every kind of step has one function that answers either `Done` (its outcome, which follows from what has settled) or
the actions that are wanted now. Composite steps (a diagnosis, a wave, a call, a change with its verification and undo)
keep no state of their own: what they are is read off their parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ..events import Recorded
from ..model import (
    APPROVED,
    END,
    ERROR,
    FAIL,
    PASS,
    Ask,
    Branch,
    Call,
    Choose,
    Conclusion,
    Confirm,
    Diagnose,
    Do,
    Manual,
    Mode,
    Parallel,
    Runbook,
    SetFacts,
    Step,
    Wait,
)
from . import actions as a
from .change import change
from .locks import locked
from .operation import attempt, elapsed, question
from .paths import step_of
from .situation import Done, Progress, Situation, changes
from .state import Scope, State, fold
from .tables import CALLED, STOP, WITHDRAWN, WORST
from .wave import wave

AT_ONCE = 64
"""Attempts that may run side by side in one run; the rest wait, unintended, so that a crash leaves little in doubt."""

VISITS = 1000
"""The bound for a step that states none, should a loop get past validation."""


class Survey(Struct, frozen=True):
    """What is wanted now: actions to perform, and the keys of timers that are being waited for."""

    actions: tuple[a.Action, ...]
    timers: frozenset[str]


def decide(runbook: Runbook, events: Iterable[Recorded]) -> tuple[a.Action, ...]:
    """The next actions after these events."""
    return survey(runbook, fold(events)).actions


def survey(runbook: Runbook, state: State) -> Survey:
    """The next actions in this state. None, with nothing running, open or timed, happens only after the conclusion."""
    if state.run is None or state.conclusion is not None:
        return Survey((), frozenset())
    here = Situation(runbook, state, Mode(state.run.mode))
    ending = _ending(here)
    wanted = _wind_down(here, *ending) if ending else _go_on(here)
    return Survey(_bounded(state, wanted), frozenset(here.awaited))


def _bounded(state: State, wanted: tuple[a.Action, ...]) -> tuple[a.Action, ...]:
    """Start no more attempts than may run at once."""
    room = AT_ONCE - len(state.running)
    bounded: list[a.Action] = []
    for action in dict.fromkeys(wanted):  # several items may want the same yes to be void
        if isinstance(action, a.StartStep):
            room -= 1
            if room < 0:
                continue
        bounded.append(action)
    return tuple(bounded)


def _ending(here: Situation) -> tuple[Conclusion, str] | None:
    """Whether the run must come to its end whatever its steps say, and why."""
    state = here.state
    if state.stop is not None:
        return Conclusion.STOPPED, state.stop.reason or f"stopped by {state.stop.by}"
    for gate in state.gates.values():
        if gate.opened.kind == "doubt" and gate.result == STOP:
            return Conclusion.STOPPED, f"stopped at gate {gate.opened.gate} by {gate.answers[-1].by}"
    deadline = state.timers.get("run:within")
    if deadline is not None and deadline.fired:
        return Conclusion.ESCALATED, "the time that the runbook gives to a run is over"
    return None


def _wind_down(here: Situation, conclusion: Conclusion, reason: str) -> tuple[a.Action, ...]:
    """Start nothing, close what is open, end what runs. At a deadline, a change that runs may still finish."""
    state = here.state
    stopped = conclusion is Conclusion.STOPPED
    closing: list[a.Action] = [
        a.CloseGate(g.opened.gate, g.opened.opening, WITHDRAWN, reason) for g in state.open_gates
    ]
    for path in sorted(state.running):
        leaf = state.leaves[path]
        if not leaf.cancelling and (stopped or leaf.effect == "read"):
            closing.append(a.CancelStep(path, leaf.attempt, reason))
    if closing or state.running:
        return tuple(closing)
    return (a.Conclude(conclusion.value, here.current, "", reason, here.in_doubt()),)


def _go_on(here: Situation) -> tuple[a.Action, ...]:
    timers = _run_timers(here)
    steps = _scope(here, "", here.runbook.steps, here.runbook.first)
    return (*timers, *(() if isinstance(steps, Done) else steps))


def _run_timers(here: Situation) -> tuple[a.Action, ...]:
    """The deadline and the escalation of the run as a whole."""
    state, runbook = here.state, here.runbook
    wanted: list[a.Action] = []
    for key, after in (("run:within", runbook.within), ("run:escalation", runbook.escalation.after)):
        if after and not (key == "run:escalation" and state.escalated):
            timer = state.timers.get(key)
            if timer is None:
                wanted.append(a.SetTimer(key, state.started_at + after))
            elif not timer.fired:
                here.awaited.add(key)
            elif key == "run:escalation":
                wanted.append(a.Escalate())
    return tuple(wanted)


def _scope(here: Situation, path: str, steps: Mapping[str, Step], first: str) -> Progress:
    """Control among the steps of a runbook or branch: one token, moved along the edges."""
    scope = here.state.scopes.get(path, Scope())
    if scope.ended is not None:
        return Done(CALLED[scope.ended.conclusion])
    if not scope.current:
        return (a.EnterStep(_join(path, first), 1),)
    step = steps[scope.current]
    progress = _step(here.inside(scope.entered), step, _join(path, step.id))
    if not isinstance(progress, Done):
        return progress
    return _leave(path, scope, steps, step, progress)


def _join(scope: str, step: str) -> str:
    return f"{scope}/{step}" if scope else step


def _leave(path: str, scope: Scope, steps: Mapping[str, Step], step: Step, done: Done) -> Progress:
    came_from = _join(path, step.id)
    to = done.to or step.next.get(done.outcome, END + Conclusion.ESCALATED.value)
    if to.startswith(END):
        return (_end(path, to.removeprefix(END), came_from, done.outcome, ""),)
    visit = scope.visits.get(to, 0) + 1
    bound = steps[to].max_visits or VISITS
    if visit > bound:
        why = f"{to} has been visited {bound} times, which is its bound"
        return (_end(path, Conclusion.ESCALATED.value, came_from, done.outcome, why),)
    return (a.EnterStep(_join(path, to), visit, came_from, done.outcome),)


def _end(path: str, conclusion: str, came_from: str, outcome: str, reason: str) -> a.Action:
    if path:
        return a.EndScope(path, conclusion, came_from, outcome)
    return a.Conclude(conclusion, came_from, outcome, reason)


def _step(here: Situation, step: Step, path: str) -> Progress:
    """One step, by the kind of its body."""
    body = step.body
    match body:
        case Confirm():
            return question(here, path, "confirm", APPROVED)
        case Choose(options=options):
            return question(here, path, "choose", next(iter(options)))
        case Ask():
            return question(here, path, "ask", PASS)
        case Manual():
            return question(here, path, "manual", PASS)
        case Wait(duration=duration):
            return _wait(here, path, duration)
        case SetFacts():
            leaf = here.state.leaves.get(path)
            return (a.ComputeFacts(path),) if leaf is None else Done(leaf.outcome)
        case Do() | Call() | Diagnose() | Parallel():
            return _asked(here, step, path)


def _asked(here: Situation, step: Step, path: str) -> Progress:
    """A step that acts: where a person must be asked, nothing happens before the yes.

    A wave is expanded first, so that the question can say what every item would do.
    """
    if step.each is not None and path not in here.state.waves:
        leaf = here.state.leaves.get(path)
        return (a.ExpandEach(path),) if leaf is None else Done(leaf.outcome)
    if step.each is not None and not here.state.waves[path].keys:
        return Done(PASS)  # nothing is to be done, so there is nothing to ask
    gate = here.asks(step, path)
    if gate is not None:
        answer = question(here, path, "confirm", APPROVED, changes=changes(step))
        if not isinstance(answer, Done) or answer.outcome != APPROVED:
            return _meanwhile(here, step, path, answer)
    yes = path if gate is not None else ""
    targets, looks = locked(step), gate is None and changes(step)
    if targets or looks or here.lock_key(path) in here.state.locks:
        return _locked(here, step, path, yes, targets)
    return _act(here, step, path, yes)


def _meanwhile(here: Situation, step: Step, path: str, answer: Progress) -> Progress:
    """There is no yes (any more). What has begun of a change goes on to its end: it is verified, and undone."""
    gate, wave_ = here.state.gates.get(path), here.state.waves.get(path)
    began = gate.used | gate.begun if gate is not None else frozenset()
    wanted: list[a.Action] = [] if isinstance(answer, Done) else list(answer)
    waits = not isinstance(answer, Done) or any(step_of(one) == path for one in here.state.running)
    for one in [path] if wave_ is None else [f"{path}[{key}]" for key in wave_.keys]:
        leaf = here.state.leaves.get(one)
        if leaf is not None and leaf.attempt and changes(step):
            part = change(here, step, one, path if one in began else "")
            if not isinstance(part, Done):
                going = [action for action in part if not _anew(action, one, path)]
                wanted += going
                waits = waits or bool(going) or not part
    return tuple(wanted) if waits or not isinstance(answer, Done) else _let_go(here, path, answer)


def _anew(action: a.Action, one: str, gate: str) -> bool:
    """Whether an action begins a change anew by the yes of that gate, or is about the gate itself."""
    if isinstance(action, a.StartStep):
        return action.path == one and not action.gate.endswith(":doubt")
    return isinstance(action, (a.OpenGate, a.CloseGate)) and action.gate == gate


def _locked(here: Situation, step: Step, path: str, gate: str, targets: tuple[str, ...]) -> Progress:
    """A change that locks what it acts on, for as long as it, its verification and its undo go on."""
    if here.mode is Mode.DRY_RUN:
        return _act(here, step, path, gate)
    lock = here.state.locks.get(here.lock_key(path))
    if lock is None:
        leaf = here.state.leaves.get(path)
        return (a.TakeLocks(path, targets),) if leaf is None else Done(leaf.outcome)  # it could not be rendered
    if lock.released:
        return Done(lock.outcome)
    if not lock.held:
        return ()
    did = _act(here, step, path, gate)
    return _let_go(here, path, did) if isinstance(did, Done) else did


def _let_go(here: Situation, path: str, did: Done) -> Progress:
    """Done, once the locks that the step holds or wants are released."""
    lock = here.state.locks.get(here.lock_key(path))
    return did if lock is None or lock.released else (a.ReleaseLocks(path, did.outcome),)


def _act(here: Situation, step: Step, path: str, gate: str) -> Progress:
    body = step.body
    if step.each is not None:
        one = _call_item if isinstance(body, Call) else change
        return wave(here, step, path, gate, one)
    if isinstance(body, Call):
        return _call(here, body, path)
    if isinstance(body, Diagnose):
        return _diagnose(here, body, path)
    if isinstance(body, Parallel):
        return _parallel(here, body, path)
    return change(here, step, path, gate)


def _wait(here: Situation, path: str, duration: int) -> Progress:
    if here.mode is Mode.DRY_RUN:
        return Done(PASS)
    waiting = elapsed(here, f"wait:{path}#{here.entered}", here.state.at + duration)
    return Done(PASS) if waiting is None else waiting


def _call(here: Situation, body: Call, path: str) -> Progress:
    leaf = here.state.leaves.get(path)
    if leaf is not None:
        return Done(leaf.outcome)  # its inputs could not be rendered
    if path not in here.state.calls:
        return (a.StartCall(path, body.runbook),)
    called = here.runbook.calls[body.runbook]
    return _scope(here.within(called), path, called.steps, called.first)


def _call_item(here: Situation, step: Step, path: str, gate: str) -> Progress:
    del gate  # the changes of a called runbook have gates of their own
    assert isinstance(step.body, Call)  # noqa: S101 the caller has looked
    return _call(here, step.body, path)


def _diagnose(here: Situation, body: Diagnose, path: str) -> Progress:
    """All checks at once; once all have settled, the first cause in the order of the runbook decides."""
    parts = [attempt(here, check.operation, f"{path}.{check.id}") for check in body.checks]
    if not all(isinstance(p, Done) for p in parts):
        return _merged(parts)
    outcomes = [p.outcome for p in parts if isinstance(p, Done)]
    for check, outcome in zip(body.checks, outcomes, strict=True):
        if outcome == FAIL:
            return Done(FAIL, check.fix)
    return Done(ERROR) if ERROR in outcomes else Done(PASS, body.otherwise)


def _parallel(here: Situation, body: Parallel, path: str) -> Progress:
    parts = [_branch(here, branch, f"{path}.{branch.id}") for branch in body.branches]
    unfinished = [p for p in parts if not isinstance(p, Done)]
    if unfinished:
        return _merged(unfinished[: body.limit] if body.limit else unfinished)
    outcomes = {p.outcome for p in parts if isinstance(p, Done)}
    return Done(next((w for w in WORST if w in outcomes), PASS))


def _branch(here: Situation, branch: Branch, path: str) -> Progress:
    if branch.step is not None:
        done = _step(here, branch.step, path)
        return Done(PASS) if isinstance(done, Done) and done.outcome == APPROVED else done
    return _scope(here, path, branch.steps, next(iter(branch.steps)))


def _merged(parts: Iterable[Progress]) -> tuple[a.Action, ...]:
    return tuple(action for part in parts if not isinstance(part, Done) for action in part)
