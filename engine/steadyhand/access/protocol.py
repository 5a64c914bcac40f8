"""A small store of cells that may be changed and deleted: accounts, sessions, tokens, counters, single-use keys.

It is not the journal. What people did stands in the journal; here stands what must be looked up quickly and can be
taken away again, such as the hash of a password. Every implementation passes tests/access/test_protocol.py. A cell
that has expired is not there, for every method. Times are microseconds (UTC).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

Now = Callable[[], int]
"""Where a store takes the time from."""


def wall() -> int:
    """The time of this machine."""
    return time.time_ns() // 1000


class Cells(Protocol):
    """Bytes by kind and key. What returns has happened for good, for every process that shares the store."""

    def get(self, kind: str, key: str) -> bytes | None:
        """The value of a cell, or None."""

    def put(self, kind: str, key: str, value: bytes, expires: int = 0, only_new: bool = False) -> bool:
        """Write a cell; with `only_new` only where there is none. Whether it was written."""

    def swap(self, kind: str, key: str, before: bytes | None, after: bytes, expires: int = 0) -> bool:
        """Write a cell if its value is still `before` (None: if there is none). Whether it was written."""

    def take(self, kind: str, key: str) -> bytes | None:
        """The value of a cell, which is gone with this: of several who take, one gets it."""

    def delete(self, kind: str, key: str) -> bool:
        """Remove a cell; whether there was one."""

    def list(self, kind: str) -> tuple[tuple[str, bytes], ...]:
        """All cells of a kind, as (key, value), by key."""

    def prune(self, now: int) -> int:
        """Remove what had expired by then; how many cells."""

    def close(self) -> None:
        """Let go of files and connections."""
