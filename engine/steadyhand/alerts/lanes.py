"""A route at work: takes deliveries, says what comes of each, and which runs start now. The one place that decides it.

Called by whoever routes in a server, and by the backtest, which has no journal. `decide` changes nothing: what it says
must be recorded (in the route's stream, naming the seq of `history`) before `commit` makes it so. If somebody else has
recorded something first, that is committed, and `decide` is asked again.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from .. import events as e
from ..expressions import write_duration
from ..schema.routes import Route
from .history import HOUR, Group, History, Last
from .meaning import Delivery, Meant

UNKNOWN = 1_000_000
"""The rank of a service of which the settings say nothing: after all others."""


class Ended(Struct, frozen=True):
    """A run of the route is over, since `at`; `conclusion` is '' where it never began, and `why` says why."""

    run: str
    conclusion: str
    at: int
    why: str = ""


class Told(Struct, frozen=True):
    """What has come of a delivery, for the stream of its alert."""

    stream: str
    event: e.AlertRouted | e.AlertHeld


class Batch(Struct, frozen=True):
    """What is to be recorded on the route, all or nothing, and what follows from it once it is."""

    events: tuple[e.RouteEvent, ...]
    told: tuple[Told, ...]
    started: tuple[e.RouteStarted, ...]
    looked: tuple[str, ...]


class Look(Struct, frozen=True):
    """Whether a run of a group may start; `why` not, and `until` when not (0: until something comes)."""

    ready: bool
    why: str = ""
    until: int = 0


def outlook(route: Route, group: Group, last: Last | None, now: int) -> Look:
    """Whether a run for those who wait may start now, bounds of the whole route aside."""
    if last is not None and last.live:
        after = "the next wave begins when it is over" if route.storm else "it is of the same trouble"
        return Look(False, f"run {last.run} is not over: {after}")
    if route.count:
        recent = sum(at > now - route.within for at in group.times)
        if recent < route.count:
            return Look(False, f"{recent} of {route.count} deliveries within {write_duration(route.within)}")
    gathered = route.storm.within if route.storm else route.once_after
    if gathered and now < group.since + gathered:
        return Look(False, f"gathered for {write_duration(gathered)}", group.since + gathered)
    if route.cool_down and last is not None and last.conclusion and now < last.ended_at + route.cool_down:
        why = f"no other run for {write_duration(route.cool_down)} after {last.run}"
        return Look(False, why, last.ended_at + route.cool_down)
    return Look(True)


class _Deciding:
    """One decision being made, on top of the history."""

    def __init__(self, history: History, now: int) -> None:
        self.history = history.over()
        self.now = now
        self.events: list[e.RouteEvent] = []
        self.touched: dict[str, None] = {}
        self.started: list[e.RouteStarted] = []

    def add(self, event: e.RouteEvent) -> None:
        self.events.append(event)
        self.history.happen(event, self.now)
        self.touched[event.group] = None


class Lane:
    """One route: its history, and what is to be looked at when. `ranks` orders the services."""

    def __init__(self, route: Route, ranks: Mapping[str, int] | None = None) -> None:
        self.route = route
        self.history = History()
        self._ranks = ranks or {}
        self._timers: list[tuple[int, str]] = []
        self._ready: dict[str, None] = {}

    @property
    def stream(self) -> str:
        """The name of the route's stream in the journal."""
        return e.ROUTES + self.route.name

    # --- what is due

    @property
    def waiting(self) -> int:
        """How many groups could start a run, were there room."""
        return len(self._ready)

    def due(self, now: int, room: int) -> int | None:
        """When `decide` has something to do by itself (microseconds, now or earlier: at once); None: nothing."""
        timer = self._timers[0][0] if self._timers else None
        if not self._ready or room <= 0:
            return timer
        free = self.history.room(self.route.per_hour, now) or now
        return free if timer is None else min(timer, free)

    def commit(self, recorded: Iterable[e.Recorded], looked: Iterable[str], now: int) -> None:
        """What has been recorded on the route, by us or by somebody else; `looked` are those that `decide` names."""
        new = [one for one in recorded if one.seq > self.history.seq]
        self.history.apply(new)
        touched = {group: None for one in new if (group := getattr(one.event, "group", ""))}
        self._arrange((*touched, *looked), now)

    def become(self, route: Route, ranks: Mapping[str, int], now: int) -> None:
        """The settings say something else of the route; what has happened on it stays."""
        self.route, self._ranks = route, ranks
        self.recover(now)

    def recover(self, now: int) -> None:
        """Make out from the history alone what is to be looked at when."""
        self._timers.clear()
        self._ready.clear()
        self._arrange(list(self.history.groups), now)

    def _arrange(self, names: Iterable[str], now: int) -> None:
        for name in dict.fromkeys(names):
            self._ready.pop(name, None)
            group = self.history.groups.get(name)
            if group is None or not group.alerts:
                continue
            look = outlook(self.route, group, self.history.lasts.get(name), now)
            if look.ready:
                self._ready[name] = None
            elif look.until:
                heapq.heappush(self._timers, (look.until, name))

    # --- deciding

    def decide(
        self,
        inbox: Sequence[tuple[Delivery, Meant | None]],
        ended: Iterable[Ended],
        now: int,
        room: int,
        new_id: Callable[[], str],
    ) -> Batch:
        """What comes of these deliveries, of runs that are over, and of what is due. None means that it has resolved.

        At most `room` runs start. The order of the deliveries counts.
        """
        while self._timers and self._timers[0][0] <= now:
            self._ready[heapq.heappop(self._timers)[1]] = None
        work = _Deciding(self.history, now)
        for over in ended:
            group = work.history.runs.get(over.run)
            if group is not None:
                work.add(e.RouteEnded(group, over.run, over.conclusion, over.at, over.why))
        joined = [self._take(work, delivery, meant) for delivery, meant in inbox]
        looked = self._start(work, room, new_id)
        return Batch(tuple(work.events), tuple(self._tell(work, inbox, joined)), tuple(work.started), looked)

    def _take(self, work: _Deciding, delivery: Delivery, meant: Meant | None) -> str:
        """Take one delivery; the run that it joins, or ''."""
        history = work.history
        came = history.came.get(delivery.stream)
        if came is not None and came.seq >= delivery.seq:
            return ""  # it was taken before whoever took it was cut off
        waits = came is not None and not came.run and history.waits(came.group, delivery.stream)
        if came is not None and waits and (meant is None or meant.group != came.group):
            why = "it has resolved before a run began" if meant is None else "it has become another trouble"
            work.add(e.RouteLeft(came.group, delivery.stream, delivery.seq - (meant is not None), why))
        if meant is None:
            return ""
        last = history.lasts.get(meant.group)
        if last is not None and self._joins(last, meant, work.now):
            return last.run
        gathered = e.RouteGathered(
            meant.group, meant.key, delivery.stream, delivery.seq, meant.inputs, meant.item, meant.service
        )
        work.add(gathered)
        return ""

    def _joins(self, last: Last, meant: Meant, now: int) -> bool:
        """Whether an alert belongs to a run that has been started."""
        recent = bool(self.route.once_within) and now < last.started_at + self.route.once_within
        began = last.live or bool(last.conclusion)
        return began and (last.live or recent) and (self.route.storm is None or meant.item in last.items)

    def _start(self, work: _Deciding, room: int, new_id: Callable[[], str]) -> tuple[str, ...]:
        """Start what may start; the groups that were looked at."""
        free = self._room(work.history, work.now, room)
        names = dict.fromkeys((*islice(self._ready, max(free, 0)), *work.touched))
        for name in names:
            group = work.history.groups.get(name)
            if group is None or not group.alerts:
                continue
            look = outlook(self.route, group, work.history.lasts.get(name), work.now)
            if look.ready and self._room(work.history, work.now, room - len(work.started)) > 0:
                started = self._started(name, group, new_id())
                work.add(started)
                work.started.append(started)
        return tuple(names)

    def _room(self, history: History, now: int, room: int) -> int:
        """How many more runs of the route may start now."""
        per_hour = self.route.per_hour
        if not per_hour:
            return room
        return min(room, per_hour - sum(at > now - HOUR for at in islice(reversed(history.begun), per_hour)))

    def _started(self, name: str, group: Group, run: str) -> e.RouteStarted:
        waiting = sorted(group.alerts.values(), key=lambda one: (one.at, one.stream))
        items: tuple[Any, ...] = ()
        inputs = waiting[0].inputs
        if self.route.storm is not None:
            waiting = sorted(waiting, key=lambda one: self._ranks.get(one.service, UNKNOWN))
            items = tuple(islice(_distinct(one.item for one in waiting), self.route.storm.most))
            waiting = [one for one in waiting if one.item in items]
            inputs = {**waiting[0].inputs, self.route.storm.input: list(items)}
        return e.RouteStarted(
            group=name,
            run=run,
            runbook=self.route.runbook,
            mode=self.route.mode,
            inputs=inputs,
            alerts=tuple(e.RoutedDelivery(one.stream, one.seq) for one in waiting),
            items=items,
            keys=tuple(one.key for one in waiting),
        )

    # --- telling

    def _tell(
        self, work: _Deciding, inbox: Sequence[tuple[Delivery, Meant | None]], joined: Sequence[str]
    ) -> Iterator[Told]:
        """What has come of each delivery, those included that have waited until now."""
        told: set[tuple[str, int]] = set()
        for started in work.started:
            for number, (one, key) in enumerate(zip(started.alerts, started.keys, strict=True)):
                told.add((one.stream, one.seq))
                yield Told(one.stream, self._routed(one.seq, key, started.run, joined=number > 0))
        for (delivery, meant), run in zip(inbox, joined, strict=True):
            if meant is None or (delivery.stream, delivery.seq) in told:
                continue
            came = work.history.came.get(delivery.stream)
            if not run and came is not None and came.run:
                yield Told(delivery.stream, self._routed(delivery.seq, meant.key, came.run, joined=not came.first))
            elif run:
                yield Told(delivery.stream, self._routed(delivery.seq, meant.key, run, joined=True))
            else:
                look = self._look(work, meant.group)
                held = e.AlertHeld(delivery.seq, self.route.name, meant.key, look.why, look.until)
                yield Told(delivery.stream, held)

    def _routed(self, seq: int, key: str, run: str, *, joined: bool) -> e.AlertRouted:
        return e.AlertRouted(seq, self.route.name, key, self.route.runbook, run, joined)

    def _look(self, work: _Deciding, name: str) -> Look:
        """Why those who wait still do."""
        group = work.history.groups.get(name)
        if group is None or not group.alerts:
            return Look(False, "it has resolved before a run began")
        look = outlook(self.route, group, work.history.lasts.get(name), work.now)
        if not look.ready:
            return look
        due = work.history.room(self.route.per_hour, work.now)
        if due:
            return Look(False, f"{self.route.per_hour} runs of the route have started within an hour", due)
        return Look(False, "as many runs as may go on at once")


def _distinct(items: Iterable[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
            yield item
