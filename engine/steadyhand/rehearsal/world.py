"""A scripted world: a run without hands, in virtual time, that may crash at any point.

The same clerk that serves the driver advances the run; a script says what comes of every attempt and what people
answer. Time is a number that jumps to the next timer when nothing else can happen. A crash forgets what a process
forgets (attempts under way, timers it was sleeping on) and resumes from the events alone. `steady test` and the
properties of the heart run on this one world. Pure: the script decides, never chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from .. import events as e
from ..core import State, survey
from ..core.judging import facts, judged
from ..core.names import names
from ..core.paths import visit
from ..core.recording import Clerk, Job
from ..core.rendering import Renderer
from ..errors import SteadyError
from ..model import ERROR, HandlerSpec, Plan, Runbook, Target, digest

START = 1_800_000_000_000_000
"""The time at which every rehearsal starts: microseconds since 1970, an arbitrary fixed day."""


class Came(Struct, frozen=True):
    """What comes of one attempt. `values` are judged by the step's expectation unless `outcome` is given."""

    outcome: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    unsure: bool = False
    after: int = 0
    """Microseconds until it has settled."""
    crash: bool = False
    """Whether the engine dies while it runs, `after` it has started, so that it never settles."""
    error: str = ""
    """The name of the failure, where the outcome is `error`: Unreachable, TimedOut, ..."""
    facts: Mapping[str, Any] | None = None
    """What is taken from the result, where `values` do not tell it."""


class Said(Struct, frozen=True):
    """What a person says to a gate."""

    answer: str
    by: str = "somebody"
    after: int = 0
    value: Any = None
    comment: str = ""


class Script(Protocol):
    """Who decides what happens. Called in a fixed order, so a script may keep count."""

    def came(self, job: Job) -> Came | None:
        """What comes of an attempt, decided when it starts; None leaves it running for ever."""

    def said(self, gate: e.GateOpened) -> tuple[Said, ...]:
        """What people answer to a question, decided when it is put."""

    def crash(self, recorded: int) -> bool:
        """Whether the engine dies now, when that many events are durable (the attempts it runs are lost)."""


class Stuck(SteadyError):
    """The run has not ended, and nothing is left that could move it on: the script says too little."""


class World:
    """One rehearsal. `recorded` is its journal."""

    def __init__(self, runbook: Runbook, renderer: Renderer, script: Script, specs: Mapping[str, HandlerSpec]) -> None:
        self.runbook = runbook
        self.recorded: list[e.Recorded] = []
        self.state = State()
        self.now = START
        self.crashes = 0
        self._clerk = Clerk(runbook, renderer)
        self._script = script
        self._specs = specs
        self._coming: list[tuple[int, int, e.Event | None]] = []
        self._outside: list[tuple[int, int, e.Event]] = []
        self._people: list[tuple[int, int, e.GateOpened, Said]] = []
        self._count = 0

    def run(self, started: e.RunStarted, limit: int = 100_000, outside: Iterable[tuple[int, e.Event]] = ()) -> State:
        """From the start to the conclusion, or until only people who say nothing could move it on.

        `outside` is what comes of itself, each so long after the start: a person stops the run, for one.
        """
        self._append([started])
        self._outside = [(START + after, number, event) for number, (after, event) in enumerate(outside)]
        arrived: list[e.Event] | None = []
        while arrived is not None and len(self.recorded) < limit:
            self._advance(arrived)
            arrived = self._what_comes()
        return self.state

    def _what_comes(self) -> list[e.Event] | None:
        """A crash, or what happens next in time; None at the end. After the conclusion, people may still speak."""
        if self.state.conclusion is not None:
            late, self._people = sorted(self._people, key=lambda p: p[:2]), []
            return list(self._answers(late)) or None
        return self._crashed() if self._script.crash(len(self.recorded)) else self._next()

    def _advance(self, arrived: list[e.Event]) -> None:
        draft = self._clerk.advance("rehearsal", self.state, self.now, arrived)
        self._append(draft.events)
        for job in draft.jobs:
            self._start(job)
        for event in draft.events:
            if isinstance(event, e.GateOpened):
                self._ask(event)

    def _append(self, events: list[e.Event]) -> None:
        for event in events:
            epoch = event.epoch if isinstance(event, e.RunResumed) else max(self.state.epoch, 1)
            recorded = e.Recorded(
                "rehearsal", self.state.seq + 1, max(self.now, self.state.at), "rehearsal", epoch, event
            )
            self.state = self.state.after(recorded)
            self.recorded.append(recorded)

    def _crashed(self) -> list[e.Event]:
        """The process is gone, and with it every attempt it ran. People and time are not."""
        self.crashes += 1
        self._coming.clear()
        return [e.RunResumed("rehearsal", self.state.epoch + 1)]

    def _start(self, job: Job) -> None:
        if job.plan is None:  # a cancellation: the attempt ends at once, and nobody knows what it did
            event = e.StepSettled(job.path, visit(self.state, job.path), job.attempt, ERROR, job.reason, unsure=True)
            self._coming = [c for c in self._coming if not (isinstance(c[2], e.StepSettled) and c[2].path == job.path)]
            self._push(0, event)
            return
        came = self._script.came(job)
        if came is not None:
            self._push(came.after, None if came.crash else self._settled(job, came))

    def _settled(self, job: Job, came: Came) -> e.StepSettled:
        assert job.place is not None and job.place.operation is not None  # noqa: S101, PT018 a job that starts has both
        operation = job.place.operation
        known = names(self.state, job.place)
        found = judged(operation, self._specs[operation.kind], came.values, known) if not came.outcome else None
        outcome = found.outcome if found else came.outcome
        taken = came.facts
        if taken is None:
            spoken = came.values and outcome != ERROR
            taken = found.facts if found else facts(operation, {**known, **came.values}) if spoken else {}
        return e.StepSettled(
            path=job.path,
            visit=visit(self.state, job.path),
            attempt=job.attempt,
            outcome=outcome,
            reason=came.reason or (found.reason if found else ""),
            hint=found.hint if found else "",
            error=came.error,
            unsure=came.unsure and outcome == ERROR,
            findings=found.findings if found else (),
            values=came.values,
            facts=taken,
            duration=came.after,
        )

    def _ask(self, gate: e.GateOpened) -> None:
        for said in self._script.said(gate):
            self._count += 1
            self._people.append((self.now + said.after, self._count, gate, said))

    def _push(self, after: int, event: e.Event | None) -> None:
        self._count += 1
        self._coming.append((self.now + after, self._count, event))

    def _next(self) -> list[e.Event] | None:
        """What happens next in time: an outcome, an answer or a timer. None when nothing can."""
        if self.state.wanted_locks:  # nobody else is in this world
            return [e.LocksTaken(path, lock.visit) for path, lock in self.state.wanted_locks]
        timers = survey(self.runbook, self.state).timers
        times = [
            *(at for at, _, _ in self._coming),
            *(at for at, _, _ in self._outside),
            *(at for at, _, _, _ in self._people),
            *(self.state.timers[key].due for key in timers),
        ]
        if not times:
            return None
        self.now = max(self.now, min(times))
        fired = sorted((self.state.timers[k].due, k) for k in timers if self.state.timers[k].due <= self.now)
        settled = self._due()
        if settled and isinstance(settled[-1], e.RunResumed):
            return settled
        outside = [event for at, _, event in sorted(self._outside, key=lambda o: o[:2]) if at <= self.now]
        self._outside = [one for one in self._outside if one[0] > self.now]
        said = sorted((p for p in self._people if p[0] <= self.now), key=lambda p: p[:2])
        self._people = [p for p in self._people if p[0] > self.now]
        return [*settled, *self._answers(said), *outside, *(e.TimerFired(key, self.now - due) for due, key in fired)]

    def _due(self) -> list[e.Event]:
        """The attempts that have settled by now; the last event is that of a new engine where the old one died."""
        due = sorted((c for c in self._coming if c[0] <= self.now), key=lambda c: c[:2])
        self._coming = [c for c in self._coming if c[0] > self.now]
        settled: list[e.Event] = []
        for _, _, event in due:
            if event is None:
                return [*settled, *self._crashed()]
            settled.append(event)
        return settled

    def _answers(self, said: list[tuple[int, int, e.GateOpened, Said]]) -> list[e.Event]:
        """Answers as events, each held against the state that those before it have made."""
        from ..core.answers import Answer, admit  # noqa: PLC0415 keeps the cold start of `validate` small

        events: list[e.Event] = []
        state = self.state
        for _, _, gate, one in said:
            answer = Answer(
                gate.gate, one.by, one.answer, gate.digest, "rehearsal", one.value, one.comment, gate.opening
            )
            event = admit(state, answer, self.now)
            state = state.after(e.Recorded("rehearsal", state.seq + 1, max(self.now, state.at), "", state.epoch, event))
            events.append(event)
        return events


def planner(kind: str, params: Mapping[str, Any], target: Target | None) -> Plan:
    """A plan without a handler: enough to bind an approval to, for worlds that have no hands."""
    del target
    return Plan(kind, f"{kind} {digest(params)[:8]}", params)


def renderer(
    specs: Mapping[str, HandlerSpec], plan: Callable[[str, Mapping[str, Any], Target | None], Plan] = planner
) -> Renderer:
    """The renderer of a world."""
    return Renderer(specs, plan)
