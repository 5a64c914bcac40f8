"""The only loop: decide, append, perform, and again, until the run has ended or waits for somebody who is not here.

One thread decides and appends (this one); every attempt runs in a thread of its own and puts what came of it into the
inbox. Whatever has arrived by the time the loop looks goes into one append together with the intents that follow from
it, so parallel steps share a flush. Nothing is performed before the append that holds its intent has returned.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable
from enum import Enum
from typing import Any

from .. import events as e
from ..core import State, fold, survey
from ..core.answers import Answer, admit
from ..core.recording import Clerk, Draft, Sighting
from ..core.rendering import Renderer
from ..core.tables import AFTER_THE_END
from ..errors import Fenced, HeadMoved
from ..model import SECOND, Runbook
from .attempts import Attempts
from .holds import Holds
from .orphans import Orphans
from .ports import Observer, People, Ports
from .recall import recall
from .redaction import Redactor

POLL = 0.05
"""Seconds between two looks at the journal for what others have appended (an answer, a stop)."""

IDLE = 3600.0
"""Seconds the loop sleeps at most when nothing is due."""

PARKED = 1.0
"""Seconds that a run must have to wait at least for its thread to be given up."""

BETWEEN = 30.0
"""The same between two attempts at one check: to leave and to come back is not worth it for every few seconds."""


Arrived = e.Event | Answer
"""What the loop waits for: events, and what people say, which becomes an event when it is appended."""


class Ending(Enum):
    """Why the loop returned."""

    CONCLUDED = "concluded"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    HANDED_OVER = "handed over"


class Driver:
    """Drives one run. Holds the state as of the last event it has seen, and the attempts that run."""

    def __init__(
        self, ports: Ports, runbook: Runbook, stream: str, *, people: People, observer: Observer, redactor: Redactor
    ) -> None:
        self._ports = ports
        self._runbook = runbook
        self._stream = self.stream = stream
        self._people = people
        self._observer = observer
        self._redactor = redactor
        self._holds = Holds(ports.journal, ports.changes, stream, ports.actor)
        self._orphans = Orphans()
        renderer = Renderer(ports.specs, lambda k, p, t: ports.handler(k).plan(p, t))
        self._clerk = Clerk(runbook, renderer, self._orphans.alive, self._look, ports.ability, self._holds.frozen)
        self._inbox: queue.SimpleQueue[e.Event | Answer | None] = queue.SimpleQueue()
        self._attempts = Attempts(
            ports,
            runbook,
            stream,
            observer=observer,
            redactor=redactor,
            put=self._inbox.put,
            orphaned=self._orphans.end,
        )
        self._asked: set[tuple[str, int]] = set()
        self._interrupted = False
        self._drained: float | None = None
        self._mark: object = None
        self.state = State()

    # --- from outside

    def interrupt(self) -> None:
        """Let go of the run in good order (Ctrl-C). Safe in a signal handler."""
        self._interrupted = True
        self._inbox.put(None)

    def drain(self, grace: float) -> None:
        """Let go of the run for the next engine: nothing more is begun, what runs may end by itself within that many
        seconds, and is interrupted after them. Safe in a signal handler, and from any thread.
        """
        over = self._ports.clock.monotonic() + grace
        self._drained = over if self._drained is None else min(over, self._drained)
        self._inbox.put(None)

    def start(self, started: e.RunStarted, further: Iterable[e.Event] = ()) -> None:
        """Append the first events of a new run."""
        self._append(0, (started, *further), epoch=1)

    def resume(self) -> None:
        """Take over a run that exists: fold it, find what its last engine left running, and claim it."""
        recorded = self._ports.journal.read(self._stream)
        self.state = fold(recorded)
        if self.state.conclusion is None:
            recall(self._runbook, recorded, self._reveal)
        found, claimed = (self._orphans.find(self._stream) if self.state.conclusion is None else []), False
        while self.state.conclusion is None and not claimed:
            epoch = self.state.epoch + 1
            claimed = self._in_time(
                e.RunResumed(self._ports.actor, epoch, self.state.driver or "nobody"), *found, epoch=epoch
            )
        stopped = self._orphans.end_reads(self.state)
        while stopped and not self._in_time(*stopped):
            continue

    def _reveal(self, book: Runbook, name: str) -> str:
        return self._attempts.secrets(book, self.state.run).reveal(name)

    def drive(self, *, park: bool = False) -> Ending:
        """Go on until the run has concluded, or waits for people who are not here, or is interrupted or handed over.

        With `park`, a run that has nothing to do but wait (for people, time or locks) gives its thread up: WAITING.
        Nothing is appended then, since it is not left. It is driven on, by this driver again or by one that resumes it,
        when it has grown, or at `core.waking.wake_at`.
        """
        try:
            if self._changed():
                self._catch_up()
            # What came due while nobody drove comes first: a question whose time is over is not taken up again.
            arrived: list[Arrived] = [*self._fired()]
            while True:
                arrived = self._advance(arrived)
                if self.state.conclusion is not None:
                    return Ending.CONCLUDED
                if self._interrupted:
                    return self._let_go(arrived)
                if self._draining():
                    ended, arrived = self._hand_over(arrived)
                    if ended is not None:
                        return ended
                    continue
                if self._waits_for_absent(park=park):
                    arrived = self._wanted_locks() if park else []
                    if not arrived and self._may_leave(park=park):
                        return Ending.WAITING
                    continue
                self._ask()
                arrived = self._receive()
        except Fenced:
            self._attempts.cancel_all()
            raise
        finally:
            self._attempts.close()

    # --- decide and append

    def _advance(self, arrived: list[Arrived]) -> list[Arrived]:
        """Append what arrived and what follows from it, until nothing more follows; then perform. Returns what is still
        to be written down when nothing more is to be begun.
        """
        while not self._draining():
            draft = self._clerk.advance(self._stream, self.state, self._ports.clock.now(), self._still(arrived))
            if not draft.events:
                return []
            try:
                self._append(self.state.seq, draft.events, at=draft.at)
            except HeadMoved:
                self._catch_up()
                continue
            arrived = self._perform(draft)
        return arrived

    def _still(self, arrived: Iterable[Arrived]) -> Iterable[Arrived]:
        """What arrived, as far as it may still be appended (somebody else may have concluded the run)."""
        if self.state.conclusion is None:
            return arrived
        return [one for one in arrived if isinstance(one, Answer) or e.name_of(one) in AFTER_THE_END]

    def _append(self, expected: int, events: Iterable[e.Event], *, at: int = 0, epoch: int = 0) -> None:
        """The one append point: redact, make durable, fold, show."""
        clean: list[Any] = [self._redactor.event(event) for event in events]
        recorded = self._ports.journal.append(
            self._stream,
            expected,
            clean,
            actor=self._ports.actor,
            at=at or self._ports.clock.now(),
            epoch=epoch or self.state.epoch,
        )
        self._fold(recorded)

    def _in_time(self, *events: e.Event, at: int = 0, epoch: int = 0) -> bool:
        """Append what says that nothing else has happened; false when something has, which is then known."""
        try:
            self._append(self.state.seq, events, at=at, epoch=epoch)
        except HeadMoved:
            self._catch_up()
            return False
        return True

    def _fold(self, recorded: Iterable[e.Recorded]) -> None:
        for one in recorded:
            self.state = self.state.after(one)
            if isinstance(one.event, e.GateClosed):
                self._people.withdraw(one.event.gate)
            self._observer.happened(one)

    def _catch_up(self) -> None:
        """Fold what others have appended. Another driver's claim means that this one has lost the run."""
        newer = self._ports.journal.read(self._stream, self.state.seq)
        if any(one.epoch > self.state.epoch for one in newer):
            raise Fenced(f"run {self._stream} was taken over by another driver", "watch it with `steady watch`")
        self._fold(newer)

    # --- perform

    def _perform(self, draft: Draft) -> list[Arrived]:
        """Start and cancel what the durable batch asks for. Returns what settled at once (a dry run)."""
        settled: list[Arrived] = []
        for job in draft.jobs:
            if job.plan is None:
                self._attempts.cancel(job.path)
            else:
                settled.extend(self._attempts.start(job, self.state))
        return settled

    # --- wait

    def _receive(self) -> list[Arrived]:
        """Wait for something to happen, and return it as events: outcomes, answers, timers come due."""
        due = self._due()
        wait = IDLE if due is None else max(0.0, (due - self._ports.clock.now()) / SECOND)
        arrived: list[Arrived] = []
        over = self._ports.clock.monotonic() + wait
        here = self._people.present()
        while not (arrived or self._interrupted or self._draining()) and self._people.present() is here:
            left = over - self._ports.clock.monotonic()
            arrived = self._taken(min(POLL, max(left, 0.0)))
            if self._changed():
                self._catch_up()
                break
            arrived += self._wanted_locks()
            if left <= 0:
                break
        return [*arrived, *self._fired()]

    def _wanted_locks(self) -> list[Arrived]:
        return [*self._holds.wanted(self.state, self._ports.clock.now(), self._ports.clock.monotonic())]

    def _look(self, state: State, targets: tuple[str, ...], change: str) -> Sighting:
        return self._holds.look(state, targets, change, self._ports.clock.now())

    def _taken(self, wait: float) -> list[Arrived]:
        """Everything in the inbox, waiting for the first thing at most that many seconds."""
        taken: list[Arrived] = []
        try:
            item = self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            while True:
                taken.extend(self._noted(item))
                item = self._inbox.get_nowait()
        except queue.Empty:
            return taken

    def _noted(self, item: Arrived | None) -> tuple[Arrived, ...]:
        if item is None:
            return ()
        if isinstance(item, e.StepSettled):
            self._attempts.settled(item.path)
        return (item,)

    def _changed(self) -> bool:
        mark = self._ports.journal.mark()
        changed, self._mark = mark != self._mark, mark
        head = self._ports.journal.head(self._stream) if changed else None
        return head is not None and head.seq > self.state.seq

    def _due(self) -> int | None:
        awaited = survey(self._runbook, self.state).timers
        return min((self.state.timers[key].due for key in awaited), default=None)

    def _fired(self) -> list[e.Event]:
        """The timers that have come due, in the order in which they should have fired."""
        now = self._ports.clock.now()
        awaited = survey(self._runbook, self.state).timers
        due = sorted((self.state.timers[key].due, key) for key in awaited if self.state.timers[key].due <= now)
        return [e.TimerFired(key, now - at) for at, key in due]

    def _waits_for_absent(self, *, park: bool) -> bool:
        """Whether only people could move the run on, and nobody is here to be asked; to park, only they and time."""
        if self._people.present() or self._attempts:
            return False
        timers, now = survey(self._runbook, self.state).timers, self._ports.clock.now()
        due, first = min(((self.state.timers[key].due, key) for key in timers), default=(None, ""))
        if park:
            least = BETWEEN if first.startswith("retry:") else PARKED
            return due is None or due > now + int(least * SECOND)
        if self.state.wanted_locks or not self.state.open_gates:
            return False
        return (due is None or due > now) and all(key.startswith(("gate:", "run:")) for key in timers)

    def _may_leave(self, *, park: bool) -> bool:
        """Whether nothing has happened that must be looked at first; that a run is left is written down."""
        if not park:
            return self._in_time(e.RunPaused(self._ports.actor, "waiting"))
        known = self.state.seq
        if self._changed():
            self._catch_up()
        return self.state.seq == known and self._inbox.empty()

    def _ask(self) -> None:
        for gate in self.state.open_gates:
            key = (gate.opened.gate, gate.opened.opening)
            if key not in self._asked:
                self._asked.add(key)
                self._people.ask(gate.opened, self._inbox.put)

    def _draining(self) -> bool:
        """Whether nothing more is to be begun. A run that is to stop begins nothing anyway, and is wound down."""
        return self._drained is not None and self.state.stop is None and self.state.conclusion is None

    def _hand_over(self, arrived: list[Arrived]) -> tuple[Ending | None, list[Arrived]]:
        """Write down what came, and leave the run once nothing runs; else wait a little. In the end, end what runs."""
        while arrived and self.state.conclusion is None:
            draft = self._as_events(arrived)
            if self._in_time(*draft.events, at=draft.at):
                arrived = []
        left = (self._drained or 0.0) - self._ports.clock.monotonic()
        if not self._attempts and self._inbox.empty():
            left_off = self._in_time(e.RunPaused(self._ports.actor, "handed over"))
            return (Ending.HANDED_OVER if left_off else None), []
        if left <= 0:
            return self._let_go([]), []
        arrived = self._taken(min(POLL, left))
        if self._changed():
            self._catch_up()
        return None, arrived

    def _let_go(self, arrived: list[Arrived]) -> Ending:
        """End what runs, note what was cut off, and leave the run to be resumed."""
        self._attempts.cancel_all()
        while self._attempts or not self._inbox.empty():
            arrived.extend(_cut_off(one) for one in self._noted(self._inbox.get()))
        while self.state.conclusion is None:
            draft = self._as_events(arrived)
            if self._in_time(*draft.events, e.RunPaused(self._ports.actor, "interrupted"), at=draft.at):
                return Ending.INTERRUPTED
        return Ending.CONCLUDED

    def _as_events(self, arrived: Iterable[Arrived]) -> Draft:
        """What arrived as events, with nothing decided from it."""
        draft = Draft(self._stream, self.state, max(self._ports.clock.now(), self.state.at))
        for one in self._still(arrived):
            draft.add(admit(draft.state, one, draft.at) if isinstance(one, Answer) else one)
        return draft


def _cut_off(one: Arrived) -> Arrived:
    """An attempt that was ended because the engine lets go is interrupted, not settled."""
    if isinstance(one, e.StepSettled) and one.error == "Cancelled":
        return e.StepInterrupted(one.path, one.visit, one.attempt, "the engine was interrupted")
    return one
