"""What the driver needs from outside, as narrow doors: so that time, people and the display can be replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from ..core.answers import Answer
from ..events import GateOpened, Recorded
from ..handlers.protocol import Handler
from ..journal.protocol import Journal
from ..model import Ability, HandlerSpec
from ..schema import Changes


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> int:
        """Microseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class People(Protocol):
    """Those who can be asked here and now, such as the person at this terminal."""

    def present(self) -> bool:
        """Whether anybody can be asked. When not, a run that waits for people is left to wait."""

    def ask(self, gate: GateOpened, deliver: Callable[[Answer], None]) -> None:
        """Put a question without waiting for the answer; `deliver` may be called later, from any thread."""

    def withdraw(self, gate: str) -> None:
        """The question is settled elsewhere."""


class Nobody:
    """Nobody is here: every question waits in the journal."""

    def present(self) -> bool:
        """Never."""
        return False

    def ask(self, gate: GateOpened, deliver: Callable[[Answer], None]) -> None:
        """Leave it to the journal."""

    def withdraw(self, gate: str) -> None:
        """Nothing was asked."""


class Observer(Protocol):
    """Whoever watches a run live. Called in the driver's threads: be quick, and never raise."""

    def happened(self, recorded: Recorded) -> None:
        """An event is durable."""

    def output(self, path: str, stream: str, data: bytes) -> None:
        """A running attempt has printed something (redacted)."""


class Unobserved:
    """Nobody watches."""

    def happened(self, recorded: Recorded) -> None:
        """Nothing to show."""

    def output(self, path: str, stream: str, data: bytes) -> None:
        """Nothing to show."""


class Ports(Struct, frozen=True):
    """The doors of one driver."""

    journal: Journal
    specs: Mapping[str, HandlerSpec]
    handler: Callable[[str], Handler]
    environ: Mapping[str, str]
    cwd: str
    actor: str
    host: str
    clock: Clock
    changes: Changes = Changes()
    """The bounds that all changes keep, as the settings have them now."""
    lock: str = ""
    """Where the locks of live drivers lie: the store's path, or '' for a store in memory."""
    ability: Callable[[], Ability] | None = None
    """By what this machine can confine a read; asked only when one is to be. None: nothing is confined."""
