"""Drives runs inside the server: each that can move has a thread, each that waits has none.

Called by the server. A run is driven when it was started here, when it was recorded for a server (`--detach`), when a
server before this one left it, and when a person who had left it waiting is answered. One that a person drives in a
terminal, or has interrupted there, is left alone until somebody takes it over. The lock of a run in the store decides
between several servers.
"""

from __future__ import annotations

import heapq
import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import events as e
from ..driver.drive import Driver, Ending
from ..errors import Fenced, JournalError, NotFound, SteadyError
from ..model import SECOND
from ..projections.rows import RunRow
from . import runs
from .board import Board, Grown
from .hub import Broadcast, Hub
from .services import Services

if TYPE_CHECKING:
    from .runs import Lease

SERVER = "server@"
"""How the name of a server begins, where it drives a run."""
TURN = 0.2
"""Seconds between two looks at what is due."""
AGAIN = 5 * SECOND
"""How long (microseconds) a run is left alone after it could not be driven."""
SWEEP = 10.0
"""Seconds between two looks for runs that another server has left without a word."""
PARKED = frozenset({"waiting", "handed over"})
"""Why a driver has let go of a run that anybody may go on with."""

SAID = e.GateAnswered | e.StopRequested | e.AlertChanged
"""What somebody may say to a run that waits."""

log = logging.getLogger(__name__)


class Conductor:
    """The runs that this server drives."""

    def __init__(self, services: Services, hub: Hub, board: Board, *, at_once: int) -> None:
        self._services = services
        self._hub = hub
        self._board = board
        self._at_once = at_once
        self._lock = threading.Lock()
        self._drivers: dict[str, Driver] = {}
        self._taken: set[str] = set()
        self._again: set[str] = set()
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._due: list[tuple[int, str]] = []
        self._looked: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._stopping = threading.Event()
        self._forget = hub.listen(self._grown)

    # --- from outside

    @property
    def driven(self) -> tuple[str, ...]:
        """The runs that are driven right now."""
        with self._lock:
            return tuple(sorted(self._drivers))

    @property
    def queued(self) -> int:
        """How many runs wait for a thread."""
        with self._lock:
            return len(self._taken) - len(self._drivers)

    def start(self) -> None:
        """Go on with everything that a server left."""
        threading.Thread(target=self._turn, name="conductor", daemon=True).start()
        for row in reversed(self._board.runs()):
            if not row.conclusion and self._is_ours(row):
                self._park(row)

    def drive(self, run: str, driver: Driver | None = None) -> None:
        """Drive a run that was just started (by this driver), or take one over."""
        with self._lock:
            if run in self._taken:
                self._again.add(run)
                return
            self._taken.add(run)
        self._submit(lambda: self._go(run, driver))

    def wake(self, run: str) -> None:
        """Somebody has said something to a run, or its time has come."""
        if not self._stopping.is_set():
            self.drive(run)

    def stop(self, grace: float) -> None:
        """Start nothing more; let what runs go on for so many seconds, then hand the runs over."""
        self._stopping.set()
        self._forget()
        with self._lock:
            drivers, threads = list(self._drivers.values()), list(self._threads)
        for driver in drivers:
            driver.drain(grace)
        for _ in threads:
            self._waiting.put(None)
        for thread in threads:
            thread.join(grace + 15)

    # --- what is ours

    def _is_ours(self, row: RunRow) -> bool:
        """Whether a server is to drive it once it can move: nobody has it, a server had it, or it was left waiting."""
        return row.driver == "" or row.driver.startswith(SERVER) or row.paused in PARKED

    def _grown(self, grown: Grown) -> None:
        row = self._board.run(grown.stream)
        if row is None or row.conclusion:
            return
        said = any(isinstance(one.event, SAID) for one in grown.events)
        if row.driver == "" or (said and self._is_ours(row)):
            self.wake(grown.stream)
        elif row.paused in PARKED and any(isinstance(one.event, e.RunPaused) for one in grown.events):
            self._park(row)

    # --- threads

    def _submit(self, act: Callable[[], None]) -> None:
        self._waiting.put(act)
        with self._lock:
            if self._idle == 0 and len(self._threads) < self._at_once:
                thread = threading.Thread(target=self._work, name=f"driver {len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            act = self._waiting.get()
            with self._lock:
                self._idle -= 1
            if act is None:
                return
            act()

    def _go(self, run: str, driver: Driver | None) -> None:
        """Drive a run until it has concluded or must wait, and note when to look at it next."""
        try:
            if not self._stopping.is_set():
                self._held(run, driver)
        except Fenced:
            log.info("run %s is driven elsewhere", run)
        except NotFound as problem:
            log.warning("run %s: %s", run, problem.message)
        except (JournalError, OSError) as problem:
            log.warning("run %s could not be driven, and is tried again: %s", run, problem)
            self._later(run, self._services.clock.now() + AGAIN)
        except SteadyError as problem:
            log.error("run %s cannot be driven: %s (%s)", run, problem.message, problem.hint)  # noqa: TRY400 no bug of ours
        except Exception:
            log.exception("run %s could not be driven: a bug of ours", run)
        finally:
            with self._lock:
                self._drivers.pop(run, None)
                self._taken.discard(run)
                again = run in self._again
                self._again.discard(run)
            if again:
                self.wake(run)

    def _held(self, run: str, driver: Driver | None) -> None:
        lease: Lease | None = runs.lease(self._services, run)
        if lease is None:
            return  # somebody else drives it, and sees what we have seen
        try:
            if driver is None and not self._can_move(run):
                return
            if driver is None:
                driver = runs.resume(self._services, run, observer=Broadcast(self._hub, run))
            with self._lock:
                self._drivers[run] = driver
            if driver.drive(park=True) is Ending.WAITING:
                self._can_move(run)
        finally:
            lease.release()
            self._hub.poke()

    # --- time

    def _park(self, row: RunRow) -> None:
        """Remember when a run that waits is to be looked at, without keeping it; one that can move is driven."""
        try:
            if self._can_move(row.id):
                self.wake(row.id)
            else:
                self._looked[row.id] = row.seq
        except SteadyError as problem:
            log.warning("run %s: %s", row.id, problem.message)
            self._later(row.id, self._services.clock.now() + AGAIN)

    def _can_move(self, run: str) -> bool:
        """Whether a driver has something to do in a run right now; if not, when is remembered."""
        due = runs.wake_at(self._services, run)
        if due is not None and due > self._services.clock.now():
            self._later(run, due)
        return due is not None and due <= self._services.clock.now()

    def _later(self, run: str, at: int) -> None:
        with self._lock:
            heapq.heappush(self._due, (at, run))

    def _sweep(self) -> None:
        """What a server on this store left without a word: whether it lives, its lock tells."""
        known = {row.id: row for row in self._board.runs() if not row.conclusion}
        self._looked = {run: seq for run, seq in self._looked.items() if run in known}
        for row in known.values():
            with self._lock:
                taken = row.id in self._taken
            if not taken and self._is_ours(row) and self._looked.get(row.id) != row.seq:
                self._park(row)

    def _turn(self) -> None:
        swept = self._services.clock.monotonic()
        while not self._stopping.wait(TURN):
            if self._services.clock.monotonic() - swept >= SWEEP:
                self._sweep()
                swept = self._services.clock.monotonic()
            now = self._services.clock.now()
            while True:
                with self._lock:
                    if not self._due or self._due[0][0] > now:
                        break
                    _, run = heapq.heappop(self._due)
                row = self._board.run(run)
                if row is None or not row.conclusion:
                    self.wake(run)
