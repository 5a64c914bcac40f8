"""Hands for the tests of handler authors: real, small, and with a memory of what was asked of them.

Not for runs: nothing is redacted, nothing is kept. Used by the contract suite (contract.py) and by our own tests.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from ..expressions import judge
from ..model import PASS, Secret, Text, Verdict
from .connections import Connections, T
from .protocol import still

READABLE = 1024 * 1024
"""Bytes of a stream that are kept for `text`; the rest is counted and let go."""


class BenchSink:
    """A stream of output: its beginning, how much came, and the largest piece it came in."""

    def __init__(self, name: str, tap: Callable[[str, bytes], None] | None = None) -> None:
        self.name = name
        self.largest = 0
        self._tap = tap
        self._first = bytearray()
        self._size = 0

    @property
    def size(self) -> int:
        """How many bytes came."""
        return self._size

    def write(self, data: bytes) -> None:
        """Count the bytes, and keep the beginning."""
        self._size += len(data)
        self.largest = max(self.largest, len(data))
        if len(self._first) < READABLE:
            self._first += data[: READABLE - len(self._first)]
        if self._tap is not None:
            self._tap(self.name, data)

    def text(self, limit: int = READABLE) -> str:
        """The beginning of what came, at most `limit` bytes, undecodable bytes as lone surrogates."""
        return bytes(self._first[:limit]).decode("utf-8", "surrogateescape")


class BenchHands:
    """Hands for one attempt. `timeout` counts from now; `tap` is called with (stream, bytes) for all that comes.

    What a test may look at: `sinks`, `children` (process ids), `revealed` (names of secrets, in order), `artifacts`.
    """

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        secrets: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: str = ".",
        confine: str = "",
        tap: Callable[[str, bytes], None] | None = None,
        expect: str | Mapping[str, Any] | None = None,
        connections: Connections | None = None,
    ) -> None:
        self.connections = connections or Connections()
        self._expect = expect
        own = {"STEADY_RUN": "run-1", "STEADY_STEP": "step", "STEADY_ATTEMPT": "1", "STEADY_FENCE": "run-1:1"}
        self.environment: Mapping[str, str] = {**own, **(environment or {})}
        self.cwd = cwd
        self.confine = confine
        self.sinks: dict[str, BenchSink] = {}
        self.children: list[int] = []
        self.revealed: list[str] = []
        self.artifacts: dict[str, str] = {}
        self._secrets = dict(secrets or {})
        self._tap = tap
        self._over = time.monotonic() + timeout
        self._told = threading.Event()
        self._lock = threading.Lock()
        self._calls: list[Callable[[], None]] = []

    def remaining(self) -> float:
        """Seconds until the attempt's time is over."""
        return self._over - time.monotonic()

    def cancelled(self) -> bool:
        """Whether the attempt was told to stop."""
        return self._told.is_set()

    def on_cancel(self, call: Callable[[], None]) -> None:
        """Have `call` run when the attempt is told to stop; at once if it already was."""
        with self._lock:
            if not self._told.is_set():
                self._calls.append(call)
                return
        call()

    def cancel(self) -> None:
        """Tell the attempt to stop, from any thread."""
        with self._lock:
            self._told.set()
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past a cancellation; true if the attempt was told to stop."""
        return self._told.wait(max(0.0, min(seconds, self.remaining())))

    def sink(self, name: str) -> BenchSink:
        """The sink for the stream of that name."""
        return self.sinks.setdefault(name, BenchSink(name, self._tap))

    def reveal(self, value: Text | str) -> str:
        """The text with its secrets in it."""
        if isinstance(value, str):
            return value
        return "".join(self.secret(part.name) if isinstance(part, Secret) else part.text for part in value.parts)

    def secret(self, name: str) -> str:
        """The value of one secret; raises KeyError for one the test has not given."""
        self.revealed.append(name)
        return self._secrets[name]

    def shared(
        self, key: str, make: Callable[[], T], close: Callable[[T], None], alive: Callable[[T], bool] = still
    ) -> T:
        """What is shared under a key; give `connections` to share it between hands."""
        return self.connections.get(key, make, close, alive, cancelled=self.cancelled, remaining=self.remaining)

    def judge(self, values: Mapping[str, Any]) -> Verdict:
        """What `expect` says; a pass where there is none."""
        return judge(self._expect, values, dict(values)) if self._expect is not None else Verdict(PASS, "")

    def child(self, pid: int) -> None:
        """A process was started for this attempt."""
        self.children.append(pid)

    def artifact(self, name: str, content: BinaryIO) -> str:
        """A file was kept; returns its SHA-256 (hex)."""
        digest = hashlib.sha256(content.read()).hexdigest()
        self.artifacts[name] = digest
        return digest
