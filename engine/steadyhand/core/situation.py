"""What the functions of the decider share while they look at one state: the runbook here, the state, the mode.

Pure, made anew for every survey. `awaited` collects the timers that are met on the way.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from ..model import Call, Diagnose, Do, Effect, Gate, Mode, Parallel, Runbook, Step
from . import actions as a
from .locks import key_of
from .paths import entry
from .state import State
from .tables import DID_NOT_HAPPEN, HAPPENED, Phase


class Done(Struct, frozen=True):
    """A step, or a part of one, has this outcome. `to` is the next step where the step itself names it."""

    outcome: str
    to: str = ""


Progress = Done | tuple[a.Action, ...]
"""Done, or what is wanted now; an empty tuple waits for something that is already on its way."""


class Situation(Struct, frozen=True):
    """A state, seen with its runbook. `entered` is the event number at which control came to the step."""

    runbook: Runbook
    state: State
    mode: Mode
    entered: int = 0
    awaited: set[str] = field(default_factory=set)

    def inside(self, entered: int) -> Situation:
        """The same, at a step entered with that event."""
        return replace(self, entered=entered)

    def within(self, called: Runbook) -> Situation:
        """The same, inside a called runbook."""
        return replace(self, runbook=called)

    @property
    def current(self) -> str:
        """The step where control stands in the run's own runbook."""
        scope = self.state.scopes.get("")
        return scope.current if scope else ""

    def asks(self, step: Step, path: str = "") -> Gate | None:
        """The gate that a person must open before this step acts, or None.

        A declared gate asks in every mode but a dry run (and but `auto`, where it allows that, unless there is
        something about the change that a person should know). A change without one is asked for all the same. Mode
        `step` asks before everything that acts.
        """
        if self.mode is Mode.DRY_RUN:
            return None
        if step.gate is not None:
            unasked = self.mode is Mode.AUTO and step.gate.auto and self.lock_key(path) not in self.state.cautions
            return None if unasked else step.gate
        body = step.body
        if isinstance(body, Do) and body.operation.effect is not Effect.READ:
            return Gate()
        return Gate() if self.mode is Mode.STEP and isinstance(body, (Do, Call, Diagnose, Parallel)) else None

    def lock_key(self, path: str) -> str:
        """What the locks of the step at `path` are kept under while control is there this time."""
        return key_of(path, entry(self.state, path))

    def in_doubt(self) -> tuple[str, ...]:
        """The paths of changes of which nobody knows whether they happened."""
        return tuple(sorted(path for path in self.state.leaves if self._doubtful(path)))

    def _doubtful(self, path: str) -> bool:
        known = self.state.leaves[path]
        if known.effect == "read" or not (known.unsure or known.phase is Phase.INTERRUPTED):
            return False
        gate = self.state.gates.get(f"{path}:doubt")
        return gate is None or gate.seq < known.seq or gate.result not in {HAPPENED, DID_NOT_HAPPEN}
