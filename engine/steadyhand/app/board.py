"""What the server knows by heart: a row for each run and each alert, kept up to date from the journal.

Called by the hub, which tells what has grown; read by pages, by the API, by whoever drives and routes. Bounded: what is
over is forgotten when there is too much of it (the journal still has it).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from .. import events as e
from ..alerts.state import AlertState, fold_alert
from ..errors import SteadyError
from ..journal.protocol import Head, Journal
from ..model import Runbook
from ..projections.rows import RunRow, fold_row

RUNS, ALERTS = 2_000, 20_000
"""How many runs that are over, and how many alerts, are kept in memory."""


class About(Struct, frozen=True):
    """What the runbook of a run says of itself."""

    title: str = ""
    severity: str = ""
    services: tuple[str, ...] = ()
    owner: str = ""


class Grown(Struct, frozen=True):
    """A stream has grown by these events."""

    stream: str
    events: tuple[e.Recorded, ...]


class Board:
    """Rows by id. Reading is safe from any thread; `grew` is called by one."""

    def __init__(self, journal: Journal, read: Callable[[e.RunStarted], Runbook]) -> None:
        self._journal = journal
        self._read = read
        self._lock = threading.Lock()
        self._runs: dict[str, RunRow] = {}
        self._alerts: dict[str, AlertState] = {}
        self._about: dict[str, About] = {}
        self._abouts: dict[str, About] = {}

    def runs(self) -> tuple[RunRow, ...]:
        """All rows of runs, newest first."""
        with self._lock:
            rows = tuple(self._runs.values())
        return tuple(sorted(rows, key=lambda row: (row.started_at, row.id), reverse=True))

    def run(self, run: str) -> RunRow | None:
        """The row of a run, if it is known by heart."""
        return self._runs.get(run)

    def alerts(self) -> tuple[AlertState, ...]:
        """All alerts, the one of which something was heard last first."""
        with self._lock:
            rows = tuple(self._alerts.values())
        return tuple(sorted(rows, key=lambda row: (row.at, row.stream), reverse=True))

    def alert(self, stream: str) -> AlertState | None:
        """An alert by the name of its stream."""
        return self._alerts.get(stream)

    def about(self, run: str) -> About:
        """What the runbook of a run says of itself."""
        return self._about.get(run, About())

    def load(self, heads: Iterable[Head]) -> None:
        """At start: every run that is not over, the newest of those that are, every alert that is remembered."""
        over = known = 0
        for head in sorted(heads, key=lambda head: (head.created, head.stream), reverse=True):
            if head.stream.startswith(e.ALERTS):
                known += 1
                if known <= ALERTS:
                    self.grew(head)
            elif head.stream.startswith("r") and ":" not in head.stream:
                is_over = self._is_over(head)
                over += is_over
                if not is_over or over <= RUNS:
                    self.grew(head)

    def _is_over(self, head: Head) -> bool:
        last = self._journal.read(head.stream, head.seq - 1)
        return bool(last) and isinstance(last[-1].event, e.RunConcluded)

    def grew(self, head: Head) -> Grown:
        """Read what is new in a stream, and put it on the board. Raises JournalError."""
        stream = head.stream
        if stream.startswith(e.ALERTS):
            alert = self._alerts.get(stream, AlertState())
            new = self._journal.read(stream, alert.seq)
            self._put(self._alerts, stream, fold_alert(new, alert), ALERTS)
            return Grown(stream, new)
        if ":" in stream or not stream.startswith("r"):
            return Grown(stream, self._journal.read(stream, max(head.seq - 1, 0)))
        row = self._runs.get(stream, RunRow())
        new = self._journal.read(stream, row.seq)
        if new and isinstance(new[0].event, e.RunStarted):
            self._about[stream] = self._tell(new[0].event)
        self._put(self._runs, stream, fold_row(new, row), RUNS)
        return Grown(stream, new)

    def _put(
        self, rows: dict[str, RunRow] | dict[str, AlertState], key: str, row: RunRow | AlertState, most: int
    ) -> None:
        with self._lock:
            rows[key] = row  # type: ignore[assignment]  # each caller gives its own kind
            excess = len(rows) - most
            for one in list(_oldest(rows)) if excess > most // 10 else ():
                rows.pop(one, None)
                self._about.pop(one, None)
                excess -= 1
                if not excess:
                    break

    def _tell(self, started: e.RunStarted) -> About:
        known = self._abouts.get(started.digest)
        if known is None:
            try:
                runbook = self._read(started)
            except SteadyError:
                return About(started.runbook)
            severity = runbook.severity.value if runbook.severity else ""
            known = About(runbook.title, severity, runbook.services, runbook.owner)
            if len(self._abouts) >= RUNS:
                self._abouts.clear()
            self._abouts[started.digest] = known
        return known


def _oldest(rows: dict[str, RunRow] | dict[str, AlertState]) -> Iterator[str]:
    """What may be forgotten, that of which nothing was heard for longest first: never a run that is not over, nor an
    alert of which nobody has decided what comes of it.
    """
    for key, row in sorted(rows.items(), key=lambda one: one[1].at):
        over = bool(row.conclusion) if isinstance(row, RunRow) else isinstance(row, AlertState) and not row.undecided
        if over:
            yield key
