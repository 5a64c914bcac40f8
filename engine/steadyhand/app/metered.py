"""A journal that counts: how many appends, how long they took, when the last one went well, and what failed.

Stands before the server's journal, whatever kind that is, and changes nothing of what it does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

from ..errors import Fenced, HeadMoved, JournalError, SteadyError
from ..events import Event, Recorded
from ..journal.protocol import Append, Journal
from .metrics import QUICK, Metrics


class Metered:
    """Any journal, with figures."""

    def __init__(self, inner: Journal, metrics: Metrics) -> None:
        self._inner = inner
        self._appends = metrics.counter("steady_appends_total", "Appends to the journal that are durable.")
        self._events = metrics.counter("steady_events_total", "Events that these appends brought.")
        self._failures = metrics.counter(
            "steady_append_failures_total",
            "Appends that wrote nothing, by why (moved: somebody else was faster).",
            "why",
        )
        for why in ("moved", "fenced", "store"):
            self._failures.expect(why)
        self._seconds = metrics.histogram(
            "steady_append_seconds", "How long an append took until it was durable.", QUICK
        )
        self.last_success = time.monotonic()
        """When an append went well last (monotonic); the start, as long as there was none."""
        self.trouble = ""
        """Why the last append could not be written; '' when it could."""
        self.failed = 0.0
        """When that was (monotonic)."""
        metrics.reading(
            "steady_append_age_seconds", "Seconds since an append went well last (or since the start).", self._age
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _age(self) -> list[tuple[tuple[str, ...], float]]:
        return [((), max(0.0, time.monotonic() - self.last_success))]

    def append(
        self, stream: str, expected: int, events: Sequence[Event], *, actor: str, at: int, epoch: int
    ) -> tuple[Recorded, ...]:
        """Append as the journal does, and take note of how it went."""
        begun = time.monotonic()
        try:
            recorded = self._inner.append(stream, expected, events, actor=actor, at=at, epoch=epoch)
        except Exception as problem:
            self._failed(problem)
            raise
        self._went_well(recorded, begun)
        return recorded

    def append_all(self, appends: Sequence[Append]) -> tuple[tuple[Recorded, ...] | JournalError, ...]:
        """Append as the journal does, and take note of how each of them went."""
        begun = time.monotonic()
        try:
            came = self._inner.append_all(appends)
        except Exception as problem:
            self._failed(problem)
            raise
        for one in came:
            if isinstance(one, JournalError):
                self._failed(one)
            else:
                self._went_well(one, begun)
        return came

    def _went_well(self, recorded: tuple[Recorded, ...], begun: float) -> None:
        self.last_success = time.monotonic()
        self.trouble = ""
        self._seconds.observe(self.last_success - begun)
        self._appends.add()
        self._events.add(by=len(recorded))

    def _failed(self, problem: Exception) -> None:
        if isinstance(problem, HeadMoved | Fenced):
            self._failures.add("moved" if isinstance(problem, HeadMoved) else "fenced")
            return
        if isinstance(problem, ValueError):
            return  # what was given cannot be written down by any store
        self._failures.add("store")
        self.failed = time.monotonic()
        self.trouble = problem.message if isinstance(problem, SteadyError) else type(problem).__name__


def metered(inner: Journal, metrics: Metrics) -> Journal:
    """The journal, with figures."""
    return cast("Journal", Metered(inner, metrics))
