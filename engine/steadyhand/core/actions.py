"""What the heart asks for. The counterpart of events: the driver performs an action and appends what came of it.

Three kinds. *Perform*: hands do something, and the intent is durable first. *Await*: the world answers later.
*Record*: a fact that follows from what is known; the driver fills in what only rendering can tell, and appends it.

Every action is answered by exactly one intent event; once that is in the journal, the action is not asked for again.
"""

from __future__ import annotations

from msgspec import Struct


class StartStep(Struct, frozen=True):
    """Perform: one attempt of the operation at `path`. `gate` is the id of the gate whose yes is used, or ''.

    Intent: step.intended (or step.settled with attempt 0 when it cannot be rendered, or gate.closed void when the
    plan is not the approved one). Answer: step.settled or step.interrupted.
    """

    path: str
    attempt: int
    gate: str = ""


class CancelStep(Struct, frozen=True):
    """Perform: stop a running attempt. Intent: step.cancel_requested. Answer: step.settled."""

    path: str
    attempt: int
    reason: str


class OpenGate(Struct, frozen=True):
    """Await: put a question to people. `kind` is confirm, choose, ask, manual or doubt. Intent: gate.opened
    (or step.settled with attempt 0 when what it asks for cannot be rendered). Answers: gate.answered.
    """

    gate: str
    path: str
    kind: str


class TakeLocks(Struct, frozen=True):
    """Await: lock the targets of a change. Intent: locks.wanted (or step.settled with attempt 0 when the change cannot
    be rendered, or caution.raised when a person should be asked first). Answers: locks.refused, locks.taken.
    """

    path: str
    targets: tuple[str, ...]


class ReleaseLocks(Struct, frozen=True):
    """Record: a change is over with all that belongs to it. Event: locks.released."""

    path: str
    outcome: str


class SetTimer(Struct, frozen=True):
    """Await: time passes until `due`. Intent: timer.set. Answer: timer.fired."""

    key: str
    due: int


class EnterStep(Struct, frozen=True):
    """Record: control moves to the step at `path`. Event: step.entered."""

    path: str
    visit: int
    came_from: str = ""
    outcome: str = ""


class ExpandEach(Struct, frozen=True):
    """Record: find the items of a wave. Event: each.expanded (or step.settled with attempt 0)."""

    path: str


class StartCall(Struct, frozen=True):
    """Record: render the inputs of a called runbook. Event: call.started (or step.settled with attempt 0)."""

    path: str
    runbook: str


class ComputeFacts(Struct, frozen=True):
    """Record: render the facts of a `set` step. Event: facts.set (or step.settled with attempt 0)."""

    path: str


class CloseGate(Struct, frozen=True):
    """Record: a question is settled. Event: gate.closed."""

    gate: str
    opening: int
    result: str
    reason: str = ""


class EndScope(Struct, frozen=True):
    """Record: a called runbook or a branch has ended. Event: scope.ended."""

    path: str
    conclusion: str
    came_from: str
    outcome: str


class Escalate(Struct, frozen=True):
    """Record: the escalation's time has come. Event: escalation.raised."""


class Conclude(Struct, frozen=True):
    """Record: the run ends. Event: run.concluded."""

    conclusion: str
    came_from: str = ""
    outcome: str = ""
    reason: str = ""
    in_doubt: tuple[str, ...] = ()


Action = (
    StartStep
    | CancelStep
    | OpenGate
    | TakeLocks
    | ReleaseLocks
    | SetTimer
    | EnterStep
    | ExpandEach
    | StartCall
    | ComputeFacts
    | CloseGate
    | EndScope
    | Escalate
    | Conclude
)
