"""The table of all operations of the API. A row is a route, a part of the OpenAPI document, and a line of the docs."""

from __future__ import annotations

from ...model.people import Role
from ...model.wire import (
    Alert,
    Alerts,
    Answered,
    AnswerGate,
    Audit,
    Events,
    Files,
    Gates,
    Given,
    Health,
    Leases,
    Me,
    Moved,
    Needs,
    Note,
    Nothing,
    Reason,
    ReturnLease,
    RunbookDetail,
    Runbooks,
    RunDetail,
    Runs,
    StartRun,
    Stopped,
    Summary,
    TakeLease,
    ToValidate,
    Version,
)
from ...projections import planned, structured
from . import about, gates, papers, runbooks, runs
from .operations import JSON, Operation, Param
from .pages import CURSOR, LIMIT

RUN = Param("run", "The id of the run.", "rgq0b7k2m4xw", "path")
RUNBOOK = Param("runbook", "The name of the runbook.", "disk-full", "path")
GATE = Param("gate", "The id of the gate, percent-encoded.", "restart", "path")
AFTER = Param("after", "Begin after the event with this number.", 7, kind="integer", low=0, high=10**12, default=0)
FORM = Param("format", "The form, in place of `Accept`.", "md", choices=("md", "html", "json"))
STATUS = Param("status", "Only those.", "waiting", choices=("running", "waiting", "concluded"))
CONCLUSION = Param(
    "conclusion", "Only those.", "resolved", choices=("healthy", "resolved", "escalated", "stopped", "broken")
)
MODE = Param("mode", "Only those.", "guided", choices=("guided", "step", "auto", "diagnose", "dry-run"))
OF_RUNBOOK = Param("runbook", "Only those of this runbook.", "disk-full")
OF_ALERT = Param(
    "status", "Only those.", "firing", choices=("firing", "acknowledged", "resolved", "silenced", "inhibited")
)
INTAKE = Param("intake", "The intake that the alert came by.", "alertmanager", "path")
FINGERPRINT = Param(
    "fingerprint", "What makes it one of its kind there, percent-encoded.", "c1e9f6a0", "path", high=1000
)
SHA256 = Param("sha256", "The SHA-256 of the artifact (hex).", "9f2b" + "0" * 60, "path", pattern="^[0-9a-f]{64}$")
ONE_RUN = Param("run", "Only this run.", "rgq0b7k2m4xw")
STREAM = "text/event-stream"

V, R, C, ADMIN = Role.VIEWER, Role.RESPONDER, Role.COMMANDER, Role.ADMIN

RUNBOOKS = (
    Operation(
        "listRunbooks", "GET", "/runbooks", "runbooks", "List the library",
        "Every runbook that whoever asks may see, by name; those that are invalid, too.",
        V, runbooks.listed, Runbooks, params=(LIMIT, CURSOR),
    ),
    Operation(
        "validateRunbook", "POST", "/runbooks/validate", "runbooks", "Validate a text",
        "The document, the schema, and what can be proved of the step graph. Nothing is kept.",
        V, runbooks.validated, Files, body=ToValidate,
    ),
    Operation(
        "getRunbook", "GET", "/runbooks/{runbook}", "runbooks", "Show a runbook",
        "Its text, its inputs, and everything that is found about it.",
        V, runbooks.one, RunbookDetail, params=(RUNBOOK,), problems=("not-found",),
    ),
    Operation(
        "planRunbook", "POST", "/runbooks/{runbook}/plan", "runbooks", "Say what a run would do",
        "Every path that a run could take, and what each step would do. Nothing is contacted. `steady plan --json`.",
        V, runbooks.plan, planned.schema(), params=(RUNBOOK,), body=Given, problems=("not-found", "invalid-document"),
    ),
    Operation(
        "preflightRunbook", "POST", "/runbooks/{runbook}/preflight", "runbooks", "Ask whether it could be done",
        "Could every step be carried out right now: tools, access, secrets, hosts. Nothing is changed.",
        R, runbooks.could, Needs, params=(RUNBOOK,), body=Given, problems=("not-found", "invalid-document"),
    ),
    Operation(
        "drawRunbook", "GET", "/runbooks/{runbook}/graph", "runbooks", "Draw a runbook",
        "The picture of its steps.",
        V, runbooks.drawn, params=(RUNBOOK,), media=("image/svg+xml",), problems=("not-found", "invalid-document"),
    ),
)  # fmt: skip

RUNS = (
    Operation(
        "listRuns", "GET", "/runs", "runs", "List runs",
        "Newest first. A page may hold fewer than `limit`; go on while `next` is not null.",
        V, runs.listed, Runs, params=(LIMIT, CURSOR, STATUS, CONCLUSION, MODE, OF_RUNBOOK),
    ),
    Operation(
        "startRun", "POST", "/runs", "runs", "Start a run",
        "It is recorded before this is answered, and driven by the server. Mode `auto` needs an approver. With an "
        "`Idempotency-Key` it is started once, whatever happens in between.",
        R, runs.started, Summary, 201, body=StartRun,
        problems=("not-found", "invalid-document", "unfinishable"),
    ),
    Operation(
        "getRun", "GET", "/runs/{run}", "runs", "Show a run",
        "Its path, every step's attempts, and the open gates. `steady show --json`.",
        V, runs.one, RunDetail, params=(RUN,), problems=("not-found",),
    ),
    Operation(
        "getEvents", "GET", "/runs/{run}/events", "runs", "Follow a run",
        "A page of events as JSON, or (`Accept: text/event-stream`) all of them as they come: `id` is the number of "
        "the event, `data` the same JSON. `Last-Event-ID` goes on where a stream was cut. `event: end` says that the "
        "run has concluded, `event: later` that the server stops and will be back.",
        V, runs.events, Events, params=(RUN, AFTER, LIMIT), media=(JSON, STREAM), problems=("not-found",),
        also={204: "Nothing follows any more: the run has concluded, and `Last-Event-ID` is its end."},
    ),
    Operation(
        "getTranscript", "GET", "/runs/{run}/transcript", "runs", "Read the transcript",
        "What a person pastes into a post-mortem.",
        V, papers.told, structured.schema(), params=(RUN, FORM), media=papers.FORMS, problems=("not-found",),
    ),
    Operation(
        "getArtifact", "GET", "/runs/{run}/artifacts/{sha256}", "runs", "Fetch an artifact",
        "The whole of what a step printed.",
        V, papers.artifact, params=(RUN, SHA256), media=("application/octet-stream",), problems=("not-found",),
    ),
    Operation(
        "answerGate", "POST", "/runs/{run}/gates/{gate}", "runs", "Answer a gate",
        "A yes is a yes to the digest that is sent along, and to nothing else. Where a change hangs on it (confirm, "
        "doubt) it needs an approver. An answer that does not count is recorded, too.",
        R, gates.answered, Answered, params=(RUN, GATE), body=AnswerGate,
        problems=("not-found", "answer-refused", "conflict"),
    ),
    Operation(
        "noteInRun", "POST", "/runs/{run}/notes", "runs", "Write a note",
        "It stands in the transcript.",
        R, runs.noted, Moved, params=(RUN,), body=Note, problems=("not-found",),
    ),
    Operation(
        "stopRun", "POST", "/runs/{run}/stop", "runs", "Stop a run",
        "Nothing more is started, what runs is told to end. It is not waited for.",
        C, runs.stopped, Moved, 202, params=(RUN,), body=Reason, problems=("not-found", "conflict"),
    ),
    Operation(
        "takeOverRun", "POST", "/runs/{run}/take-over", "runs", "Take a run over",
        "The server drives a run that somebody has left in a terminal.",
        C, runs.taken_over, Moved, 202, params=(RUN,), body=Nothing, problems=("not-found", "conflict"),
    ),
    Operation(
        "wakeRun", "POST", "/runs/{run}/wake", "runs", "Wake a run",
        "The server looks at once at a run that waits.",
        R, runs.woken, Moved, 202, params=(RUN,), body=Nothing, problems=("not-found", "conflict"),
    ),
    Operation(
        "stopAll", "POST", "/stop-all", "runs", "Stop everything",
        "Every run that has not ended, those too that start meanwhile. None is waited for.",
        ADMIN, runs.stopped_all, Stopped, 202, body=Reason,
    ),
    Operation(
        "listGates", "GET", "/gates", "runs", "List open gates",
        "All questions that stand open anywhere.",
        V, gates.open_ones, Gates,
    ),
)  # fmt: skip

OTHERS = (
    Operation(
        "listAlerts", "GET", "/alerts", "alerts", "List alerts",
        "Those of which something was heard last come first.",
        V, about.alerts, Alerts, params=(LIMIT, CURSOR, OF_ALERT),
    ),
    Operation(
        "getAlert", "GET", "/alerts/{intake}/{fingerprint}", "alerts", "Show an alert",
        "And what came of it.",
        V, about.alert, Alert, params=(INTAKE, FINGERPRINT), problems=("not-found",),
    ),
    Operation(
        "listLeases", "GET", "/leases", "leases", "List leases",
        "The targets that people have taken, by name.",
        V, about.held, Leases,
    ),
    Operation(
        "takeLease", "POST", "/leases", "leases", "Take a target",
        "Automation and other people keep off it until it is handed back, or its term is over. Whoever has it may take "
        "it again, for longer.",
        R, about.taken, Leases, 201, body=TakeLease, problems=("conflict",),
    ),
    Operation(
        "returnLease", "POST", "/leases/return", "leases", "Hand a target back",
        "Somebody else's needs a commander and a reason. Answers with the leases that hold still.",
        R, about.returned, Leases, body=ReturnLease, problems=("conflict",),
    ),
    Operation(
        "verifyAudit", "GET", "/audit", "audit", "Verify what was recorded",
        "Walks the chains: any edit, loss or reorder is found. One walk at a time.",
        V, papers.audited, Audit, params=(ONE_RUN,), problems=("not-found",),
    ),
    Operation("getMe", "GET", "/me", "server", "Ask who I am", "And what I may do.", V, about.me, Me),
    Operation("getVersion", "GET", "/version", "server", "Ask what runs here", "Versions.", V, about.version, Version),
    Operation(
        "getHealth", "GET", "/health", "server", "Ask whether it works",
        "Whether the server can do its work; 503 when it cannot.",
        None, about.health, Health,
    ),
)  # fmt: skip

OPERATIONS = (*RUNBOOKS, *RUNS, *OTHERS)
