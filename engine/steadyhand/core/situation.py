"""What the functions of the decider share while they look at one state: the runbook here, the state, the mode.

Pure, made anew for every survey. `awaited` collects the timers that are met on the way.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from ..model import Call, Diagnose, Do, Effect, Gate, Mode, Parallel, Runbook, Step
from . import actions as a
from .locks import key_of
from .paths import entry, step_of
from .state import GateState, State
from .tables import DID_NOT_HAPPEN, HAPPENED, Phase


def changes(step: Step) -> bool:
    """Whether the step is an action that changes something."""
    return isinstance(step.body, Do) and step.body.operation.effect is not Effect.READ


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
        something about the change that a person should know, or its alert has gone quiet). A change without one is
        asked for all the same. Mode `step` asks before everything that acts.
        """
        if self.mode is Mode.DRY_RUN:
            return None
        if step.gate is not None:
            return None if self._unasked(step.gate, step, path) else step.gate
        if changes(step):
            return Gate()
        return Gate() if self.mode is Mode.STEP and isinstance(step.body, (Do, Call, Diagnose, Parallel)) else None

    def _unasked(self, gate: Gate, step: Step, path: str) -> bool:
        if self.mode is not Mode.AUTO or not gate.auto or self.lock_key(path) in self.state.cautions:
            return False
        if not changes(step):
            return True
        # What was asked once waits for its answer, though the alert may fire again; what has begun is not asked about.
        return path not in self.state.gates and (not self.state.alarm.quiet or self._begun(path))

    def _begun(self, path: str) -> bool:
        leaves = self.state.leaves
        return any(leaves[one].attempt for one in leaves if one == path or (step_of(one) == path and one[-1] == "]"))

    def overtaken(self, gate: GateState) -> bool:
        """Whether the alert has gone quiet since a question was put: what is answered to it is about something else."""
        return gate.seq < self.state.alarm.quiet_seq

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
