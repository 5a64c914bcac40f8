"""The seam that every handler attaches at: a pure half that plans, and a half with hands that performs.

A handler is any object (often a module) with these members. It never reads the mode of a run, never asks a person,
and never judges: it returns what it saw, and expectations decide. It is called in a thread of its own, so plain
blocking code is right, as long as it watches `hands`. Third-party handlers are found through the entry-point group
`steadyhand.handlers`; the built-in ones use the same seam.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Protocol, TypeVar, runtime_checkable

from ..model import HandlerSpec, Need, Plan, Result, Target, Text, Verdict

T = TypeVar("T")


def still(_: object) -> bool:
    """Nothing tells whether it has died, so it is taken to be alive."""
    return True


class Sink(Protocol):
    """Where a stream of output goes: redacted, kept as an artifact up to the limit, shown live. Constant memory."""

    def write(self, data: bytes) -> None:
        """Take bytes as they come; a secret split over two calls is found."""

    def text(self, limit: int = 1024 * 1024) -> str:
        """What came so far as text (UTF-8, undecodable bytes kept as surrogates), at most `limit` bytes of it."""

    @property
    def size(self) -> int:
        """How many bytes came."""


class Hands(Protocol):
    """What the driver lends to a handler for one attempt."""

    environment: Mapping[str, str]
    """Variables to hand to whatever is started: STEADY_RUN, STEADY_STEP, STEADY_VISIT, STEADY_ATTEMPT, STEADY_FENCE."""

    cwd: str
    """The folder that relative paths are read from."""

    confine: str
    """By what a program that is started must be held to reading; '' for by nothing. Only for handlers that declare
    `Capabilities(confine=True)`; whatever starts the program does it (_process)."""

    def remaining(self) -> float:
        """Seconds until the attempt's time is over (may be negative)."""

    def cancelled(self) -> bool:
        """Whether the attempt was told to stop."""

    def on_cancel(self, call: Callable[[], None]) -> None:
        """Have `call` run (in another thread) when the attempt is told to stop; at once if it already was."""

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past a cancellation; true if the attempt was told to stop."""

    def sink(self, name: str) -> Sink:
        """The sink for the stream of that name (stdout, stderr, body, ...)."""

    def reveal(self, value: Text | str) -> str:
        """The text with its secrets in it. Call it as late as can be, and keep the answer nowhere."""

    def secret(self, name: str) -> str:
        """The value of one secret."""

    def child(self, pid: int) -> None:
        """Tell that a process (leader of its own group) was started for this attempt."""

    def artifact(self, name: str, content: BinaryIO) -> str:
        """Keep a file as an artifact of the step; returns its SHA-256 (hex)."""

    def shared(
        self, key: str, make: Callable[[], T], close: Callable[[T], None], alive: Callable[[T], bool] = still
    ) -> T:
        """What all attempts of this run share under a key, such as a connection: made by `make` when there is none, or
        when `alive` says that it is not; closed when the run lets go. The key must name all that it depends on.
        """

    def judge(self, values: Mapping[str, Any]) -> Verdict:
        """What the step's own expectation says of these results, for what must be decided before it is too late (a
        transaction before its commit). The engine judges the final result again, as always.
        """


@runtime_checkable
class Handler(Protocol):
    """A step kind."""

    spec: HandlerSpec

    def plan(self, params: Mapping[str, Any], target: Target | None) -> Plan:
        """Pure. What would be done, from rendered parameters (texts are `Text` values). Raises BadInput."""

    def perform(self, plan: Plan, hands: Hands) -> Result:
        """Do it, once. Raises a HandlerError when it cannot tell what happened."""


@runtime_checkable
class Preflighted(Protocol):
    """A handler that can tell beforehand whether a plan could be carried out."""

    def preflight(self, plan: Plan, hands: Hands) -> list[Need]:
        """What the plan needs, and whether it holds. Changes nothing. May log in where the plan would, with the secrets
        that takes. What is unreachable is a Need that does not hold, not an exception.
        """


@runtime_checkable
class Rehearsed(Protocol):
    """A handler whose other side can say what a change would do without doing it (Kubernetes: `dryRun=All`)."""

    def dry_run(self, plan: Plan, hands: Hands) -> Result:
        """Ask the other side what the change would do. Changes nothing. Called in a dry run for a plan that is known
        in full; raises a HandlerError when the change would be refused.
        """


@runtime_checkable
class Permitted(Protocol):
    """A handler that can tell whether something is allowed, as `requires: {access: [{KIND: {...}}]}` asks it."""

    def access(self, asked: Mapping[str, Any], target: Target | None, hands: Hands) -> Need:
        """Whether what is asked is allowed right now. Changes nothing."""
