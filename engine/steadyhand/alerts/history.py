"""What has happened on a route, from its stream alone: who waits, which run is for which group, how often it started.

The one place in this room that changes in place: a busy route has ten thousand groups, and copying them for each event
would cost more than everything else. It is changed by events only, in the order of the stream, so it is what a fold
would be. `over` makes one that may be changed by what is only intended, without touching the one below.
"""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..model import SECOND

HOUR = 3600 * SECOND


class Waiting(Struct, frozen=True):
    """An alert that waits for a run: its last delivery, and what it would give to the run."""

    stream: str
    seq: int
    at: int
    key: str
    inputs: Mapping[str, Any]
    item: Any = None
    service: str = ""


class Group(Struct):
    """Alerts that wait for one run. `times` are when deliveries came; `since` is the first of those that wait.

    It belongs to one history, which changes it in place.
    """

    since: int
    alerts: dict[str, Waiting]
    times: list[int]


class Last(Struct, frozen=True):
    """The last run of a group. `ended_at` is 0 while it goes on, `conclusion` '' where it never began."""

    run: str
    started_at: int
    items: tuple[Any, ...] = ()
    ended_at: int = 0
    conclusion: str = ""

    @property
    def live(self) -> bool:
        """Whether it is not over."""
        return not self.ended_at


class Came(Struct, frozen=True):
    """What has come of the last delivery of an alert on this route: a run, or ''; and its group."""

    seq: int
    at: int
    group: str
    run: str = ""
    first: bool = False


class History:
    """One route."""

    def __init__(self) -> None:
        self.seq = 0
        self.groups: MutableMapping[str, Group | None] = {}
        self.lasts: MutableMapping[str, Last | None] = {}
        self.came: MutableMapping[str, Came | None] = {}
        self.runs: MutableMapping[str, str | None] = {}
        """The group of each run that is not over."""
        self._mine: set[str] | None = None
        self.begun: deque[int] = deque()
        """When runs were started, the latest at the end."""

    def over(self) -> History:
        """A history on top of this one, for what is only intended."""
        above = History()
        above.seq = self.seq
        above.groups = ChainMap({}, self.groups)
        above.lasts = ChainMap({}, self.lasts)
        above.came = ChainMap({}, self.came)
        above.runs = ChainMap({}, self.runs)
        above.begun = self.begun.copy()
        above._mine = set()
        return above

    def live(self) -> Iterator[str]:
        """The runs that are not over."""
        return (run for run, group in self.runs.items() if group is not None)

    def room(self, per_hour: int, now: int) -> int:
        """When one more run may start by a bound per hour (microseconds); 0 for now."""
        if not per_hour or len(self.begun) < per_hour:
            return 0
        due = self.begun[-per_hour] + HOUR
        return due if due > now else 0

    def apply(self, recorded: Iterable[e.Recorded]) -> None:
        """What has been recorded."""
        for one in recorded:
            if one.seq > self.seq:
                self.seq = one.seq
                self.happen(one.event, one.at)

    def happen(self, event: e.Event, at: int) -> None:
        """One event."""
        match event:
            case e.RouteGathered():
                self._gathered(event, at)
            case e.RouteLeft(group=group, stream=stream, seq=seq):
                self._left(group, stream)
                self.came[stream] = Came(seq, at, group)
            case e.RouteStarted():
                self._started(event, at)
            case e.RouteEnded(group=group, run=run, conclusion=conclusion, at=ended):
                last = self.lasts.get(group)
                if last is not None and last.run == run and last.live:
                    self.lasts[group] = replace(last, ended_at=max(ended, 1), conclusion=conclusion)
                self.runs[run] = None
            case _:
                pass  # whatever a later version writes down about routes

    def _group(self, name: str) -> Group | None:
        """A group that may be changed: a copy of it, where it belongs to the history below."""
        group = self.groups.get(name)
        if group is not None and self._mine is not None and name not in self._mine:
            group = Group(group.since, dict(group.alerts), list(group.times))
            self.groups[name] = group
            self._mine.add(name)
        return group

    def _gathered(self, event: e.RouteGathered, at: int) -> None:
        group = self._group(event.group)
        if group is None:
            group = self.groups[event.group] = Group(at, {}, [])
            if self._mine is not None:
                self._mine.add(event.group)
        if not group.alerts:
            group.since = at
        group.alerts[event.stream] = Waiting(
            event.stream, event.seq, at, event.key, event.inputs, event.item, event.service
        )
        group.times.append(at)
        self.came[event.stream] = Came(event.seq, at, event.group)

    def _left(self, name: str, *streams: str) -> None:
        group = self._group(name)
        for stream in streams if group is not None else ():
            group.alerts.pop(stream, None)  # type: ignore[union-attr]  # there is one
        if group is not None and not group.alerts and not group.times:
            self.groups[name] = None

    def _started(self, event: e.RouteStarted, at: int) -> None:
        group = self._group(event.group)
        if group is not None:
            group.times.clear()
        self._left(event.group, *(one.stream for one in event.alerts))
        self.lasts[event.group] = Last(event.run, at, event.items)
        self.runs[event.run] = event.group
        self.begun.append(at)
        for number, one in enumerate(event.alerts):
            self.came[one.stream] = Came(one.seq, at, event.group, event.run, not number)

    def forget(self, before: int) -> None:
        """Let go of what nobody needs any more: what was over before that time."""
        for name, last in list(self.lasts.items()):
            if last is None or (not last.live and last.ended_at < before):
                del self.lasts[name]
        for name, group in list(self.groups.items()):
            if group is None or (not group.alerts and max(group.times, default=0) < before):
                del self.groups[name]
        for stream, came in list(self.came.items()):
            if came is None or (came.at < before and not self.waits(came.group, stream)):
                del self.came[stream]
        for run in [run for run, name in self.runs.items() if name is None]:
            del self.runs[run]
        while self.begun and self.begun[0] < before:
            self.begun.popleft()

    def waits(self, name: str, stream: str) -> bool:
        """Whether an alert waits for a run of that group."""
        group = self.groups.get(name)
        return group is not None and stream in group.alerts
