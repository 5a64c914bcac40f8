"""The runbook as a frozen value: what a document means once it has been read and found valid.

Made by the schema room only. Strings that may hold placeholders stay templates here; they are rendered when a step is
about to start. Durations are whole microseconds. Steps refer to each other by id; `end.<conclusion>` is an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct, field

from ..errors import Span
from .handlers import Effect

NOWHERE = Span("", 0, 0, 0)
SECOND = 1_000_000
"""One second in the unit of all durations and times: microseconds."""

PASS, FAIL, ERROR = "pass", "fail", "error"
APPROVED, REJECTED, EXPIRED = "approved", "rejected", "expired"

END = "end."
BACK = "back:"
"""How the answer begins that sends a run back to a step: `back:causes`; that is its outcome, too."""


def refused(outcome: str) -> bool:
    """Whether a step is left so because nobody said yes to it: it has done nothing then."""
    return outcome in {REJECTED, EXPIRED} or outcome.startswith(BACK)


class Conclusion(Enum):
    """How a run ended."""

    HEALTHY = "healthy"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    STOPPED = "stopped"
    BROKEN = "broken"


class Mode(Enum):
    """How much a run may do by itself."""

    GUIDED = "guided"
    STEP = "step"
    AUTO = "auto"
    DIAGNOSE = "diagnose"
    DRY_RUN = "dry-run"


class Incidence(Enum):
    """The severity of the disturbance that a runbook is for."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Retry(Struct, frozen=True):
    """Up to `times` further attempts after one that did not pass, `every` apart, growing by `backoff`."""

    times: int
    every: int = SECOND
    backoff: float = 1.0


class Gate(Struct, frozen=True):
    """A question to people that blocks a change. `prompt` is a template. `within` is 0 for no expiry.

    `other_than_requester`: whoever started the run may not approve. `auto`: mode `auto` may pass it unasked. `back` are
    the steps that a person may send the run back to.
    """

    prompt: str = ""
    roles: tuple[str, ...] = ()
    quorum: int = 1
    within: int = 0
    other_than_requester: bool = False
    auto: bool = False
    back: tuple[str, ...] = ()


class Operation(Struct, frozen=True):
    """One thing for a handler to do, and how its result is judged.

    `params` are as written, normalised to the handler's names, templates unrendered. `expect` is None for the
    handler's default, a string for an expression, else a map of matchers. `facts` are expressions over the result
    (templates), evaluated when it arrives. `target` is the name of a target or ''. `timeout` 0 means the default.
    """

    kind: str
    params: Mapping[str, Any]
    effect: Effect
    target: str = ""
    expect: str | Mapping[str, Any] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    retry: Retry = Retry(0)
    timeout: int = 0
    idempotent: bool = False
    confine: bool | None = None
    span: Span = NOWHERE


class Verify(Struct, frozen=True):
    """A check that proves a change: after `settle`, repeated every `every` until it passes or `within` is over."""

    operation: Operation
    settle: int = 0
    within: int = 0
    every: int = 5 * SECOND


class Undo(Struct, frozen=True):
    """How a change is taken back: an operation, or None with the reason why there is nothing to take back."""

    operation: Operation | None
    why: str = ""


# The bodies: exactly one per step.


class Do(Struct, frozen=True, tag="do"):
    """A handler does something, once or for each item."""

    operation: Operation


class Call(Struct, frozen=True, tag="call"):
    """Another runbook runs as one step. `inputs` are templates."""

    runbook: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


class Check(Struct, frozen=True):
    """One check of a diagnosis: it finds its `cause` when it fails, and then `fix` (a step id or '') is next."""

    id: str
    cause: str
    operation: Operation
    fix: str = ""


class Diagnose(Struct, frozen=True, tag="diagnose"):
    """All checks at once; the first cause found, in this order, decides. `otherwise` is next when none is found."""

    checks: tuple[Check, ...]
    otherwise: str = ""


class Branch(Struct, frozen=True):
    """One named branch of a parallel step: a single step, or steps in order that are a graph of their own.

    Exactly one of the two is given. In a graph of steps, the last one's `pass` ends the branch.
    """

    id: str
    step: Step | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)


class Parallel(Struct, frozen=True, tag="parallel"):
    """Branches that run side by side and join; at most `limit` at once (0: all). The outcome is the worst."""

    branches: tuple[Branch, ...]
    limit: int = 0


class Wait(Struct, frozen=True, tag="wait"):
    """Time passes."""

    duration: int


class SetFacts(Struct, frozen=True, tag="set"):
    """Facts are computed from what is known; `expect` may turn them into a check."""

    facts: Mapping[str, Any]
    expect: str | Mapping[str, Any] | None = None


class Confirm(Struct, frozen=True, tag="gate"):
    """A gate that stands alone: approved, rejected or expired."""

    gate: Gate


class Choose(Struct, frozen=True, tag="choose"):
    """A person picks one of the options (id to label)."""

    options: Mapping[str, str]
    gate: Gate


class Ask(Struct, frozen=True, tag="ask"):
    """A person types an answer that must satisfy `schema`; it becomes the fact named `fact`."""

    gate: Gate
    fact: str
    schema: Mapping[str, Any] = field(default_factory=dict)


class Manual(Struct, frozen=True, tag="manual"):
    """A person does something by hand and says that it is done (or failed), with evidence where it is required."""

    instructions: str
    gate: Gate
    evidence: bool = False
    effect: Effect = Effect.CHANGE


Body = Do | Call | Diagnose | Parallel | Wait | SetFacts | Confirm | Choose | Ask | Manual


class Each(Struct, frozen=True):
    """Run the step for every item: of the list that the template `items` gives, or of the hosts of `target`.

    `batches` are sizes, the last one repeating: an int is a count, a str like '10%' a share of all items.
    Items of a batch run side by side. The wave stops after a batch when more than `max_failures` items did not pass.
    `between` is a check between two batches. `name` is what an item is called in templates.
    """

    items: Any = None
    target: str = ""
    name: str = "item"
    batches: tuple[int | str, ...] = ("100%",)
    max_failures: int = 0
    between: Operation | None = None


class Step(Struct, frozen=True):
    """One node of the graph. `next` maps outcomes to step ids or ends, completed with the defaults of the format."""

    id: str
    title: str
    body: Body
    next: Mapping[str, str]
    description: str = ""
    verification: bool = False
    gate: Gate | None = None
    each: Each | None = None
    verify: Verify | None = None
    undo: Undo | None = None
    capture: Mapping[str, Operation] = field(default_factory=dict)
    lock: tuple[str, ...] = ()
    max_visits: int = 0
    defaulted: frozenset[str] = frozenset()
    """The outcomes in `next` whose edge the author did not write."""
    span: Span = NOWHERE


class Input(Struct, frozen=True):
    """A value the run is given: its JSON Schema (without `from`), where an alert supplies it, its default."""

    name: str
    schema: Mapping[str, Any]
    source: str = ""
    default: Any = None
    required: bool = True
    description: str = ""


class SecretSource(Struct, frozen=True):
    """Where a secret's value comes from: `kind` is env, file, command, kubernetes or vault; `at` is kind-specific."""

    name: str
    kind: str
    at: Any


class Target(Struct, frozen=True):
    """A named place that steps act on: `kind` names the handler family (ssh, kubernetes, ...)."""

    name: str
    kind: str
    params: Mapping[str, Any]


class Escalation(Struct, frozen=True):
    """To whom the run is handed over, and after how long (0: only by an edge)."""

    after: int = 0
    to: str = ""
    contact: str = ""


class Requires(Struct, frozen=True):
    """What must hold before the first step."""

    tools: tuple[str, ...] = ()
    access: tuple[Mapping[str, Any], ...] = ()


class Limits(Struct, frozen=True):
    """Bounds of one run: bytes of output kept per step, and the time one step may take unless it says otherwise."""

    output: int = 64 * 1024 * 1024
    timeout: int = 10 * 60 * SECOND


class Link(Struct, frozen=True):
    """A page worth reading."""

    title: str
    url: str


class Runbook(Struct, frozen=True):
    """The frozen, validated procedure made from one document.

    `steps` keeps the order of the file; the first one starts the run. `text` is the document as it was read. `calls`
    holds every runbook that a `call` step names, by name, so that a run never depends on a file again.
    """

    name: str
    title: str
    steps: Mapping[str, Step]
    text: str = ""
    description: str = ""
    severity: Incidence | None = None
    services: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    owner: str = ""
    updated: str = ""
    links: tuple[Link, ...] = ()
    symptoms: tuple[str, ...] = ()
    impact: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    requires: Requires = Requires()
    escalation: Escalation = Escalation()
    limits: Limits = Limits()
    within: int = 0
    calls: Mapping[str, Runbook] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The id of the step that starts the run."""
        return next(iter(self.steps))

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) of the text."""
        import hashlib  # noqa: PLC0415 not for `validate`

        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()
