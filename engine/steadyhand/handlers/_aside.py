"""Work of a library that cannot be interrupted, done beside the attempt's own thread; and hands for one delivery.

Called by _deliver, _mail and _reach. Each channel is told with hands of its own: output of a service is kept from the
run's artifacts, one delivery has a bounded time, and what was revealed for it is taken out of what is said about it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ..errors import Cancelled, TimedOut
from ..model import MASK, Secret, Text
from .protocol import Hands

T = TypeVar("T")
READABLE = 256 * 1024
"""Bytes of a service's answer that are read."""
SHORTEST = 4
"""Characters of a secret that is taken out of a text."""
LEAVE = 0.05
"""Seconds that abandoned work is waited for, so that it usually leaves nothing behind."""


class Kept:
    """A sink that keeps the beginning of what comes in memory, for nobody else."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self.size += len(data)
        self._data += data[: max(0, READABLE - len(self._data))]

    def text(self, limit: int = READABLE) -> str:
        """What came."""
        return bytes(self._data[:limit]).decode("utf-8", "replace")


class Aside:
    """Hands for one try at one channel, with `seconds` at most."""

    def __init__(self, hands: Hands, seconds: float) -> None:
        self.environment: Mapping[str, str] = hands.environment
        self.cwd = hands.cwd
        self._hands = hands
        self._over = time.monotonic() + seconds
        self._revealed: set[str] = set()
        self.cancelled = hands.cancelled
        self.on_cancel = hands.on_cancel

    def remaining(self) -> float:
        """Seconds until this try, or the attempt, is over."""
        return min(self._hands.remaining(), self._over - time.monotonic())

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past a cancellation."""
        return self._hands.wait(min(seconds, self.remaining()))

    def sink(self, name: str) -> Kept:
        """A sink of its own."""
        del name
        return Kept()

    def reveal(self, value: Text | str) -> str:
        """The text with its secrets in it."""
        if isinstance(value, str):
            return value
        return "".join(self.secret(part.name) if isinstance(part, Secret) else part.text for part in value.parts)

    def secret(self, name: str) -> str:
        """The value of one secret."""
        found = self._hands.secret(name)
        self._revealed.add(found)
        return found

    def masked(self, text: str) -> str:
        """A text without the secrets that were revealed here: a service may well repeat its token in a refusal."""
        known = {part for value in self._revealed for part in (value, value.rstrip("/").rpartition("/")[2])}
        for secret in sorted(known, key=len, reverse=True):
            if len(secret) >= SHORTEST:
                text = text.replace(secret, MASK)
        return text


class Beside(Generic[T]):
    """One piece of work in a thread of its own; abandoned when time is over or the attempt is told to stop.

    The work asks `gone()` before what cannot be taken back: after that said true, nobody waits for it any more.
    """

    def __init__(self, hands: Aside, close: Callable[[], None]) -> None:
        self._hands = hands
        self._close = close
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._gone = False
        self._ended: tuple[T | None, BaseException | None] | None = None
        self.committed = False

    def gone(self) -> bool:
        """Whether nobody waits any more. If somebody does, the work is committed: it may have its effect."""
        with self._lock:
            self.committed = not self._gone
            return self._gone

    def run(self, work: Callable[[], T], what: str) -> T:
        """Do it. Raises what the work raises, Cancelled, or TimedOut with `what` could not be done in time."""
        thread = threading.Thread(target=self._work, args=(work,), daemon=True)
        thread.start()
        self._hands.on_cancel(self._wake.set)
        while self._ended is None:
            if self._hands.cancelled() or self._hands.remaining() <= 0:
                raise self._left(thread, what)
            self._wake.wait(self._hands.remaining())
        result, problem = self._ended
        if problem is not None:
            raise problem
        return result  # type: ignore[return-value]  # it ended without a problem, so this is what it returned

    def _work(self, work: Callable[[], T]) -> None:
        ended: tuple[T | None, BaseException | None]
        try:
            ended = (work(), None)
        except BaseException as problem:  # noqa: BLE001 told in the attempt's thread
            ended = (None, problem)
        self._ended = ended
        self._wake.set()

    def _left(self, thread: threading.Thread, what: str) -> Cancelled | TimedOut:
        with self._lock:
            self._gone = True
        with suppress(Exception):
            self._close()
        thread.join(LEAVE)
        if self._hands.cancelled():
            return Cancelled(f"it was told to stop: {what}", unsure=self.committed)
        return TimedOut(f"{what} in time", "give the step a longer `timeout:`", unsure=self.committed)


def lent(hands: Hands, seconds: float) -> Any:
    """Hands for one try, where the seam's own are asked for."""
    return Aside(hands, seconds)
