"""The only loop: decide, append, perform, and again, until the run has ended or waits for somebody who is not here.

One thread decides and appends (this one); every attempt runs in a thread of its own and puts what came of it into the
inbox. Whatever has arrived by the time the loop looks goes into one append together with the intents that follow from
it, so parallel steps share a flush. Nothing is performed before the append that holds its intent has returned.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from .. import events as e
from ..core import State, fold, survey
from ..core.answers import Answer, admit
from ..core.judging import verdict_of
from ..core.names import names
from ..core.paths import visit
from ..core.recording import Clerk, Draft, Job, Sighting
from ..core.rendering import Renderer
from ..core.tables import AFTER_THE_END
from ..errors import Fenced, HeadMoved
from ..handlers.connections import Connections
from ..model import SECOND, Runbook
from . import children
from .attempt import asked, perform, really, simulated, unstarted
from .hands import AttemptHands
from .holds import Holds
from .ports import Observer, People, Ports
from .recall import recall
from .redaction import Redactor
from .secrets import SecretStore, settings_secrets

POLL = 0.05
"""Seconds between two looks at the journal for what others have appended (an answer, a stop)."""

IDLE = 3600.0
"""Seconds the loop sleeps at most when nothing is due."""


Arrived = e.Event | Answer
"""What the loop waits for: events, and what people say, which becomes an event when it is appended."""


class Ending(Enum):
    """Why the loop returned."""

    CONCLUDED = "concluded"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"


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
        self._secrets: dict[str, SecretStore] = {}
        self._connections = Connections()
        self._holds = Holds(ports.journal, ports.changes, stream, ports.actor)
        renderer = Renderer(ports.specs, lambda k, p, t: ports.handler(k).plan(p, t))
        self._clerk = Clerk(runbook, renderer, self._alive, self._look, ports.ability, self._holds.frozen)
        self._inbox: queue.SimpleQueue[e.Event | Answer | None] = queue.SimpleQueue()
        self._running: dict[str, AttemptHands] = {}
        self._orphans: dict[str, list[children.Orphan]] = {}
        self._asked: set[tuple[str, int]] = set()
        self._interrupted = False
        self._mark: object = None
        self.state = State()

    # --- from outside

    def interrupt(self) -> None:
        """Let go of the run in good order (Ctrl-C). Safe in a signal handler."""
        self._interrupted = True
        self._inbox.put(None)

    def start(self, started: e.RunStarted, further: Iterable[e.Event] = ()) -> None:
        """Append the first events of a new run."""
        self._append(0, (started, *further), epoch=1)

    def resume(self) -> None:
        """Take over a run that exists: fold it, find what its last engine left running, and claim it."""
        recorded = self._ports.journal.read(self._stream)
        self.state = fold(recorded)
        if self.state.conclusion is None:
            recall(self._runbook, recorded, lambda runbook, name: self._store_of(runbook).reveal(name))
        found, claimed = (self._find_orphans() if self.state.conclusion is None else []), False
        while self.state.conclusion is None and not claimed:
            epoch = self.state.epoch + 1
            claimed = self._in_time(
                e.RunResumed(self._ports.actor, epoch, self.state.driver or "nobody"), *found, epoch=epoch
            )
        self._end_orphaned_reads()

    def drive(self) -> Ending:
        """Go on until the run has concluded, or waits for people who are not here, or is interrupted."""
        # What came due while nobody drove comes first: a question or a run whose time is over is not taken up again.
        arrived: list[Arrived] = [*self._fired()]
        try:
            while True:
                self._advance(arrived)
                if self.state.conclusion is not None:
                    return Ending.CONCLUDED
                if self._interrupted:
                    return self._let_go()
                arrived = []
                if self._waits_for_absent():
                    if self._in_time(e.RunPaused(self._ports.actor, "waiting")):
                        return Ending.WAITING
                    continue
                self._ask()
                arrived = self._receive()
        except Fenced:
            self._cancel_all()
            raise
        finally:
            self._connections.close()

    # --- decide and append

    def _advance(self, arrived: list[Arrived]) -> None:
        """Append what arrived and what follows from it, until nothing more follows; then perform."""
        while True:
            draft = self._clerk.advance(self._stream, self.state, self._ports.clock.now(), self._still(arrived))
            if not draft.events:
                return
            try:
                self._append(self.state.seq, draft.events, at=draft.at)
            except HeadMoved:
                self._catch_up()
                continue
            arrived = self._perform(draft)

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
                hands = self._running.get(job.path)
                if hands is not None:
                    hands.cancel()
            else:
                settled.extend(self._start(job))
        return settled

    def _start(self, job: Job) -> tuple[e.Event, ...]:
        assert job.place is not None  # noqa: S101 a job with a plan has a place
        assert job.place.operation is not None  # noqa: S101 and an operation
        assert self.state.run is not None  # noqa: S101 a run that starts steps has started
        run, operation = self.state.run, job.place.operation
        number = visit(self.state, job.path)
        # After a change that was only simulated, a read would see a world in which it did not happen.
        changed = any(leaf.simulated and leaf.effect != "read" for leaf in self.state.leaves.values())
        handler = self._ports.handler(operation.kind)
        probed = run.probe and not changed and handler.spec.capabilities.probe
        carried_out = really(run.mode, probed, operation.effect)
        dry = not carried_out and asked(handler, job, operation.effect)
        if not carried_out and not dry:
            return (simulated(job, number),)
        stopped = self._end_orphans(job.path)
        known = names(self.state, job.place, tolerate=run.mode == "dry-run")
        hands = self._hands(job, known)
        self._running[job.path] = hands

        def attempt() -> None:
            self._inbox.put(perform(handler, job, hands, known, number, self._ports.clock, dry=dry))

        try:
            threading.Thread(target=attempt, name=f"attempt {job.path}", daemon=True).start()
        except RuntimeError as problem:  # the machine has no room for another thread: nothing was done
            self._running.pop(job.path)
            hint = "run fewer steps at once (`limit:`), or raise `ulimit -u`"
            return (*stopped, unstarted(job, number, f"it could not be started: {problem}", hint))
        return stopped

    def _hands(self, job: Job, known: Mapping[str, Any]) -> AttemptHands:
        assert job.place is not None  # noqa: S101 a job to start has a place
        operation = job.place.operation
        assert operation is not None  # noqa: S101 and an operation
        spec = self._ports.specs[operation.kind]

        def on_child(pid: int) -> None:
            started = children.start_time(pid)
            self._inbox.put(e.ChildStarted(job.path, job.attempt, pid, pid, started, self._ports.host))

        return AttemptHands(
            self._ports,
            job,
            confine=job.confine,
            timeout=(operation.timeout or job.place.runbook.limits.timeout) / SECOND,
            limit=self._runbook.limits.output,
            environment={
                "STEADY_RUN": self._stream,
                "STEADY_STEP": job.path,
                "STEADY_VISIT": str(visit(self.state, job.path)),
                "STEADY_ATTEMPT": str(job.attempt),
                "STEADY_FENCE": f"{self._stream}:{self.state.epoch}",
            },
            redactor=self._redactor,
            secrets=self._store_of(job.place.runbook),
            on_child=on_child,
            on_output=lambda stream, data: self._observer.output(job.path, stream, data),
            connections=self._connections,
            verdict=lambda values: verdict_of(operation, spec, values, known),
        )

    def _store_of(self, runbook: Runbook) -> SecretStore:
        """The secrets of the runbook that a step stands in: a called one has its own."""
        if runbook.name not in self._secrets:
            ports = self._ports
            sources = {**runbook.secrets, **settings_secrets(self.state.run)}
            self._secrets[runbook.name] = SecretStore(sources, self._redactor, ports.cwd, ports.environ)
        return self._secrets[runbook.name]

    def _cancel_all(self) -> None:
        for hands in list(self._running.values()):
            hands.cancel()

    # --- wait

    def _receive(self) -> list[Arrived]:
        """Wait for something to happen, and return it as events: outcomes, answers, timers come due."""
        due = self._due()
        wait = IDLE if due is None else max(0.0, (due - self._ports.clock.now()) / SECOND)
        arrived: list[Arrived] = []
        over = self._ports.clock.monotonic() + wait
        here = self._people.present()
        while not arrived and not self._interrupted and self._people.present() is here:
            left = over - self._ports.clock.monotonic()
            arrived = self._taken(min(POLL, max(left, 0.0)))
            if self._changed():
                self._catch_up()
                break
            arrived += self._holds.wanted(self.state, self._ports.clock.now(), self._ports.clock.monotonic())
            if left <= 0:
                break
        return [*arrived, *self._fired()]

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
            self._running.pop(item.path, None)
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

    def _waits_for_absent(self) -> bool:
        """Whether only people could move the run on, and nobody is here to be asked."""
        if self._people.present() or self._running or self.state.wanted_locks or not self.state.open_gates:
            return False
        timers, due = survey(self._runbook, self.state).timers, self._due()
        over = due is not None and due <= self._ports.clock.now()
        return not over and all(key.startswith(("gate:", "run:")) for key in timers)

    def _ask(self) -> None:
        for gate in self.state.open_gates:
            key = (gate.opened.gate, gate.opened.opening)
            if key not in self._asked:
                self._asked.add(key)
                self._people.ask(gate.opened, self._inbox.put)

    def _let_go(self) -> Ending:
        """End what runs, note what was cut off, and leave the run to be resumed."""
        self._cancel_all()
        arrived: list[Arrived] = []
        while self._running or not self._inbox.empty():
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

    # --- what an engine before this one left running

    def _alive(self, path: str) -> tuple[int, ...]:
        return tuple(o.pid for o in self._orphans.get(path, ()) if children.alive(o.pid, o.started))

    def _find_orphans(self) -> list[e.Event]:
        found: list[e.Event] = []
        for orphan in children.find(self._stream):
            self._orphans.setdefault(orphan.step, []).append(orphan)
            found.append(e.ChildFound(orphan.step, orphan.attempt, orphan.pid, orphan.pgid, orphan.command))
        return found

    def _end_orphaned_reads(self) -> None:
        """A read that nobody listens to is ended; a change is left alone until a person has spoken."""
        stopped: list[e.Event] = []
        for path in list(self._orphans):
            leaf = self.state.leaves.get(path)
            if leaf is not None and leaf.effect == "read":
                stopped.extend(self._end_orphans(path))
        while stopped and not self._in_time(*stopped):
            continue

    def _end_orphans(self, path: str) -> tuple[e.Event, ...]:
        ended: list[e.Event] = []
        for orphan in self._orphans.pop(path, []):
            if children.alive(orphan.pid, orphan.started):
                how = children.end_group(orphan.pgid, orphan.pid, orphan.started)
                if how:
                    ended.append(e.ChildStopped(path, orphan.attempt, orphan.pid, how))
        return tuple(ended)


def _cut_off(one: Arrived) -> Arrived:
    """An attempt that was ended because the engine lets go is interrupted, not settled."""
    if isinstance(one, e.StepSettled) and one.error == "Cancelled":
        return e.StepInterrupted(one.path, one.visit, one.attempt, "the engine was interrupted")
    return one
