"""A run as the pages show it, drawn once for each event that it has, however many look at it. Called from threads."""

from __future__ import annotations

import threading
from collections import OrderedDict

from msgspec import Struct

from ..core import State, fold
from ..errors import NotFound
from ..events import Recorded, RunStarted
from ..graph import Graph, build
from ..model import Runbook
from ..projections.sections import Transcript
from ..projections.transcript import draw
from . import watching
from .services import Services

MOST = 64
"""How many runs are kept as drawn."""


class View(Struct, frozen=True):
    """A run as of one event."""

    recorded: tuple[Recorded, ...]
    runbook: Runbook
    state: State
    transcript: Transcript
    graph: Graph

    @property
    def run(self) -> str:
        """The run's id."""
        return self.recorded[0].stream

    @property
    def seq(self) -> int:
        """The sequence number of the last event that is seen here."""
        return self.recorded[-1].seq


class Views:
    """Runs as drawn, those that were looked at last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, View] = OrderedDict()
        self._drawing: dict[str, threading.Lock] = {}

    def of(self, services: Services, run: str) -> View:
        """The run as of now. Raises NotFound, JournalError."""
        head = services.journal.head(run)
        if head is None or ":" in run:
            raise NotFound(f"there is no run {run}", "look for it in the list: /runs")
        with self._lock:
            known = self._kept.get(run)
            drawing = self._drawing.setdefault(run, threading.Lock())
        if known is not None and known.seq >= head.seq:
            return known
        with drawing:
            with self._lock:
                known = self._kept.get(run)
            if known is None or known.seq < head.seq:
                known = _after(services, run, known)
                self._keep(run, known)
        return known

    def _keep(self, run: str, view: View) -> None:
        with self._lock:
            self._kept[run] = view
            self._kept.move_to_end(run)
            while len(self._kept) > MOST:
                gone, _ = self._kept.popitem(last=False)
                self._drawing.pop(gone, None)


def _after(services: Services, run: str, known: View | None) -> View:
    """The run with all events that there are."""
    if known is None:
        recorded = services.journal.read(run)
        if not isinstance(recorded[0].event, RunStarted):
            raise NotFound(f"{run} is no run", "look for it in the list: /runs")
        runbook = watching.runbook_of(services, recorded)
        return View(recorded, runbook, fold(recorded), draw(recorded, runbook), build(runbook))
    new = services.journal.read(run, known.seq)
    recorded = (*known.recorded, *new)
    return View(recorded, known.runbook, fold(new, known.state), draw(recorded, known.runbook), known.graph)
