"""Takes alerts down: what it has answered for is in the journal, each delivery once, whatever is killed afterwards.

Called by `receiving` with what a body says. One thread writes for all requests: what is waiting when it looks goes into
one flush, so that a storm costs few of them. A delivery is known again by its alert's own stream; the state of alerts
that were heard of lately is kept, so that a hot one is not read again. All alerts of a body are taken, or it is not
acknowledged; the sender then sends it once more.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..alerts.reading import CONTENT, fingerprint_of
from ..alerts.state import AlertState, fold_alert, stream_of
from ..driver.ports import Clock
from ..driver.redaction import Redactor
from ..errors import HeadMoved, JournalError, NotFound
from ..journal.protocol import Append, Journal

KEPT = 20_000
"""Alerts whose state is kept."""
WAITING = 20_000
"""Deliveries that may wait to be written; more are not taken for now."""
TRIES = 50
"""How often a stream is read again because somebody else was faster."""
BATCH = 2_000
"""Deliveries that are written at once."""
PATIENCE = 60.0
"""Seconds that whoever waits in a thread waits: longer than the store itself is waited for."""

log = logging.getLogger(__name__)


class Busy(JournalError):
    """More waits to be written than is sensible: the sender is to come again."""


class Receipt(Struct, frozen=True):
    """What was taken of a body: what is new of it, and what was known."""

    new: int = 0
    known: int = 0


Done = Callable[["Receipt | Exception"], None]
"""Is told how a body fared, in the writer's thread: be quick, and never raise."""


class _Body:
    """The deliveries of one body on their way into the journal."""

    __slots__ = ("deliveries", "done", "known", "new", "open")

    def __init__(self, deliveries: Sequence[e.AlertReceived], done: Done) -> None:
        self.deliveries = deliveries
        self.done: Done | None = done
        self.new = self.known = 0
        self.open = 0

    def end(self, came: Receipt | Exception) -> None:
        """Tell once."""
        done, self.done = self.done, None
        if done is not None:
            done(came)


class Intake:
    """Writes deliveries into the journal. `poke` is called after something was written."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        *,
        actor: str,
        redactor: Redactor | None = None,
        poke: Callable[[], None] = lambda: None,
        kept: int = KEPT,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._actor = actor
        self.redactor = redactor or Redactor()
        self._poke = poke
        self._kept = kept
        self._states: OrderedDict[str, AlertState] = OrderedDict()
        self._queue: deque[_Body] = deque()
        self._size = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    # --- from outside

    def start(self) -> None:
        """Begin to write."""
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    @property
    def alive(self) -> bool:
        """Whether somebody writes down what waits."""
        return self._thread is not None and self._thread.is_alive()

    def take(self, deliveries: Sequence[e.AlertReceived], origin: str) -> Receipt:
        """Take the deliveries of a body; durable on return. Raises JournalError when that could not be made sure."""
        came: list[Receipt | Exception] = []
        there = threading.Event()

        def done(one: Receipt | Exception) -> None:
            came.append(one)
            there.set()

        self.submit(deliveries, origin, done)
        if not there.wait(PATIENCE):
            raise JournalError("the store did not answer in time", "look at the disk and at the log of the server")
        if isinstance(came[0], Exception):
            raise came[0]
        return came[0]

    def submit(self, deliveries: Iterable[e.AlertReceived], origin: str, done: Done) -> None:
        """Have the deliveries of a body written; `done` is told when they are durable, or why they are not.

        Raises Busy when too much waits already, JournalError when nothing is written any more.
        """
        body = _Body([self._clean(one, origin) for one in deliveries], done)
        if not body.deliveries:
            body.end(Receipt())
            return
        with self._wake:
            if self._stopping or self._thread is None:
                raise JournalError("the server is ending", "send it again")
            if self._size and self._size + len(body.deliveries) > WAITING:
                raise Busy("more alerts wait to be written down than is sensible", "send it again in a moment")
            self._queue.append(body)
            self._size += len(body.deliveries)
            self._wake.notify()

    def _clean(self, one: e.AlertReceived, origin: str) -> e.AlertReceived:
        """A delivery without secrets. What it is known by stays one word, and tells nothing of a secret in it."""
        one = replace(one, origin=origin)
        said = _all_texts(one)
        if self.redactor.text(said) is said:
            return one
        clean = self.redactor.event(one)
        mark, name = (
            word if self.redactor.text(word) is word else fingerprint_of(word, "")
            for word in (one.fingerprint, one.identity)
        )
        return replace(clean, intake=one.intake, source=one.source, status=one.status, fingerprint=mark, identity=name)

    # --- the writer

    def _work(self) -> None:
        while True:
            bodies = self._next()
            if not bodies:
                return
            try:
                self._write(bodies)
            except Exception as problem:
                log.exception("alerts could not be written down: a bug of ours")
                for body in bodies:
                    body.end(JournalError(f"a bug of ours: {type(problem).__name__}", "it is in the log of the server"))

    def _next(self) -> list[_Body]:
        """What waits; nothing when all is written and no more is to come."""
        with self._wake:
            while not self._queue and not self._stopping:
                self._wake.wait()
            taken: list[_Body] = []
            count = 0
            while self._queue and count < BATCH:
                taken.append(self._queue.popleft())
                count += len(taken[-1].deliveries)
            self._size -= count
            return taken

    def _write(self, bodies: list[_Body]) -> None:
        """Append what is new of these bodies, stream by stream, until each stream has taken or refused it."""
        streams: dict[str, list[tuple[_Body, e.AlertReceived]]] = {}
        for body in bodies:
            body.open = len(body.deliveries)
            for one in body.deliveries:
                streams.setdefault(stream_of(one.intake, one.fingerprint), []).append((body, one))
        for _ in range(TRIES):
            streams = self._round(streams)
            if not streams:
                return
        for waiting in streams.values():
            for body, _ in waiting:
                body.end(Busy("somebody else writes to these alerts without end", "send it again in a moment"))

    def _round(
        self, streams: dict[str, list[tuple[_Body, e.AlertReceived]]]
    ) -> dict[str, list[tuple[_Body, e.AlertReceived]]]:
        """One flush; the streams that have grown meanwhile, to be tried again."""
        at = self._clock.now()
        appends: list[Append] = []
        for stream, waiting in streams.items():
            state = self._states.get(stream) or AlertState()
            fresh = _fresh(state, [one for _, one in waiting])
            if fresh:
                appends.append(Append(stream, state.seq, fresh, self._actor, at, 1))
            else:
                self._settle(waiting, frozenset())
        came = self._append(appends)
        again: dict[str, list[tuple[_Body, e.AlertReceived]]] = {}
        for one, result in zip(appends, came, strict=True):
            waiting = streams[one.stream]
            if isinstance(result, JournalError):
                problem = self._read(one.stream, result) if isinstance(result, HeadMoved) else result
                if problem is None:
                    again[one.stream] = waiting
                    continue
                for body, _ in waiting:
                    body.end(problem)
                continue
            self._keep(one.stream, fold_alert(result, self._states.get(one.stream)))
            self._settle(waiting, frozenset(id(event) for event in one.events))
        self._poke()
        return again

    def _append(self, appends: list[Append]) -> Sequence[tuple[e.Recorded, ...] | JournalError]:
        if not appends:
            return ()
        try:
            return self._journal.append_all(appends)
        except JournalError as problem:
            return [problem] * len(appends)
        except ValueError as problem:  # one of them cannot be written down: the others must not suffer by it
            if len(appends) == 1:
                return [JournalError(f"what was sent cannot be written down: {problem}")]
            return [self._append([one])[0] for one in appends]

    def _read(self, stream: str, why: JournalError) -> JournalError | None:
        """Learn what somebody else has written to a stream; what is wrong where that cannot be."""
        state = self._states.get(stream) or AlertState()
        try:
            new = self._journal.read(stream, state.seq)
        except NotFound:
            return why
        except JournalError as problem:
            return problem
        if not new:
            return why
        self._keep(stream, fold_alert(new, state))
        return None

    def _keep(self, stream: str, state: AlertState) -> None:
        self._states[stream] = state
        self._states.move_to_end(stream)
        if len(self._states) > self._kept:
            self._states.popitem(last=False)

    @staticmethod
    def _settle(waiting: list[tuple[_Body, e.AlertReceived]], written: frozenset[int]) -> None:
        """The deliveries of a stream are durable; a body whose last one this was is answered."""
        for body, one in waiting:
            if id(one) in written:
                body.new += 1
            else:
                body.known += 1
            body.open -= 1
            if body.open == 0:
                body.end(Receipt(body.new, body.known))


def _fresh(state: AlertState, deliveries: list[e.AlertReceived]) -> tuple[e.AlertReceived, ...]:
    """What is new of these deliveries to one alert, in order."""
    found: list[e.AlertReceived] = []
    last = state.said
    told: set[str] = set()
    for one in deliveries:
        if one.identity.startswith(CONTENT):  # it has no name: it is the same only where it comes twice in a row
            new = last is None or last.identity != one.identity
        else:
            new = one.identity not in told and state.is_new(one)
        if new:
            found.append(one)
            told.add(one.identity)
            last = one
    return tuple(found)


def _all_texts(one: e.AlertReceived) -> str:
    """Everything that a delivery says, as one text: to see with one search whether a secret is in it."""
    texts: list[str] = []
    waiting: list[Any] = [
        one.fingerprint, one.identity, one.name, one.labels, one.annotations, one.details, one.group, one.url,
    ]  # fmt: skip
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            texts.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        else:
            texts.append(str(value))
    return "\n".join(texts)
