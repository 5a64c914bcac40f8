"""How often somebody may ask: a bucket for each address, or each person, which fills again with time.

In memory, and for this process alone: it keeps one client from taking the server from all others. Who tries passwords
is held up by the counts in the access store, which all processes share and which outlive them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

MOST = 10_000
"""Buckets that are kept; the one that was used longest ago goes first."""


class Rate(Struct, frozen=True):
    """So many at once, and so many a minute."""

    at_once: int
    a_minute: float


SIGN_IN = Rate(60, 60)
"""Asking for the page, sending a password, coming back from the provider: by address."""
CHANGES = Rate(120, 300)
"""What is not a read, by whoever is known."""
STRANGERS = Rate(120, 300)
"""Anything, by address, of those who are not known."""


class Buckets:
    """One bucket for each key."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Take one out; 0, or the seconds until there is one again."""
        per_second = self._rate.a_minute / 60
        with self._lock:
            now = self._monotonic()
            level, at = self._held.pop(key, (float(self._rate.at_once), now))
            level = min(self._rate.at_once, level + (now - at) * per_second)
            enough = level >= 1
            self._held[key] = (level - 1 if enough else level, now)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
            return 0.0 if enough else (1 - level) / per_second
