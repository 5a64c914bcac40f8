"""Everything that can ever have happened in a run: the closed list of events.

An event is a fact in the past tense and is never changed. Wire names are dotted (`step.intended`) and stand in the
class header; the fields are the body. Times are whole microseconds since 1970 (UTC), durations whole microseconds.

A *path* names a place in a run: a step's id (`restart`), a check or branch in it (`causes.idle`), an item of a wave
(`restart[app1]`), a step inside a called runbook or a branch of steps (`fetch/first`), or a phase the engine adds
behind a colon (`restart:verify`, `restart:undo`, `restart:before.pods`, `restart:after.pods`, `wave:between.1`).

A gate's id is the path that it guards, with `:doubt` behind it when the question is what an interrupted change did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ..model import Artifact, Finding
from .access import AccessEvent
from .alerts import AlertEvent
from .drills import DrillEvent
from .locks import LockEvent
from .outside import OutsideEvent
from .routes import RouteEvent
from .targets import TargetEvent


class RunStarted(Struct, frozen=True, tag="run.started"):
    """A run begins. From here on, no file matters: runbooks and policy are in here.

    `runbook` is the name of the one that runs; `texts` holds its text and that of every runbook it calls, by name, and
    `digests` their SHA-256 (hex). `roles` maps a role to the people who have it; a role that is not in it is not
    checked. `targets`, `channels` and `secrets` are those of the settings, by name: their kind, and what it is given
    (of a secret, where it is read from). `requester` is who started the run. `seed` feeds jitter. `handlers` are
    handler versions by kind. `driver` is '' for a run that was left to whoever takes it up. `via` is how it was started
    (cli, web, api, alert, ...), `origin` the address of the client, `alert` what is known of the alert.
    `traceparent` is the span (W3C Trace Context) in which somebody asked for the run.
    """

    runbook: str
    digest: str
    mode: str
    requester: str
    inputs: Mapping[str, Any]
    texts: Mapping[str, str]
    digests: Mapping[str, str]
    driver: str
    seed: str = ""
    probe: bool = False
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    channels: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    handlers: Mapping[str, str] = field(default_factory=dict)
    alert: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    via: str = ""
    origin: str = ""
    traceparent: str = ""


class RunResumed(Struct, frozen=True, tag="run.resumed"):
    """Another driver has taken the run over. Everything the one before had started is interrupted."""

    driver: str
    epoch: int
    before: str = ""


class RunPaused(Struct, frozen=True, tag="run.paused"):
    """The driver has let go of the run in good order: `interrupted` (Ctrl-C), `waiting` for a person, or `handed over`
    to the next, with nothing of it left running.
    """

    driver: str
    reason: str


class StepEntered(Struct, frozen=True, tag="step.entered"):
    """Control has come to a step. `came_from` is the step left (or ''), `outcome` the edge that was taken.

    `visit` counts how often this path has been entered, from 1. What happened under the path in an earlier visit no
    longer counts.
    """

    path: str
    visit: int
    came_from: str = ""
    outcome: str = ""


class EachExpanded(Struct, frozen=True, tag="each.expanded"):
    """The items of a wave are known. `keys` are the unique names used in paths, in order, one per item."""

    path: str
    items: tuple[Any, ...]
    keys: tuple[str, ...]


class CallStarted(Struct, frozen=True, tag="call.started"):
    """A called runbook begins, with these inputs."""

    path: str
    runbook: str
    inputs: Mapping[str, Any]


class ScopeEnded(Struct, frozen=True, tag="scope.ended"):
    """A called runbook, or a branch made of steps, has come to an end."""

    path: str
    conclusion: str
    came_from: str
    outcome: str


class StepIntended(Struct, frozen=True, tag="step.intended"):
    """An attempt is about to start. This is durable before the first byte goes out.

    `digest` is that of the plan; `preview` shows it masked; `gate` is the id of the gate whose yes it uses up, or ''.
    `confined` tells whether the kernel holds a read to reading, `confinement` by what, or why not where that was wanted
    or asked for. `uses` are the names of the secrets that it is handed.
    """

    path: str
    visit: int
    attempt: int
    kind: str
    effect: str
    idempotent: bool
    digest: str
    preview: str
    targets: tuple[str, ...] = ()
    gate: str = ""
    confined: bool = False
    confinement: str = ""
    uses: tuple[str, ...] = ()


class ChildStarted(Struct, frozen=True, tag="child.started"):
    """A process was started for an attempt. `started` is the kernel's start time, so that a pid is never mistaken."""

    path: str
    attempt: int
    pid: int
    pgid: int
    started: int
    host: str


class ChildFound(Struct, frozen=True, tag="child.found"):
    """A process of an interrupted attempt was found alive when the run was resumed."""

    path: str
    attempt: int
    pid: int
    pgid: int
    command: str


class ChildStopped(Struct, frozen=True, tag="child.stopped"):
    """A process that had outlived its engine was ended. `how` is the signal that it took."""

    path: str
    attempt: int
    pid: int
    how: str


class StepSettled(Struct, frozen=True, tag="step.settled"):
    """An attempt has ended, and this is what came of it.

    `outcome` is pass, fail or error. `unsure` (only with error) says that it may have had an effect all the same.
    `values` are the handler's results (long ones cut, `cut` names them), `facts` what the step extracted.
    `simulated` marks an attempt of a dry run that did not happen. Attempt 0 never started: it could not be rendered.
    """

    path: str
    visit: int
    attempt: int
    outcome: str
    reason: str = ""
    hint: str = ""
    error: str = ""
    unsure: bool = False
    findings: tuple[Finding, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    duration: int = 0
    simulated: bool = False


class StepInterrupted(Struct, frozen=True, tag="step.interrupted"):
    """An attempt was cut off by its own engine (Ctrl-C); what it did until then is not known."""

    path: str
    visit: int
    attempt: int
    reason: str


class CancelRequested(Struct, frozen=True, tag="step.cancel_requested"):
    """An attempt that runs was told to stop."""

    path: str
    attempt: int
    reason: str


class FactsSet(Struct, frozen=True, tag="facts.set"):
    """A `set` step has computed its facts. The outcome is pass unless its expectation says otherwise."""

    path: str
    visit: int
    facts: Mapping[str, Any]
    outcome: str = "pass"
    reason: str = ""
    findings: tuple[Finding, ...] = ()


class GateOpened(Struct, frozen=True, tag="gate.opened"):
    """A question stands open. A yes is a yes to `digest`, and to nothing else.

    `kind` is confirm, choose, ask, manual or doubt. `digest` covers the runbook, the plan, the targets and the
    evidence shown. `plans` are the digests of the plans that this yes covers, by path; each intent must match its own,
    and uses it up. `opening` counts how often this gate was opened in the run. `options` are the answers allowed (id
    to label). `due` is 0 for no expiry. `schema` is that of a typed answer. `children` are processes still running,
    for kind doubt. `notices` are what else a person should know: leases, freezes, that it did not help the last time.
    `order` is the one in which the options (of a typed answer: the keywords of its schema) were written.
    """

    gate: str
    path: str
    kind: str
    opening: int
    prompt: str
    options: Mapping[str, str]
    digest: str
    plans: Mapping[str, str] = field(default_factory=dict)
    preview: str = ""
    effect: str = ""
    targets: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    quorum: int = 1
    other_than_requester: bool = False
    due: int = 0
    schema: Mapping[str, Any] = field(default_factory=dict)
    evidence_required: bool = False
    children: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    order: tuple[str, ...] = ()


class GateClosed(Struct, frozen=True, tag="gate.closed"):
    """A question is settled: approved, rejected, expired, an option's id, `back:STEP`, withdrawn, or void (the
    plan differs, or the alert).
    """

    gate: str
    opening: int
    result: str
    reason: str = ""


class TimerSet(Struct, frozen=True, tag="timer.set"):
    """A timer runs. It fires at `due`, or as soon as a driver lives again after that."""

    key: str
    due: int


class TimerFired(Struct, frozen=True, tag="timer.fired"):
    """A timer has come due. `late` is how much later than it should have been."""

    key: str
    late: int = 0


class EscalationRaised(Struct, frozen=True, tag="escalation.raised"):
    """The run has gone on for longer than its escalation allows."""

    to: str
    contact: str
    after: int


class PreflightChecked(Struct, frozen=True, tag="preflight.checked"):
    """What was looked at before the first step. `rows` are (what, holds, detail)."""

    rows: tuple[tuple[str, bool, str], ...]


class RunConcluded(Struct, frozen=True, tag="run.concluded"):
    """The run has ended. `in_doubt` are paths of changes of which nobody knows whether they happened."""

    conclusion: str
    came_from: str = ""
    outcome: str = ""
    reason: str = ""
    in_doubt: tuple[str, ...] = ()


Event = (
    RunStarted
    | RunResumed
    | RunPaused
    | StepEntered
    | EachExpanded
    | CallStarted
    | ScopeEnded
    | StepIntended
    | ChildStarted
    | ChildFound
    | ChildStopped
    | StepSettled
    | StepInterrupted
    | CancelRequested
    | FactsSet
    | GateOpened
    | GateClosed
    | TimerSet
    | TimerFired
    | EscalationRaised
    | PreflightChecked
    | RunConcluded
    | OutsideEvent
    | LockEvent
    | TargetEvent
    | AlertEvent
    | AccessEvent
    | RouteEvent
    | DrillEvent
)


class Recorded(Struct, frozen=True):
    """An event as it stands in a journal: where, when (microseconds, UTC), by whom, under which driver's epoch."""

    stream: str
    seq: int
    at: int
    actor: str
    epoch: int
    event: Event
