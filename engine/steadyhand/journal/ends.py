"""The ends of streams as a process has seen them last, so that an append need not ask. Called by `postgresql`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from ..events import GENESIS

KNOWN = 10_000
"""How many heads are kept in mind."""


class End(NamedTuple):
    """The end of a stream, as far as an append needs to know it."""

    seq: int
    hash: bytes
    epoch: int
    at: int


START = End(0, GENESIS, 0, 0)


class Ends:
    """The ends of the streams that were seen last. They may be old: an append notices, and asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, End] = OrderedDict()

    def get(self, stream: str) -> End | None:
        """The end of a stream, if it was seen."""
        with self._lock:
            return self._kept.get(stream)

    def put(self, stream: str, end: End) -> None:
        """It was seen."""
        with self._lock:
            self._kept[stream] = end
            self._kept.move_to_end(stream)
            if len(self._kept) > KNOWN:
                self._kept.popitem(last=False)

    def forget(self, stream: str) -> None:
        """It has moved."""
        with self._lock:
            self._kept.pop(stream, None)
