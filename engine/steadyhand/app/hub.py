"""Where the news meet: one thread sees what has grown in the journal, whoever wrote it, and tells all who listen.

Called by the server. Listeners are called in the hub's thread, one after the other: be quick, and never raise. Live
output is no part of the journal: it is handed on as it comes, and a short tail of it is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..errors import JournalError, SteadyError
from ..events import Recorded, StepInterrupted, StepSettled
from ..journal.protocol import Journal
from .board import Board, Grown

POLL = 0.05
"""Seconds between two looks at the journal, for what other processes have appended."""
TAIL = 8_192
"""Bytes of output that are kept of a step that runs."""
PATIENCE = 1.0
"""Seconds until the next look after the store could not be read."""

Listener = Callable[[Grown], None]
Tail = Callable[[str], None]

log = logging.getLogger(__name__)


class Hub:
    """What has grown, and what is printed right now."""

    def __init__(self, journal: Journal, board: Board) -> None:
        self._journal = journal
        self._board = board
        self._listeners: list[Listener] = []
        self._tails: dict[tuple[str, str], bytes] = {}
        self._on_output: list[Tail] = []
        self._lock = threading.Lock()
        self._poked = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._point = 0
        self.trouble = ""
        """Why the journal cannot be read right now; '' when it can."""
        self.beat = 0
        """How often the journal was looked at; it stands still when the hub does."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of everything that has grown; what comes back ends it."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._forget(self._listeners, listener)

    def listen_to_output(self, listener: Tail) -> Callable[[], None]:
        """Be told which run has just printed something; what comes back ends it."""
        with self._lock:
            self._on_output.append(listener)
        return lambda: self._forget(self._on_output, listener)

    def _forget(self, listeners: list[Listener] | list[Tail], listener: Listener | Tail) -> None:
        with self._lock:
            if listener in listeners:
                listeners.remove(listener)  # type: ignore[arg-type]  # it is in there

    def start(self) -> None:
        """Learn what there is, then follow. Raises JournalError when the store cannot be read."""
        self._point, heads = self._journal.grown(0)
        self._board.load(heads)
        self._thread = threading.Thread(target=self._follow, name="hub", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look one last time, and end."""
        self._stopping = True
        self._poked.set()
        if self._thread is not None:
            self._thread.join(10)

    @property
    def alive(self) -> bool:
        """Whether somebody follows the journal."""
        return self._thread is not None and self._thread.is_alive()

    def poke(self) -> None:
        """Something was appended in this very process: look now."""
        self._poked.set()

    def _follow(self) -> None:
        mark: object = None
        while not self._stopping:
            self._poked.wait(POLL)
            self._poked.clear()
            try:
                now = self._journal.mark()
                if now != mark:
                    self._look()
                    mark = now
                self.trouble = ""
            except JournalError as problem:
                if not self.trouble:
                    log.warning("the journal cannot be read: %s", problem.message)
                self.trouble = problem.message
                self._poked.wait(PATIENCE)
            self.beat += 1

    def _look(self) -> None:
        point, heads = self._journal.grown(self._point)
        for head in heads:
            try:
                grown = self._board.grew(head)
            except JournalError:
                raise
            except SteadyError as problem:
                log.warning("%s was passed over: %s", head.stream, problem.message)
                continue
            if grown.events:
                self._tell(grown)
        self._point = point

    def _tell(self, grown: Grown) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(grown)
            except Exception:
                log.exception("a listener failed on %s", grown.stream)

    # --- output

    def output(self, run: str, path: str, data: bytes) -> None:
        """A step of a run has printed something (redacted)."""
        with self._lock:
            self._tails[run, path] = (self._tails.get((run, path), b"") + data)[-TAIL:]
            listeners = list(self._on_output)
        for listener in listeners:
            listener(run)

    def settled(self, run: str, path: str) -> None:
        """A step of a run prints no more: its output is in the journal now."""
        with self._lock:
            self._tails.pop((run, path), None)

    def tails(self, run: str) -> dict[str, str]:
        """The last output of each step of a run that runs right now, by path."""
        with self._lock:
            found = {path: data for (one, path), data in self._tails.items() if one == run}
        return {path: data.decode("utf-8", "replace") for path, data in found.items()}


class Broadcast:
    """The observer of a run that the server drives: what happens and what is printed goes to the hub."""

    def __init__(self, hub: Hub, run: str) -> None:
        self._hub = hub
        self._run = run

    def happened(self, recorded: Recorded) -> None:
        """An event is durable."""
        self._run = recorded.stream
        if isinstance(recorded.event, StepSettled | StepInterrupted):
            self._hub.settled(recorded.stream, recorded.event.path)
        self._hub.poke()

    def output(self, path: str, stream: str, data: bytes) -> None:
        """A running attempt has printed something."""
        del stream
        self._hub.output(self._run, path, data)
