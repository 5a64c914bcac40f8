"""The hands lent to a handler for one attempt: cancellation, the time left, output, secrets, and children."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from ..core.recording import Job
from ..handlers.connections import Connections, T
from ..handlers.protocol import still
from ..model import Artifact, Text, Verdict
from .ports import Ports
from .redaction import Redactor
from .secrets import SecretStore
from .sinks import Spool


class AttemptHands:
    """Hands for one attempt. Made by the driver, used in the attempt's own thread; `cancel` is for any thread."""

    def __init__(
        self,
        ports: Ports,
        job: Job,
        *,
        confine: str = "",
        timeout: float,
        limit: int,
        environment: Mapping[str, str],
        redactor: Redactor,
        secrets: SecretStore,
        on_child: Callable[[int], None],
        on_output: Callable[[str, bytes], None],
        connections: Connections,
        verdict: Callable[[Mapping[str, Any]], Verdict],
    ) -> None:
        self._connections = connections
        self._verdict = verdict
        self.environment = environment
        self.cwd = ports.cwd
        self.confine = confine
        self._ports = ports
        self._job = job
        self._over = ports.clock.monotonic() + timeout
        self._limit = limit
        self._redactor = redactor
        self._secrets = secrets
        self._on_child = on_child
        self._on_output = on_output
        self._spools: dict[str, Spool] = {}
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._calls: list[Callable[[], None]] = []
        self._extra: list[Artifact] = []

    def remaining(self) -> float:
        """Seconds until the attempt's time is over."""
        return self._over - self._ports.clock.monotonic()

    def cancelled(self) -> bool:
        """Whether the attempt was told to stop."""
        return self._cancelled.is_set()

    def on_cancel(self, call: Callable[[], None]) -> None:
        """Have `call` run when the attempt is told to stop."""
        with self._lock:
            if not self._cancelled.is_set():
                self._calls.append(call)
                return
        call()

    def cancel(self) -> None:
        """Tell the attempt to stop. Returns at once; the handler takes its own time to end."""
        with self._lock:
            self._cancelled.set()
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past a cancellation."""
        return self._cancelled.wait(max(0.0, min(seconds, self.remaining())))

    def sink(self, name: str) -> Spool:
        """The sink for a stream of output."""
        spool = self._spools.get(name)
        if spool is None:
            spool = Spool(name, self._redactor, self._limit, self._on_output)
            self._spools[name] = spool
        return spool

    def reveal(self, value: Text | str) -> str:
        """The text with its secrets in it."""
        if isinstance(value, str):
            return value
        return "".join(self._secrets.reveal(part.name) if hasattr(part, "name") else part.text for part in value.parts)

    def secret(self, name: str) -> str:
        """The value of one secret."""
        return self._secrets.reveal(name)

    def child(self, pid: int) -> None:
        """A process was started for this attempt."""
        self._on_child(pid)

    def artifact(self, name: str, content: BinaryIO) -> str:
        """Keep a file as an artifact of the step."""
        sha256, size = self._ports.journal.put(content)
        self._extra.append(Artifact(name, size, sha256, sha256, size, ""))
        return sha256

    def shared(
        self, key: str, make: Callable[[], T], close: Callable[[T], None], alive: Callable[[T], bool] = still
    ) -> T:
        """What all attempts of this run share under a key."""
        return self._connections.get(key, make, close, alive, cancelled=self.cancelled, remaining=self.remaining)

    def judge(self, values: Mapping[str, Any]) -> Verdict:
        """What the step's own expectation says of these results."""
        return self._verdict(self.clean(dict(values)))

    def clean(self, values: dict[str, Any]) -> dict[str, Any]:
        """What a handler returned, without secrets."""
        found: dict[str, Any] = self._redactor.value(values)
        return found

    def notes(self) -> tuple[str, ...]:
        """What is to be said of output that could not be kept, and of secrets, once all streams are closed."""
        return (*(spool.note for spool in self._spools.values() if spool.note), *self._secrets.take_notes())

    def sizes(self) -> dict[str, int]:
        """How many bytes came on each stream."""
        return {name: spool.size for name, spool in self._spools.items()}

    def finish(self) -> tuple[Artifact, ...]:
        """Close all streams and keep what they gave."""
        kept = [spool.finish(self._ports.journal.put) for spool in self._spools.values()]
        return (*(artifact for artifact in kept if artifact is not None), *self._extra)
