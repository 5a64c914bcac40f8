"""Can the server do its work right now? Asked by whoever sends requests to it, often, and by anybody: it tells little.

What it finds is told in words that name no path and no host; the details are in the log.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from typing import TYPE_CHECKING

from ..errors import SteadyError

if TYPE_CHECKING:
    from ..journal.protocol import Journal
    from .whole import Whole

PROBE = b"This is written to see whether the store can be written.\n" * 80
"""Kept as an artifact: the same content is the same file, so nothing grows."""
FRESH = 2.0
"""Seconds for which an answer holds, so that asking often costs nothing."""
PROMPT = 1.0
"""Seconds that a store may take for a probe."""
STUCK = 10.0
"""Seconds after which a hub that has not looked at the journal is taken for stuck."""
REMEMBERED = 30.0
"""Seconds for which an append that could not be written counts."""

log = logging.getLogger(__name__)


class Readiness:
    """Looks at the parts of a server."""

    def __init__(self, server: Whole) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._known: tuple[str, ...] = ()
        self._looked = -FRESH
        self._probe: Probe | None = None
        self._beat = (-1, time.monotonic())

    def reasons(self) -> tuple[str, ...]:
        """Why it is not ready, a sentence each; empty when it is."""
        if self._server.draining.is_set():
            return ("the server is about to end",)
        with self._lock:
            if time.monotonic() - self._looked >= FRESH:
                found = tuple(filter(None, (self._hub(), *self._parts(), self._store())))
                if found != self._known:
                    log.warning("not ready: %s", "; ".join(found)) if found else log.info("ready again")
                self._known, self._looked = found, time.monotonic()
            return self._known

    def _hub(self) -> str:
        hub = self._server.hub
        if not hub.alive:
            return "nobody follows the journal"
        if hub.trouble:
            return "the journal cannot be read"
        beat, since = self._beat
        if hub.beat != beat:
            self._beat = (hub.beat, time.monotonic())
        elif time.monotonic() - since > STUCK:
            return "nobody has looked at the journal for a while"
        return ""

    def _parts(self) -> tuple[str, ...]:
        """Each part of the server that says of itself whether it lives."""
        dead = (type(part).__name__ for part in self._server.parts if not getattr(part, "alive", True))
        return tuple(f"the {name.lower()} has stopped" for name in dead)

    def _store(self) -> str:
        journal = self._server.services.journal
        if journal.readonly:
            return "the store can only be read"
        trouble = str(getattr(journal, "trouble", ""))
        if trouble and time.monotonic() - getattr(journal, "failed", 0.0) < REMEMBERED:
            return "the last append could not be written"
        if self._probe is None:
            self._probe = Probe(journal)
        told = self._probe.said(PROMPT)
        if told is None:
            return "the store does not answer"
        self._probe = None
        if told and not self._known:
            log.warning("the store cannot be written: %s", told)
        return "the store cannot be written" if told else ""


class Probe:
    """Writes something to the store, in a thread of its own: a store that is away makes whoever writes wait long."""

    def __init__(self, journal: Journal) -> None:
        self._said = ""
        self._over = threading.Event()
        threading.Thread(target=self._write, args=(journal,), name="probe", daemon=True).start()

    def _write(self, journal: Journal) -> None:
        try:
            journal.put(io.BytesIO(PROBE))
        except SteadyError as problem:
            self._said = problem.message
        except Exception as problem:
            log.exception("the store could not be tried: a bug of ours")
            self._said = type(problem).__name__
        finally:
            self._over.set()

    def said(self, patience: float) -> str | None:
        """What is wrong, '' for nothing; None when that cannot be told yet."""
        return self._said if self._over.wait(patience) else None
