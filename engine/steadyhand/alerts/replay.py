"""Recorded alerts through the routes as they are: what would have come of them. Pure; decided as in a server.

Called by the backtest. Time is that of the recording; how long a run goes on is assumed, the same for all.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..core.locks import locked
from ..graph.asked import Asked, asked, steps_of
from ..graph.build import of_step
from ..model import SECOND, Runbook
from .lanes import Ended, Lane
from .meaning import Delivery, Meant
from .routing import Sorted, Way, sort, unstarted
from .state import AlertState, fold_alert, stream_of

FATES = ("started", "joined", "held", "unrouted", "quiet", "known")
"""What may come of a delivery: it starts a run, belongs to one, waits to the end of the recording, leads nowhere,
starts nothing since it has resolved or is acknowledged, or is known already.
"""


class Assumed(Struct, frozen=True):
    """What a recording does not tell: how long a run goes on (microseconds), and how many may go on at once."""

    length: int = 600 * SECOND
    room: int = 64


class Took(Struct, frozen=True):
    """What came of one delivery. `waited` tells that it did not at once."""

    at: int
    stream: str
    name: str
    status: str
    fate: str
    route: str = ""
    run: str = ""
    why: str = ""
    waited: bool = False


class Ran(Struct, frozen=True):
    """A run that would have been started. `collides` are runs that went on meanwhile and touch the same targets."""

    run: str
    route: str
    runbook: str
    mode: str
    inputs: Mapping[str, Any]
    started_at: int
    ended_at: int
    alerts: int
    targets: tuple[str, ...]
    asks: Asked
    collides: tuple[str, ...] = ()


class Replayed(Struct, frozen=True):
    """What would have come of a recording: of every delivery, in order, and the runs in the order of their start."""

    took: tuple[Took, ...]
    runs: tuple[Ran, ...]


def targets_of(runbook: Runbook) -> tuple[str, ...]:
    """The targets that a run may touch, sorted: those that its steps act on, and those that its changes lock."""
    found = {name for step in steps_of(runbook) for name in locked(step)}
    for step in steps_of(runbook):
        found |= {operation.target for _, operation in of_step(step, step.id) if operation.target}
    return tuple(sorted(found))


def replay(
    ways: Sequence[Way], ranks: Mapping[str, int], arrivals: Sequence[tuple[int, e.AlertReceived]], assumed: Assumed
) -> Replayed:
    """Put the arrivals (each with its time, in order) through the routes."""
    return _Replay(ways, ranks, assumed).run(arrivals)


class _Replay:
    def __init__(self, ways: Sequence[Way], ranks: Mapping[str, int], assumed: Assumed) -> None:
        self._ways = ways
        self._assumed = assumed
        self._lanes = {way.route.name: Lane(way.route, ranks) for way in ways}
        self._books = {way.route.name: way.runbook for way in ways}
        self._alerts: dict[str, AlertState] = {}
        self._took: dict[tuple[str, int], Took] = {}
        self._order: list[Took | tuple[str, int]] = []
        self._runs: dict[str, Ran] = {}
        self._ends: list[tuple[int, str]] = []
        self._going: dict[str, None] = {}
        self._ids = (f"run-{number}" for number in count(1))

    def run(self, arrivals: Sequence[tuple[int, e.AlertReceived]]) -> Replayed:
        at, position = 0, 0
        while (due := self._next(arrivals, position, at)) is not None:
            at = max(due, at)
            inbox: list[Delivery] = []
            while position < len(arrivals) and arrivals[position][0] <= at:
                inbox += self._receive(at, arrivals[position][1])
                position += 1
            self._step(at, inbox)
        took = tuple(one if isinstance(one, Took) else self._took[one] for one in self._order)
        return Replayed(took, tuple(self._collided()))

    def _next(self, arrivals: Sequence[tuple[int, e.AlertReceived]], position: int, at: int) -> int | None:
        """When something happens next; None when nothing does any more."""
        found = [lane.due(at, self._room()) for lane in self._lanes.values()]
        found.append(self._ends[0][0] if self._ends else None)
        found.append(arrivals[position][0] if position < len(arrivals) else None)
        return min((one for one in found if one is not None), default=None)

    def _room(self) -> int:
        return self._assumed.room - len(self._going)

    def _receive(self, at: int, said: e.AlertReceived) -> Iterator[Delivery]:
        stream = stream_of(said.intake, said.fingerprint)
        alert = self._alerts.get(stream, AlertState())
        if not alert.is_new(said):
            self._order.append(Took(at, stream, said.name, said.status, "known"))
            return
        one = Delivery(stream, alert.seq + 1, at, said)
        self._record(stream, said, at)
        self._order.append((stream, one.seq))
        yield one

    def _record(self, stream: str, event: e.Event, at: int) -> None:
        before = self._alerts.get(stream, AlertState())
        self._alerts[stream] = fold_alert([e.Recorded(stream, before.seq + 1, at, "replay", 1, event)], before)

    def _step(self, at: int, inbox: list[Delivery]) -> None:
        work: dict[str, list[tuple[Delivery, Meant | None]]] = {}
        quiet = []
        for one in inbox:
            found = sort(self._ways, one) if one.said.status != "resolved" else Sorted()
            for name, meant in found.meant:
                work.setdefault(name, []).append((one, meant))
            for unrouted in found.unrouted:
                self._tell(one.stream, unrouted, at, one.said)
            if one.said.status == "resolved":
                for name in self._lanes:
                    work.setdefault(name, []).append((one, None))
            if not found.meant and not found.unrouted:
                quiet.append(one)
        over = []
        while self._ends and self._ends[0][0] <= at:
            ended, run = heapq.heappop(self._ends)
            self._going.pop(run, None)
            over.append(Ended(run, "healthy", ended))
        for name, lane in sorted(self._lanes.items(), key=lambda one: -one[1].route.priority):
            self._decide(name, lane, work.get(name, []), over, at)
        for one in quiet:
            before = self._alerts[one.stream]
            going = [run for run in reversed(before.runs) if run in self._going]
            self._tell(one.stream, unstarted(one, before.decision, going), at, one.said, quiet=True)

    def _decide(
        self, name: str, lane: Lane, inbox: list[tuple[Delivery, Meant | None]], over: list[Ended], at: int
    ) -> None:
        batch = lane.decide(inbox, over, at, self._room(), lambda: next(self._ids))
        seq = lane.history.seq
        recorded = [e.Recorded(name, seq + n, at, "replay", 1, event) for n, event in enumerate(batch.events, 1)]
        lane.commit(recorded, batch.looked, at)
        for started in batch.started:
            self._begin(name, started, at)
        for told in batch.told:
            self._tell(told.stream, told.event, at)

    def _begin(self, route: str, started: e.RouteStarted, at: int) -> None:
        runbook = self._books[route]
        over = at + self._assumed.length
        self._going[started.run] = None
        heapq.heappush(self._ends, (over, started.run))
        self._runs[started.run] = Ran(
            started.run, route, started.runbook, started.mode, started.inputs, at, over, 0,
            targets_of(runbook) if runbook is not None else (), asked(runbook) if runbook is not None else Asked(),
        )  # fmt: skip

    def _tell(
        self,
        stream: str,
        event: e.AlertRouted | e.AlertHeld | e.AlertUnrouted,
        at: int,
        said: e.AlertReceived | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        key = (stream, event.seq)
        before = self._took.get(key)
        said = said or self._alerts[stream].said
        name, status = (before.name, before.status) if before else (said.name, said.status) if said else ("", "")
        run = event.run if isinstance(event, e.AlertRouted) else ""
        if run and not quiet:
            self._runs[run] = replace(self._runs[run], alerts=self._runs[run].alerts + 1)
        if before is not None and before.run:
            return  # several routes take it: the first run that it led to is told
        fate = "quiet" if quiet else _fate(event)
        why = "" if isinstance(event, e.AlertRouted) else event.why
        waited = before is not None and before.fate == "held"
        self._took[key] = Took(before.at if before else at, stream, name, status, fate, event.route, run, why, waited)
        self._record(stream, event, at)

    def _collided(self) -> Iterator[Ran]:
        """The runs, each with those that had begun before it, went on, and touch the same."""
        going: list[Ran] = []
        for ran in self._runs.values():
            going = [other for other in going if other.ended_at > ran.started_at]
            mine = set(ran.targets)
            yield replace(ran, collides=tuple(other.run for other in going if mine & set(other.targets)))
            going.append(ran)


def _fate(event: e.AlertRouted | e.AlertHeld | e.AlertUnrouted) -> str:
    match event:
        case e.AlertRouted(joined=joined):
            return "joined" if joined else "started"
        case e.AlertHeld():
            return "held"
        case e.AlertUnrouted():
            return "unrouted"
