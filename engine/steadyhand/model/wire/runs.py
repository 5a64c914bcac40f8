"""Runs, their steps, gates and events, and what people say to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Struct, field

from .says import LONGEST, NAME, Next, RunbookName, RunId, Time, say

Status = Annotated[
    Literal["running", "waiting", "concluded"],
    say("running (something may happen by itself), waiting (people must answer) or concluded.", "waiting"),
]
Conclusion = Annotated[
    str | None, say("healthy, resolved, escalated, stopped or broken; null while it has not ended.", "resolved")
]
Outcome = Annotated[str | None, say("pass, fail, error, or what people answered; null while there is none.", "pass")]
GateId = Annotated[str, say("The id of a gate: the step's path, unless it opens several.", "restart")]
Digest = Annotated[str, say("SHA-256 of exactly what a yes is a yes to.", "9f2b" + "0" * 60)]


class Summary(Struct):
    """A run in one line."""

    id: RunId
    runbook: RunbookName = ""
    status: Status = "running"
    conclusion: Conclusion = None
    mode: Annotated[str, say("guided, step, auto, diagnose or dry-run.", "guided")] = ""
    started_at: Time = ""
    ended_at: Time | None = None
    waiting_for: Annotated[list[str], say("The gates that stand open.", ["restart"])] = field(default_factory=list)
    requester: Annotated[str, say("Who started it.", "ana")] = ""


class Runs(Struct):
    """A page of runs, newest first."""

    runs: list[Summary]
    next: Next = None


class StepRow(Struct):
    """A visit of a step on the way that the run took."""

    step: Annotated[str, say("The path of the step.", "verify")]
    outcome: Outcome = None
    to: Annotated[str | None, say("The step (or end) that it led to.", "causes")] = None


class AttemptRow(Struct):
    """One attempt: what was expected, and what there was."""

    path: Annotated[str, say("The path of the attempt.", "causes.idle")]
    attempt: Annotated[int, say("Counts from 1.", 1)]
    outcome: Outcome
    reason: Annotated[str, say("Why it is so.", "exit code 1")]
    expected: list[str]
    actual: list[str]
    facts: dict[str, Any]
    duration: Annotated[float, say("Seconds.", 0.4)]
    confined: Annotated[bool, say("Whether a read was held to reading by the kernel.", True)]
    confinement: Annotated[str, say("By what, or why not.", "Landlock")]


class StepOfRun(Struct):
    """A step with its attempts."""

    title: str
    outcome: Outcome
    attempts: list[AttemptRow]


class GateRow(Struct):
    """A question that stands open."""

    id: GateId
    kind: Annotated[str, say("confirm, choose, ask, manual or doubt.", "confirm")]
    prompt: Annotated[str, say("The question.", "Restart orders?")]
    options: Annotated[dict[str, str], say("The answers that may be given, with their labels.", {"approve": "Yes"})]
    digest: Digest
    preview: Annotated[str, say("What would be done, secrets masked.", "kubectl rollout restart deployment/orders")]
    roles: Annotated[list[str], say("Who may answer; empty for anybody.", ["responder"])]
    quorum: Annotated[int, say("How many must say yes.", 1)]
    due: Annotated[Time | None, say("When it expires.", "2026-11-24T02:24:07.000000Z")] = None


class OpenGate(GateRow, kw_only=True):
    """A question that stands open, and in which run."""

    run: RunId
    runbook: RunbookName
    opening: Annotated[int, say("How often the gate was opened in this run.", 1)]
    notices: Annotated[list[str], say("What else one should know: leases, freezes, what did not help.", [])]


class Gates(Struct):
    """All questions that stand open, the oldest run's first."""

    gates: list[OpenGate]


class Undelivered(Struct):
    """Something that people were to be told, and were not."""

    step: str
    at: Time
    what: str


class Said(Struct, omit_defaults=True):
    """What a person has said to a run, and through which door."""

    at: Time
    by: Annotated[str, say("Who.", "ana")]
    via: Annotated[str, say("By which door: cli, web, api, email, slack.", "api")]
    origin: Annotated[str, say("The address that it came from; '' for this machine.", "192.0.2.7")]
    what: Annotated[Literal["answer", "refused", "stop", "note"], say("Which kind of word.", "note")]
    text: str
    gate: str = ""
    answer: str = ""
    reason: Annotated[str, say("Why an answer was refused.", "it has expired")] = ""
    roles: list[str] = field(default_factory=list)


class RunDetail(Summary, kw_only=True):
    """A run with its path, every step's attempts, and the open gates: what `steady show --json` prints."""

    via: Annotated[str, say("How it was started: cli, web, api, alert.", "api")]
    origin: Annotated[str, say("The address that it was started from.", "192.0.2.7")]
    alert: Annotated[dict[str, Any] | None, say("The alert that started it; `now` is how it stands.", None)]
    path: list[StepRow]
    steps: dict[str, StepOfRun]
    gates: list[GateRow]
    said: list[Said]
    in_doubt: Annotated[list[str], say("Changes of which nobody knows whether they happened.", [])]
    undelivered: list[Undelivered]


class Event(Struct):
    """One event of the journal: what `steady watch --json` prints."""

    seq: Annotated[int, say("Its number in the run, from 1.", 7)]
    at: Annotated[int, say("When it was appended: microseconds since 1970 (UTC).", 1_795_486_447_000_000)]
    actor: Annotated[str, say("Who appended it.", "server@ops1/812")]
    type: Annotated[str, say("What happened; docs/reference/events.md lists all.", "step.settled")]
    event: Annotated[dict[str, Any], say("What it says.", {"type": "step.settled", "path": "verify"})]


class Events(Struct):
    """A page of events, oldest first. `next` is the `after` of the next page."""

    events: list[Event]
    next: Annotated[int, say("Give this as `after` to get what follows.", 7)]
    ended: Annotated[bool, say("Whether the run has concluded and nothing follows.", True)]


class StartRun(Struct, forbid_unknown_fields=True):
    """What is to be run."""

    runbook: Annotated[str, say("The name of a runbook of the library.", "disk-full", pattern=NAME, max_length=200)]
    inputs: Annotated[dict[str, Any], say("Values of its inputs.", {"path": "/var"})] = field(default_factory=dict)
    mode: Annotated[
        Literal["guided", "step", "auto", "diagnose", "dry-run"],
        say("guided (changes ask), step (every step asks), auto, diagnose (reads alone) or dry-run.", "guided"),
    ] = "guided"
    probe: Annotated[bool, say("In a dry run, carry out reads for real.", False)] = False


class AnswerGate(Struct, forbid_unknown_fields=True):
    """An answer to a gate. `digest` is the one that the gate had when it was shown: a yes is a yes to that alone."""

    answer: Annotated[
        str,
        say(
            "One of the gate's options, in full; `answer` for a typed answer.", "approve", min_length=1, max_length=200
        ),
    ]
    digest: Annotated[str, say("The digest that the gate shows; needed where it has one.", "9f2b", max_length=64)] = ""
    value: Annotated[Any, say("The value, where a gate of kind ask wants one.", 3)] = None
    comment: Annotated[str, say("Why, or what was seen.", "the pool is full", max_length=LONGEST)] = ""


class Answered(Struct):
    """An answer that counts, recorded."""

    run: RunId
    gate: GateId
    answer: str
    by: Annotated[str, say("Who has answered.", "ana")]


class Note(Struct, forbid_unknown_fields=True):
    """Something to be written down in a run."""

    text: Annotated[str, say("What.", "restarted the pool by hand", min_length=1, max_length=LONGEST)]


class Reason(Struct, forbid_unknown_fields=True):
    """Why somebody does it."""

    reason: Annotated[str, say("Why; it stands in the transcript.", "wrong host", max_length=LONGEST)] = ""


class Moved(Struct):
    """A run to which something was said. It may go on after this answer."""

    run: RunId
    status: Status


class Nothing(Struct, forbid_unknown_fields=True):
    """Nothing needs to be said: an empty object."""
