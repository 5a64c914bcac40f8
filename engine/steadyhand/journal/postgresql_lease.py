"""One live driver for a run, by advisory locks of PostgreSQL: the server frees them when the holder's session ends.

All locks of a process are held by one session of its own, which a thread keeps alive. When the session is lost (the
database was restarted, the network was down), the locks are taken again as soon as it is back. Somebody may have been
faster; then this process is fenced by the journal's epoch at its next append, as ever.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress

from ..errors import JournalError
from .connections import OPENING, Address, Pool, Wire

BEAT = 5.0
"""Seconds between two looks whether the session still stands."""
UNTOLD = "whether another process drives the run cannot be told"
TAKE = "SELECT pg_try_advisory_lock(%s)"
DROP = "SELECT pg_advisory_unlock(%s)"
NAME = "SELECT set_config('application_name', %s, false)"
WHO = """
SELECT coalesce(nullif(a.application_name, ''), 'another process')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = %s::bigint::oid
  AND l.objid = %s::bigint::oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def key_of(stream: str) -> int:
    """The lock of a stream: 64 bits with a sign."""
    return int.from_bytes(hashlib.sha256(f"steadyhand lease {stream}".encode()).digest()[:8], "big", signed=True)


class _SessionLease:
    def __init__(self, drop: Callable[[], None]) -> None:
        self._drop: Callable[[], None] | None = drop

    def release(self) -> None:
        """Let others drive."""
        drop, self._drop = self._drop, None
        if drop is not None:
            drop()


class SessionLeases:
    """The locks that this process holds, and a look at those of others."""

    def __init__(self, url: str, beat: float = BEAT) -> None:
        self._session = Pool(Address(url), 1, self._retake)
        self._beat = beat
        self._lock = threading.Lock()
        self._held: dict[str, str] = {}
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    def acquire(self, stream: str, who: str) -> _SessionLease | None:
        """The right to drive a run, or None when another process has it, or another thread of this one."""
        with self._lock:
            if stream in self._held:
                return None

            def take(wire: Wire) -> bool:
                wire.execute(NAME, (_named(who),))
                row = wire.execute(TAKE, (key_of(stream),)).fetchone()
                return bool(row and row[0])

            if not self._session.patiently(take, UNTOLD, OPENING):
                return None
            self._held[stream] = who
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="leases", daemon=True)
                self._keeper.start()
        return _SessionLease(lambda: self._drop(stream))

    def _drop(self, stream: str) -> None:
        """Free a lock. Where the session is gone, the server has freed it."""
        with self._lock:
            if self._held.pop(stream, None) is not None:
                with suppress(JournalError):
                    self._session.patiently(lambda wire: wire.execute(DROP, (key_of(stream),)), UNTOLD, 0)

    def holder(self, stream: str) -> str:
        """Who drives the run right now, on any machine; '' when nobody does."""
        key = key_of(stream) & (1 << 64) - 1
        halves = (key >> 32, key & 0xFFFF_FFFF)
        with self._lock:
            row = self._session.patiently(lambda wire: wire.execute(WHO, halves).fetchone(), UNTOLD, OPENING)
        return str(row[0]) if row else ""

    def _retake(self, wire: Wire) -> None:
        """A new session takes what the lost one held. What somebody else has by now is his."""
        for stream, who in self._held.items():
            wire.execute(NAME, (_named(who),))
            wire.execute(TAKE, (key_of(stream),))

    def _keep(self) -> None:
        """Notice that the session is lost, and take the locks again."""
        while not self._stopping.wait(self._beat):
            with self._lock, suppress(JournalError):  # it is tried again at the next beat
                if self._held:
                    self._session.patiently(lambda wire: wire.execute("SELECT 1"), UNTOLD, 0)

    def close(self) -> None:
        """Let go of everything."""
        self._stopping.set()
        with self._lock:
            self._held.clear()
            self._session.close()
        if self._keeper is not None:
            self._keeper.join()


def _named(who: str) -> str:
    return who.encode("utf-8", "backslashreplace").decode().replace("\0", "")
