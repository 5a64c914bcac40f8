"""Routes alerts inside the server: each delivery leads to a run, waits, or is said to lead nowhere; none is forgotten.

Called by the server. What is decided is appended to the route's stream first, with the seq that it expects: of several
servers one wins, and after a crash what was decided is read from there. Then the run is started under the id that was
chosen, and last the alert is told. Each of the three can be cut off, and is made good by whoever comes next.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from .. import events as e
from ..alerts.history import HOUR
from ..alerts.lanes import Batch, Ended, Lane
from ..alerts.meaning import Delivery, Meant
from ..alerts.routing import Sorted, sort, unstarted
from ..alerts.state import AlertState, Decision, fold_alert
from ..errors import HeadMoved, JournalError, NotFound
from ..model import SECOND, Runbook
from ..schema.routes import Route, ranks
from . import runs
from .alarming import Alarms
from .births import Births
from .board import Board, Grown
from .conductor import Conductor
from .hub import Hub
from .outcomes import Teller
from .routebook import Routebook, refuse_wrong_routes
from .services import Services

BATCH = 1_000
"""How many deliveries are decided together."""
TURN = 1.0
"""Seconds between two looks when nothing happens."""
SOON = 0.1
"""Seconds until the next look where runs wait for room."""
SWEEP = 30 * SECOND
"""How often (microseconds) it is looked for what another server has left half done."""

log = logging.getLogger(__name__)

Work = list[tuple[Delivery, Meant | None]]


class Router:
    """One thread that decides; it lives as long as the server does."""

    def __init__(self, services: Services, hub: Hub, board: Board, conductor: Conductor) -> None:
        self._services = services
        self._board = board
        self._conductor = conductor
        self._hub = hub
        self.routebook = Routebook(services)
        self._alarms = Alarms(services, board)
        self._births = Births(services, hub, conductor, self._runbook)
        self._teller = Teller(services, board)
        self._inbox: deque[Delivery] = deque()
        self._heard: deque[str] = deque()
        self._led: deque[tuple[str, str]] = deque()
        self._again: set[tuple[str, int]] = set()
        self._known: frozenset[str] = frozenset()
        self._concluded: deque[Ended] = deque()
        self._grew: dict[str, int] = {}
        self._lanes: dict[str, Lane] = {}
        self._batch: list[Delivery] = []
        self._over: list[Ended] = []
        self._unborn: dict[str, tuple[str, e.RouteStarted]] = {}
        self._untold: dict[str, list[Decision]] = {}
        self._swept = 0
        self._poked = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble = ""
        """Why alerts are not routed right now; '' when they are."""
        self.decided = 0
        """How many deliveries have been decided here."""
        self._forget = hub.listen(self._grown)

    # --- from outside

    def start(self) -> None:
        """Begin with what a server before this one has left. Raises InvalidSettings for routes that lead nowhere."""
        refuse_wrong_routes(self._services)
        self._thread = threading.Thread(target=self._run, name="router", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the turn that is being taken."""
        self._stopping.set()
        self._forget()
        self._poked.set()
        if self._thread is not None:
            self._thread.join(30)

    @property
    def alive(self) -> bool:
        """Whether somebody routes."""
        return self._thread is not None and self._thread.is_alive()

    def reload(self) -> None:
        """The settings have changed."""
        self.routebook.reload()
        self._poked.set()

    @property
    def waiting(self) -> int:
        """How many deliveries are to be decided."""
        return len(self._inbox) + len(self._batch)

    def _grown(self, grown: Grown) -> None:
        """The hub's news; its thread must not wait."""
        if grown.stream.startswith(e.ROUTES):
            self._grew[grown.stream] = grown.events[-1].seq
        for one in grown.events:
            match one.event:
                case e.AlertReceived() as said:
                    self._inbox.append(Delivery(one.stream, one.seq, one.at, said))
                case e.AlertMuted():
                    self._heard.append(one.stream)
                case e.AlertRouted(run=run):
                    self._led.append((one.stream, run))
                case e.RunConcluded(conclusion=conclusion):
                    self._concluded.append(Ended(one.stream, conclusion, one.at))
                case _:
                    continue
            self._poked.set()

    # --- the thread

    def _run(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            try:
                if not recovered:
                    self._recover()
                    recovered = True
                wait = self._turn()
                self.trouble = ""
            except JournalError as problem:
                if not self.trouble:
                    log.warning("alerts are not routed, which is tried again: %s", problem.message)
                self.trouble, wait = problem.message, TURN
            except Exception:
                log.exception("alerts could not be routed: a bug of ours")
                self.trouble, wait = "a bug of ours; see the log", TURN
            if wait:
                self._poked.wait(wait)
            self._poked.clear()

    def _turn(self) -> float:
        """One turn; seconds until the next one unless something comes. What fails is tried again as it stands."""
        now = self._services.clock.now()
        self._arrange(now)
        while self._inbox and len(self._batch) < BATCH:
            self._batch.append(self._inbox.popleft())
        while self._concluded:
            self._over.append(self._concluded.popleft())
        while self._led:
            self._alarms.belongs(*self._led.popleft())
        heard = dict.fromkeys(one.stream for one in self._batch)
        while self._heard:
            heard[self._heard.popleft()] = None
        work, quiet = self._sorted()
        self._decide(work, now)
        self._bear()
        self._alarms.news(heard)
        for one in quiet:
            alert = self._board.alert(one.stream)
            before = alert.decision if alert is not None else None
            self._tell(one.stream, unstarted(one, before, self._alarms.runs_of(one.stream)))
        self._teller.tell(self._untold)
        self.decided += len(self._batch)
        self._untold.clear()
        self._batch.clear()
        for over in self._over:
            self._alarms.over(over.run)
        self._over.clear()
        self._sweep(now)
        return self._wait()

    def _sorted(self) -> tuple[dict[str, Work], list[Delivery]]:
        """The deliveries by route, and those that start nothing."""
        ways = self.routebook.ways()
        work: dict[str, Work] = {}
        quiet: list[Delivery] = []
        taken: set[tuple[str, str]] = set()
        for one in self._batch:
            alert = self._board.alert(one.stream)
            decided = alert.decision.seq if alert is not None and alert.decision is not None else 0
            if decided >= one.seq and (one.stream, one.seq) not in self._again:
                continue
            try:
                found = sort(ways, one) if one.said.status != "resolved" else Sorted()
            except Exception:
                log.exception("%s could not be routed: a bug of ours", one.stream)
                found = Sorted((), (e.AlertUnrouted(one.seq, "it could not be read: a bug of ours, see the log"),))
            for name, meant in found.meant:
                work.setdefault(name, []).append((one, meant))
                taken.add((name, one.stream))
            for unrouted in found.unrouted:
                self._tell(one.stream, unrouted)
            if not found.meant and not found.unrouted:
                quiet.append(one)
            if one.said.status == "resolved":
                for name, lane in self._lanes.items():
                    if (name, one.stream) in taken or one.stream in lane.history.came:
                        work.setdefault(name, []).append((one, None))
        return work, quiet

    def _decide(self, work: dict[str, Work], now: int) -> None:
        """Ask each route that has something to decide, the most urgent ones first."""
        room = self._room()
        for name, lane in sorted(self._lanes.items(), key=lambda one: -one[1].route.priority):
            if self._grew.pop(lane.stream, 0) > lane.history.seq:
                self._catch_up(lane, now)
            over = [one for one in self._over if lane.history.runs.get(one.run) is not None]
            free = room if name in self._known else 0  # a route that is no more starts nothing
            due = lane.due(now, free)
            if name in work or over or (due is not None and due <= now):
                batch = self._record(lane, work.get(name, []), over, now, free)
                room -= len(batch.started)

    def _record(self, lane: Lane, inbox: Work, over: Sequence[Ended], now: int, room: int) -> Batch:
        """Have a route decide, and write it down, however often somebody else is faster."""
        while True:
            batch = lane.decide(inbox, over, now, room, lambda: runs.new_id(now))
            recorded: tuple[e.Recorded, ...] = ()
            if batch.events:
                append, actor = self._services.journal.append, self._services.actor
                try:
                    recorded = append(lane.stream, lane.history.seq, batch.events, actor=actor, at=now, epoch=1)
                except HeadMoved:
                    self._catch_up(lane, now)
                    continue
            for started in batch.started:
                self._unborn[started.run] = (lane.route.name, started)
            lane.commit(recorded, batch.looked, now)
            for told in batch.told:
                self._tell(told.stream, told.event)
            return batch

    def _bear(self) -> None:
        """Start the runs that were decided on. One that cannot be started is over before it began."""
        for run, (route, started) in list(self._unborn.items()):
            why = self._births.begin(route, started)
            if why:
                log.warning("route %s: %s", route, why)
                self._over.append(Ended(run, "", self._services.clock.now(), why))
                for one in started.alerts:
                    told = self._untold.get(one.stream, [])
                    told[:] = [other for other in told if not (isinstance(other, e.AlertRouted) and other.run == run)]
                    self._tell(one.stream, e.AlertUnrouted(one.seq, why, route, started.runbook))
                lane = self._lanes[route]
                self._record(lane, [], [self._over[-1]], self._services.clock.now(), 0)
            else:
                for one in started.alerts:
                    self._alarms.belongs(one.stream, run)
            del self._unborn[run]

    def _tell(self, stream: str, decision: Decision) -> None:
        told = self._untold.setdefault(stream, [])
        if decision not in told:
            told.append(decision)
        if isinstance(decision, e.AlertRouted) and decision.run not in self._unborn:
            self._alarms.belongs(stream, decision.run)

    def _room(self) -> int:
        """How many more runs may go on at once."""
        return self._services.settings.server.runs - len(self._conductor.driven) - self._conductor.queued

    def _wait(self) -> float:
        if self._inbox or self._batch or self._concluded or self._unborn or self._untold:
            return 0.0
        now = self._services.clock.now()
        due = [at for lane in self._lanes.values() if (at := lane.due(now, 1)) is not None]
        soonest = min(due, default=now + int(TURN * SECOND))
        return min(max((soonest - now) / SECOND, SOON), TURN)

    # --- routes

    def _runbook(self, route: str, name: str) -> Runbook | None:
        """The runbook of a route, as it is now."""
        found = [w for w in self.routebook.ways() if w.route.name == route or w.route.runbook == name]
        return next((way.runbook for way in found if way.route.runbook == name), None)

    def _arrange(self, now: int) -> None:
        """A lane for each route; one of a route that is no more goes on for its runs, and gets no alerts."""
        order: dict[str, int] | None = None
        for way in self.routebook.ways():
            lane = self._lanes.get(way.route.name)
            if lane is not None and lane.route == way.route:
                continue
            order = ranks(self._services.settings.services) if order is None else order
            if lane is None:
                self._open(way.route, order, now)
            else:
                lane.become(way.route, order, now)
        known = frozenset(way.route.name for way in self.routebook.ways())
        if self._known != known:
            self._known = known
            self._orphaned()

    def _orphaned(self) -> None:
        """Alerts that wait on a route that is no more are decided anew."""
        for alert in self._board.alerts():
            held, said = alert.decision, alert.said
            one = (alert.stream, alert.said_seq)
            gone = isinstance(held, e.AlertHeld) and held.route not in {"", *self._known}
            if gone and said is not None and one not in self._again:
                self._again.add(one)
                self._inbox.append(Delivery(alert.stream, alert.said_seq, alert.at, said))

    def _open(self, route: Route, order: dict[str, int], now: int) -> None:
        lane = Lane(route, order)
        self._catch_up(lane, now)
        lane.recover(now)
        self._lanes[route.name] = lane
        self._look_after(lane)

    def _catch_up(self, lane: Lane, now: int) -> None:
        """Read what others have written down."""
        try:
            lane.commit(self._services.journal.read(lane.stream, lane.history.seq), (), now)
        except NotFound:
            return  # nothing has happened on the route

    # --- what was left half done

    def _recover(self) -> None:
        self._arrange(self._services.clock.now())
        self._alarms.learn()
        self._undecided()
        for alert in self._board.alerts():
            decision = alert.decision
            lane = self._lanes.get(decision.route) if isinstance(decision, e.AlertHeld) else None
            came = lane.history.came.get(alert.stream) if lane is not None else None
            if lane is None or came is None or not came.run or not isinstance(decision, e.AlertHeld):
                continue
            route, joined = lane.route, not came.first
            self._tell(alert.stream, e.AlertRouted(came.seq, route.name, decision.key, route.runbook, came.run, joined))

    def _undecided(self, before: int | None = None) -> None:
        """Deliveries of which nobody has said what comes of them, the oldest first."""
        waiting = {(one.stream, one.seq) for one in islice(self._inbox, len(self._inbox))}
        for alert in (*(self._forgotten() if before is None else ()), *reversed(self._board.alerts())):
            if alert.undecided and (before is None or alert.at < before):
                after = alert.decision.seq if alert.decision is not None else 0
                for one in self._services.journal.read(alert.stream, after):
                    known = (one.stream, one.seq) in waiting
                    if isinstance(one.event, e.AlertReceived) and one.seq <= alert.seq and not known:
                        self._inbox.append(Delivery(one.stream, one.seq, one.at, one.event))

    def _forgotten(self) -> Iterator[AlertState]:
        """Alerts that the board does not hold, since there are too many, and of which the last word is a delivery."""
        journal = self._services.journal
        for head in journal.grown(0)[1]:
            if head.stream.startswith(e.ALERTS) and self._board.alert(head.stream) is None:
                last = journal.read(head.stream, head.seq - 1)
                if last and isinstance(last[-1].event, e.AlertReceived):
                    yield fold_alert(journal.read(head.stream))

    def _look_after(self, lane: Lane) -> None:
        """Runs of a route that ended, or never began, while nobody looked."""
        missing = set()
        for run in lane.history.live():
            row = self._board.run(run)
            if row is not None and not row.conclusion:
                continue
            if row is None and run not in self._unborn and self._services.journal.head(run) is None:
                missing.add(run)
            else:
                self._over.extend(self._end_of(run))
        for one in self._services.journal.read(lane.stream) if missing else ():
            if isinstance(one.event, e.RouteStarted) and one.event.run in missing:
                self._unborn[one.event.run] = (lane.route.name, one.event)

    def _end_of(self, run: str) -> Iterator[Ended]:
        head = self._services.journal.head(run)
        for one in self._services.journal.read(run, head.seq - 1) if head is not None else ():
            if isinstance(one.event, e.RunConcluded):
                yield Ended(run, one.event.conclusion, one.at)

    def _sweep(self, now: int) -> None:
        """Now and then: what another server has left, and what need not be remembered any more."""
        if now - self._swept < SWEEP:
            return
        first, self._swept = not self._swept, now
        for lane in self._lanes.values():
            if not self._inbox:
                route = lane.route
                lane.history.forget(now - max(2 * HOUR, route.cool_down, route.once_within, route.within))
            if not first:
                self._look_after(lane)
        if not first:
            self._undecided(now - SWEEP)
            self._orphaned()
