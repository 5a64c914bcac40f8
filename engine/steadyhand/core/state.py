"""What is known of a run: a fold over its events, and nothing beside them.

`State.after` is the whole of it: pure, one event at a time, so the fold may be split anywhere. It knows no runbook; it
refuses what cannot follow (`IllegalEvent`), in particular an intent that no yes covers, or a second intent while an
attempt still runs. Called by `decide`, by the driver, and by whoever must judge an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from .. import events as e
from . import alarm as alarms
from . import locks as locking
from .tables import AFTER_THE_END, APPROVES, ATTEMPT, VOID, IllegalEvent, Phase

ELSEWHERE = e.TargetEvent | e.AlertEvent | e.RouteEvent | e.AccessEvent | e.DrillEvent
"""Events of other streams: they never stand in that of a run."""


class Leaf(Struct, frozen=True):
    """The latest attempt at one path. `seq` and `at` are of the event that brought it into its phase."""

    phase: Phase
    seq: int
    at: int
    attempt: int = 0
    effect: str = "read"
    idempotent: bool = False
    outcome: str = ""
    unsure: bool = False
    unstarted: bool = False
    """Whether it is settled because a further attempt could not be started."""
    simulated: bool = False
    reason: str = ""
    cancelling: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class GateState(Struct, frozen=True):
    """The latest opening of one gate. `result` is '' while it is open. `used` are the paths whose yes is used up,
    `begun` those that had begun by a yes to an earlier opening.
    """

    opened: e.GateOpened
    seq: int
    at: int
    answers: tuple[e.GateAnswered, ...] = ()
    result: str = ""
    used: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()

    def undoes(self, path: str) -> bool:
        """Whether this path takes back what began by a yes of this gate: that is part of what was approved."""
        return path.endswith(":undo") and path.removesuffix(":undo") in self.used | self.begun


class Scope(Struct, frozen=True):
    """Where control stands among the steps of a runbook or branch. `current` is a step id, or '' before the first."""

    current: str = ""
    visits: Mapping[str, int] = field(default_factory=dict)
    entered: int = 0
    ended: e.ScopeEnded | None = None


class Timer(Struct, frozen=True):
    """A timer, due at a time in microseconds."""

    due: int
    fired: bool = False


class State(Struct, frozen=True):
    """A run, as its events tell it. Keys are paths, gate ids and timer keys; `at` is the time of the last event."""

    seq: int = 0
    at: int = 0
    epoch: int = 0
    driver: str = ""
    started_at: int = 0
    stream: str = ""
    run: e.RunStarted | None = None
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    leaves: Mapping[str, Leaf] = field(default_factory=dict)
    gates: Mapping[str, GateState] = field(default_factory=dict)
    openings: Mapping[str, int] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)
    """How often control has come to each step in the whole run, however often what is around it has begun anew."""
    timers: Mapping[str, Timer] = field(default_factory=dict)
    waves: Mapping[str, e.EachExpanded] = field(default_factory=dict)
    calls: Mapping[str, e.CallStarted] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    locks: locking.Locks = field(default_factory=dict)
    cautions: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    alarm: alarms.Alarm = alarms.Alarm()
    stop: e.StopRequested | None = None
    escalated: bool = False
    conclusion: e.RunConcluded | None = None

    def after(self, recorded: e.Recorded) -> State:
        """The state once this event has happened. Raises IllegalEvent when it cannot follow."""
        self._must_follow(recorded)
        moved = replace(self, seq=recorded.seq, at=recorded.at, epoch=recorded.epoch)
        return _apply(moved, recorded)

    def _must_follow(self, recorded: e.Recorded) -> None:
        name = e.name_of(recorded.event)
        if recorded.seq != self.seq + 1:
            raise _illegal(recorded, f"follows number {self.seq}")
        if (self.run is None) != (name == "run.started"):
            raise _illegal(recorded, "a run starts once, and with run.started")
        if self.conclusion is not None and name not in AFTER_THE_END:
            raise _illegal(recorded, "the run has already concluded")
        if recorded.epoch < self.epoch:
            raise _illegal(recorded, f"its driver was replaced (epoch {recorded.epoch} after {self.epoch})")

    def gate_open(self, gate: str) -> GateState | None:
        """The gate of that id if its question still stands."""
        state = self.gates.get(gate)
        return state if state and not state.result else None

    @property
    def open_gates(self) -> tuple[GateState, ...]:
        """All questions that stand open, oldest first."""
        return tuple(sorted((g for g in self.gates.values() if not g.result), key=lambda g: g.seq))

    @property
    def wanted_locks(self) -> tuple[tuple[str, locking.Lock], ...]:
        """The locks that are wanted and not yet held, with the path of their step; the oldest wish first."""
        waiting = ((k.rpartition("#")[0], lock) for k, lock in self.locks.items() if not (lock.held or lock.released))
        return tuple(sorted(waiting, key=lambda one: (one[1].at, one[0])))

    def home(self, path: str) -> str:
        """The path of the innermost called runbook that `path` lies in, or '' for the run's own."""
        return max((c for c in self.calls if path.startswith(c + "/")), key=len, default="")


def fold(recorded: Iterable[e.Recorded], state: State | None = None) -> State:
    """The state after all these events, starting from `state`."""
    now = state or State()
    for one in recorded:
        now = now.after(one)
    return now


def _illegal(recorded: e.Recorded, why: str) -> IllegalEvent:
    return IllegalEvent(f"event {recorded.seq} ({e.name_of(recorded.event)}) of {recorded.stream} cannot follow: {why}")


def _with(mapping: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {**mapping, key: value}


def _apply(s: State, r: e.Recorded) -> State:
    if isinstance(r.event, ELSEWHERE):
        raise _illegal(
            r, "it is about a target, an alert, a route, a drill or the door, and belongs into another stream"
        )
    match r.event:
        case e.RunStarted() as run:
            return replace(s, run=run, stream=r.stream, started_at=r.at, driver=run.driver)
        case e.RunResumed():
            return _resumed(s, r, r.event)
        case e.StepEntered():
            return _entered(s, r, r.event)
        case e.StepIntended():
            return _intended(s, r, r.event)
        case e.StepSettled():
            return _settled(s, r, r.event)
        case e.StepInterrupted(path=path, attempt=attempt):
            return _interrupted(s, r, path, attempt)
        case e.FactsSet():
            return _facts_set(s, r, r.event)
        case e.CancelRequested(path=path, attempt=attempt):
            leaf = s.leaves.get(path)
            if leaf is None or leaf.attempt != attempt or leaf.phase is not Phase.RUNNING:
                return s
            return replace(s, leaves=_with(s.leaves, path, replace(leaf, cancelling=True)))
        case e.GateOpened():
            return _gate_opened(s, r, r.event)
        case e.GateAnswered():
            return _gate_answered(s, r, r.event)
        case e.GateClosed():
            return _gate_closed(s, r, r.event)
        case e.CautionRaised(path=path, visit=visit):
            return replace(s, cautions=s.cautions | {locking.key_of(path, visit)})
        case e.LocksWanted() | e.LocksRefused() | e.LocksTaken() | e.LocksReleased():
            return replace(s, locks=locking.after(s.locks, r.event, r.at))
        case e.EachExpanded(path=path):
            return replace(s, waves=_with(s.waves, path, r.event))
        case e.CallStarted(path=path):
            return replace(s, calls=_with(s.calls, path, r.event))
        case e.ScopeEnded(path=path):
            return replace(s, scopes=_with(s.scopes, path, replace(s.scopes.get(path, Scope()), ended=r.event)))
        case e.TimerSet(key=key, due=due):
            return replace(s, timers=_with(s.timers, key, Timer(due)))
        case e.TimerFired(key=key):
            return replace(s, timers=_with(s.timers, key, Timer(s.timers[key].due if key in s.timers else r.at, True)))
        case e.AlertChanged() as told:
            return replace(s, alarm=alarms.after(s.alarm, told, r.seq, r.at))
        case e.StopRequested() as stop:
            return replace(s, stop=s.stop or stop)
        case e.EscalationRaised():
            return replace(s, escalated=True)
        case e.RunConcluded() as end:
            return _concluded(s, r, end)
        case (
            e.RunPaused() | e.ChildStarted() | e.ChildFound() | e.ChildStopped() | e.AnswerRefused() | e.NoteAdded()
            | e.PreflightChecked()
        ):  # fmt: skip
            return s


def _resumed(s: State, r: e.Recorded, event: e.RunResumed) -> State:
    leaves = dict(s.leaves)
    for path in s.running:
        leaf = leaves[path]
        leaves[path] = replace(leaf, phase=ATTEMPT[leaf.phase, "run.resumed"], seq=r.seq, at=r.at, cancelling=False)
    return replace(s, leaves=leaves, running=frozenset(), driver=event.driver)


def _under(path: str, key: str) -> bool:
    return key == path or (key.startswith(path) and key[len(path)] in ".[:/")


def _entered(s: State, r: e.Recorded, event: e.StepEntered) -> State:
    """Control moves. What happened under the path in an earlier visit no longer counts."""
    head, slash, step = event.path.rpartition("/")
    scope = s.scopes.get(head if slash else "", Scope())
    if any(_under(event.path, p) for p in s.running):
        raise _illegal(r, f"an attempt at {event.path} still runs")
    if event.visit != scope.visits.get(step, 0) + 1:
        raise _illegal(r, f"visit {event.visit} of {event.path} after {scope.visits.get(step, 0)}")
    moved = Scope(step, _with(scope.visits, step, event.visit), r.seq)
    s = replace(s, entries=_with(s.entries, event.path, s.entries.get(event.path, 0) + 1))
    if event.visit == 1:
        return replace(s, scopes=_with(s.scopes, head, moved))

    def keep(mapping: Mapping[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in mapping.items() if not _under(event.path, k)}

    return replace(
        s,
        scopes={**keep(s.scopes), head: moved},
        leaves=keep(s.leaves),
        gates=keep(s.gates),
        waves=keep(s.waves),
        calls=keep(s.calls),
    )


def _moved(s: State, r: e.Recorded, path: str) -> Phase:
    """The phase that the attempt at `path` comes into; IllegalEvent when the table has no such row."""
    leaf = s.leaves.get(path)
    before = leaf.phase if leaf else Phase.NEW
    phase = ATTEMPT.get((before, e.name_of(r.event)))
    if phase is None:
        raise _illegal(r, f"the attempt at {path} is {before.value}")
    return phase


def _intended(s: State, r: e.Recorded, event: e.StepIntended) -> State:
    before = s.leaves.get(event.path)
    phase = _moved(s, r, event.path)
    if event.attempt != (before.attempt if before else 0) + 1:
        raise _illegal(r, f"attempt {event.attempt} after {before.attempt if before else 0}")
    dry = s.run is not None and s.run.mode == "dry-run"
    if s.alarm.quiet and not event.gate and not dry and _is_new_change(event):
        raise _illegal(r, f"{s.alarm.why}, and nobody was asked")
    leaf = Leaf(phase, r.seq, r.at, event.attempt, event.effect, event.idempotent)
    return replace(
        s,
        leaves=_with(s.leaves, event.path, leaf),
        running=s.running | {event.path},
        gates=_use_up(s, r, event) if event.gate else s.gates,
    )


def _is_new_change(event: e.StepIntended) -> bool:
    """Whether it changes something, and not only takes back what was changed."""
    return event.effect != "read" and not event.path.endswith(":undo")


def _use_up(s: State, r: e.Recorded, event: e.StepIntended) -> Mapping[str, GateState]:
    """A yes is a yes to this plan, once. Anything else is refused here, whatever the driver meant."""
    gate = s.gates.get(event.gate)
    undoes = gate is not None and gate.undoes(event.path)
    if gate is None or not (undoes or gate.result in APPROVES):
        raise _illegal(r, f"gate {event.gate} has not said yes")
    if gate.seq < s.alarm.quiet_seq and _is_new_change(event):
        raise _illegal(r, f"{s.alarm.why}, and gate {event.gate} said yes before")
    if gate.opened.plans.get(event.path, event.digest) != event.digest:
        raise _illegal(r, f"gate {event.gate} said yes to another plan")
    if (
        event.path in (gate.used | gate.begun if undoes else gate.used)
        and not event.idempotent
        and event.effect != "read"
    ):
        raise _illegal(r, f"the yes of gate {event.gate} is used up")
    return _with(s.gates, event.gate, replace(gate, used=gate.used | {event.path}))


def _settled(s: State, r: e.Recorded, event: e.StepSettled) -> State:
    before = s.leaves.get(event.path)
    if event.attempt and (before is None or event.attempt != before.attempt or before.phase is not Phase.RUNNING):
        return s  # an outcome that comes after its attempt was given up: recorded, and nothing follows from it
    if not event.attempt and before is not None and before.phase is Phase.RUNNING:
        raise _illegal(r, f"an attempt at {event.path} still runs")
    tried, effect, idempotent = (before.attempt, before.effect, before.idempotent) if before else (0, "read", False)
    leaf = Leaf(
        _moved(s, r, event.path), r.seq, r.at, tried, effect, idempotent, event.outcome, event.unsure,
        not event.attempt, event.simulated, event.reason, False, event.values, event.cut, event.facts,
    )  # fmt: skip
    return _with_facts(
        replace(s, leaves=_with(s.leaves, event.path, leaf), running=s.running - {event.path}), event.path, event.facts
    )


def _with_facts(s: State, path: str, facts: Mapping[str, Any]) -> State:
    if not facts:
        return s
    home = s.home(path)
    return replace(s, facts=_with(s.facts, home, {**s.facts.get(home, {}), **facts}))


def _interrupted(s: State, r: e.Recorded, path: str, attempt: int) -> State:
    leaf = s.leaves.get(path)
    if leaf is None or leaf.attempt != attempt:
        raise _illegal(r, f"attempt {attempt} at {path} does not run")
    moved = replace(leaf, phase=_moved(s, r, path), seq=r.seq, at=r.at, cancelling=False)
    return replace(s, leaves=_with(s.leaves, path, moved), running=s.running - {path})


def _facts_set(s: State, r: e.Recorded, event: e.FactsSet) -> State:
    leaf = Leaf(_moved(s, r, event.path), r.seq, r.at, outcome=event.outcome, reason=event.reason, facts=event.facts)
    return _with_facts(replace(s, leaves=_with(s.leaves, event.path, leaf)), event.path, event.facts)


def _gate_opened(s: State, r: e.Recorded, event: e.GateOpened) -> State:
    if s.gate_open(event.gate):
        raise _illegal(r, f"gate {event.gate} is open already")
    if event.opening != s.openings.get(event.gate, 0) + 1:
        raise _illegal(r, f"opening {event.opening} of {event.gate} after {s.openings.get(event.gate, 0)}")
    before = s.gates.get(event.gate)
    begun = before.used | before.begun if before is not None else frozenset()
    return replace(
        s,
        gates=_with(s.gates, event.gate, GateState(event, r.seq, r.at, begun=begun)),
        openings=_with(s.openings, event.gate, event.opening),
    )


def _gate_answered(s: State, r: e.Recorded, event: e.GateAnswered) -> State:
    gate = s.gate_open(event.gate)
    if gate is None or gate.opened.opening != event.opening:
        raise _illegal(r, f"gate {event.gate} is not open")
    if event.digest != gate.opened.digest:
        raise _illegal(r, "the answer is to something else")
    if gate.opened.due and r.at > gate.opened.due:
        raise _illegal(r, f"gate {event.gate} had expired")
    if event.answer not in gate.opened.options:
        raise _illegal(r, f"{event.answer!r} is not among the answers")
    if any(a.by == event.by for a in gate.answers):
        raise _illegal(r, f"{event.by} has answered already")
    answered = replace(gate, answers=(*gate.answers, event))
    s = replace(s, gates=_with(s.gates, event.gate, answered))
    if gate.opened.kind == "ask" and isinstance(event.value, dict):
        return _with_facts(s, gate.opened.path, event.value)
    return s


def _gate_closed(s: State, r: e.Recorded, event: e.GateClosed) -> State:
    gate = s.gates.get(event.gate)
    void_after_yes = gate is not None and gate.result in APPROVES and event.result == VOID
    if gate is None or gate.opened.opening != event.opening or (gate.result and not void_after_yes):
        raise _illegal(r, f"gate {event.gate} is not open")
    return replace(s, gates=_with(s.gates, event.gate, replace(gate, result=event.result)))


def _concluded(s: State, r: e.Recorded, event: e.RunConcluded) -> State:
    if s.running:
        raise _illegal(r, f"{min(s.running)} still runs")
    gates = {k: g if g.result else replace(g, result="withdrawn") for k, g in s.gates.items()}
    return replace(s, conclusion=event, gates=gates)
