"""What the API and its client say to each other: plain structs, of which the OpenAPI document is made.

Where a command prints the same thing with `--json`, it is the same JSON. Times are RFC 3339 texts (UTC) unless said
otherwise. Structs that a client sends refuse fields that they do not know; those that it gets may grow.
"""

from .alerts import Alert, Alerts, Decided
from .runbooks import (
    FileFindings,
    Files,
    Finding,
    Given,
    Need,
    Needs,
    RunbookDetail,
    RunbookInput,
    RunbookRow,
    Runbooks,
    ToValidate,
)
from .runs import (
    Answered,
    AnswerGate,
    AttemptRow,
    Event,
    Events,
    GateRow,
    Gates,
    Moved,
    Note,
    Nothing,
    OpenGate,
    Reason,
    RunDetail,
    Runs,
    Said,
    StartRun,
    StepOfRun,
    StepRow,
    Summary,
    Undelivered,
)
from .server import Audit, Fault, Health, Lease, Leases, Me, Problem, ReturnLease, Stopped, TakeLease, Version

__all__ = [
    "Alert", "Alerts", "AnswerGate", "Answered", "AttemptRow", "Audit", "Decided", "Event", "Events", "Fault",
    "FileFindings", "Files", "Finding", "GateRow", "Gates", "Given", "Health", "Lease", "Leases", "Me", "Moved", "Need",
    "Needs", "Note", "Nothing", "OpenGate", "Problem", "Reason", "ReturnLease", "RunDetail", "RunbookDetail",
    "RunbookInput", "RunbookRow", "Runbooks", "Runs", "Said", "StartRun", "StepOfRun", "StepRow", "Stopped", "Summary",
    "TakeLease", "ToValidate", "Undelivered", "Version",
]  # fmt: skip
