"""Things that all attempts of a run share, such as connections: made once for a key, made anew when they have died.

The driver keeps one of these for a run and closes it at the end; handlers reach it through `hands.shared`. Attempts
that ask for the same key at once wait for the first of them to make it, but not past their time or a cancellation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from ..errors import Cancelled, TimedOut

T = TypeVar("T")
LOOK = 0.05
"""Seconds between two looks at whether whoever waits was told to stop."""


class Connections:
    """Shared things by key. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._kept: dict[str, tuple[Any, Callable[[Any], None]]] = {}

    def get(
        self,
        key: str,
        make: Callable[[], T],
        close: Callable[[T], None],
        alive: Callable[[T], bool],
        *,
        cancelled: Callable[[], bool],
        remaining: Callable[[], float],
    ) -> T:
        """The thing of that key, alive. Raises what `make` raises, Cancelled or TimedOut when waiting took too long."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        while not lock.acquire(timeout=LOOK):
            if cancelled():
                raise Cancelled("told to stop while another step was connecting")
            if remaining() <= 0:
                raise TimedOut("another step was still connecting", "give the step a longer `timeout:`")
        try:
            kept = self._kept.get(key)
            if kept is not None and alive(kept[0]):
                found: T = kept[0]
                return found
            self._drop(key)
            made = make()
            self._kept[key] = (made, close)
            return made
        finally:
            lock.release()

    def close(self) -> None:
        """Close everything, the latest first: it may go through one that was there before. What cannot be closed is let
        go.
        """
        for key in reversed(list(self._kept)):
            self._drop(key)

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            with suppress(Exception):
                kept[1](kept[0])
