"""The hands of a preflight: they look, and keep nothing. Lent by the desk before a run, one for each plan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from ..errors import Refused
from ..handlers.connections import Connections, T
from ..handlers.protocol import still
from ..model import PASS, Secret, Text, Verdict
from .secrets import SecretStore

PATIENCE = 10.0
"""Seconds that one look may take."""


class Nowhere:
    """A sink that counts what comes and lets it go."""

    size = 0

    def write(self, data: bytes) -> None:
        """Count it."""
        self.size += len(data)

    def text(self, limit: int = 0) -> str:
        """Nothing was kept."""
        del limit
        return ""


class LookingHands:
    """Hands for one look. Secrets are looked up when a login needs them; connections are shared by all looks."""

    def __init__(
        self,
        secrets: SecretStore,
        connections: Connections,
        environment: Mapping[str, str],
        cwd: str,
        patience: float = PATIENCE,
    ) -> None:
        self.environment = environment
        self.cwd = cwd
        self.confine = ""
        self._secrets = secrets
        self._connections = connections
        self._over = time.monotonic() + patience
        self._told = threading.Event()

    def remaining(self) -> float:
        """Seconds until the look is over."""
        return self._over - time.monotonic()

    def cancelled(self) -> bool:
        """Nobody stops a look; its time ends it."""
        return self._told.is_set()

    def on_cancel(self, call: Callable[[], None]) -> None:
        """Nothing will call."""

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past the end of the look."""
        return self._told.wait(max(0.0, min(seconds, self.remaining())))

    def sink(self, name: str) -> Nowhere:
        """What comes is let go."""
        del name
        return Nowhere()

    def reveal(self, value: Text | str) -> str:
        """The text with its secrets in it."""
        if isinstance(value, str):
            return value
        return "".join(self.secret(p.name) if isinstance(p, Secret) else p.text for p in value.parts)

    def secret(self, name: str) -> str:
        """The value of one secret."""
        return self._secrets.reveal(name)

    def child(self, pid: int) -> None:
        """A look leaves no process behind."""

    def artifact(self, name: str, content: BinaryIO) -> str:
        """A look keeps nothing."""
        del content
        raise Refused(f"{name} cannot be kept: this is only a look")

    def shared(
        self, key: str, make: Callable[[], T], close: Callable[[T], None], alive: Callable[[T], bool] = still
    ) -> T:
        """What all looks share under a key."""
        return self._connections.get(key, make, close, alive, cancelled=self.cancelled, remaining=self.remaining)

    def judge(self, values: Mapping[str, Any]) -> Verdict:
        """Nothing is judged by looking."""
        del values
        return Verdict(PASS, "")
