"""The access store in memory: the honest twin of the one on disk, for tests and for a store that is thrown away."""

from __future__ import annotations

import threading

from .protocol import Now, wall


class MemoryCells:
    """Cells in a dictionary, under one lock."""

    def __init__(self, now: Now = wall) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._cells: dict[tuple[str, str], tuple[bytes, int]] = {}

    def _standing(self, kind: str, key: str) -> bytes | None:
        """The value of a cell that has not expired. Under the lock."""
        value, expires = self._cells.get((kind, key), (None, 0))
        return None if expires and expires <= self._now() else value

    def get(self, kind: str, key: str) -> bytes | None:
        """The value of a cell."""
        with self._lock:
            return self._standing(kind, key)

    def put(self, kind: str, key: str, value: bytes, expires: int = 0, only_new: bool = False) -> bool:
        """Write a cell."""
        with self._lock:
            if only_new and self._standing(kind, key) is not None:
                return False
            self._cells[kind, key] = (bytes(value), expires)
            return True

    def swap(self, kind: str, key: str, before: bytes | None, after: bytes, expires: int = 0) -> bool:
        """Write a cell if its value is still `before`."""
        with self._lock:
            if self._standing(kind, key) != before:
                return False
            self._cells[kind, key] = (bytes(after), expires)
            return True

    def take(self, kind: str, key: str) -> bytes | None:
        """The value of a cell, which is gone with this."""
        with self._lock:
            value = self._standing(kind, key)
            self._cells.pop((kind, key), None)
            return value

    def delete(self, kind: str, key: str) -> bool:
        """Remove a cell."""
        return self.take(kind, key) is not None

    def list(self, kind: str) -> tuple[tuple[str, bytes], ...]:
        """All cells of a kind."""
        with self._lock:
            keys = sorted(key for held, key in self._cells if held == kind)
            return tuple((key, value) for key in keys if (value := self._standing(kind, key)) is not None)

    def prune(self, now: int) -> int:
        """Remove what had expired by then."""
        with self._lock:
            gone = [name for name, (_, expires) in self._cells.items() if expires and expires <= now]
            for name in gone:
                del self._cells[name]
            return len(gone)

    def close(self) -> None:
        """Nothing to let go of."""
