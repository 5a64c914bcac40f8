"""Leases, the audit, who asks, the server itself, and how it says that something is wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from .runbooks import Finding
from .says import LONGEST, Time, say

TARGET = r"^[!-~\u00a1-\uffff]+$"
"""What a target may be called: no spaces."""
Target = Annotated[str, say("The name of a target.", "orders-db")]


class Lease(Struct):
    """A target that somebody has taken: automation and other people keep off it."""

    target: Target
    by: Annotated[str, say("Who has it.", "ana")]
    reason: Annotated[str, say("Why.", "index rebuild")]
    taken_at: Time
    until: Time


class Leases(Struct):
    """What `steady lease --json` prints: the leases that hold, by target."""

    leases: list[Lease]


class TakeLease(Struct, forbid_unknown_fields=True):
    """A target to be taken."""

    target: Annotated[str, say("The name of the target.", "orders-db", min_length=1, max_length=200, pattern=TARGET)]
    reason: Annotated[str, say("Why.", "index rebuild", min_length=1, max_length=LONGEST)]
    term: Annotated[str, say("For how long.", "2h", pattern=r"^[1-9][0-9]{0,3}(s|m|h|d)$")] = "1h"


class ReturnLease(Struct, forbid_unknown_fields=True):
    """A target to be handed back. Somebody else's needs a reason."""

    target: Annotated[str, say("The name of the target.", "orders-db", min_length=1, max_length=200, pattern=TARGET)]
    reason: Annotated[str, say("Why.", "done", max_length=LONGEST)] = ""


class Stopped(Struct):
    """The runs that were told to stop."""

    runs: Annotated[list[str], say("Their ids.", ["rgq0b7k2m4xw"])]


class Fault(Struct):
    """The first thing that does not hold in a stream."""

    stream: str
    seq: Annotated[int, say("The number of the event; 0 for the stream as a whole.", 7)]
    problem: str


class Audit(Struct):
    """What `steady audit verify --json` prints."""

    holds: Annotated[bool, say("Whether every chain holds.", True)]
    events: Annotated[int, say("How many events were looked at.", 1204)]
    faults: list[Fault]


class Me(Struct):
    """Who asks, and what they may do."""

    person: Annotated[str, say("Who.", "ana")]
    how: Annotated[str, say("By which door: web, api.", "api")]
    rights: Annotated[dict[str, str], say("The highest role for each service; `*` is all.", {"*": "responder"})]
    groups: Annotated[list[str], say("What the identity provider says they are in.", ["sre"])]
    token: Annotated[str, say("The id of the token that was sent; '' for none.", "t4k2")]


class Version(Struct):
    """What runs here."""

    version: Annotated[str, say("Of Steadyhand.", "0.1.0")]
    python: Annotated[str, say("Of Python.", "3.11.9")]
    api: Annotated[str, say("Of this API.", "v1")]


class Health(Struct):
    """Whether the server can do its work."""

    status: Annotated[Literal["ok"], say("ok; anything else is answered with 503.", "ok")]


class Problem(Struct, omit_defaults=True):
    """Why something was not done (RFC 9457). `detail` says what was wrong here, `hint` what to do instead."""

    type: Annotated[
        str, say("Which kind of problem; docs/reference/api.md lists all.", "urn:steadyhand:problem:not-found")
    ]
    title: Annotated[str, say("The kind in words.", "There is no such thing here")]
    status: Annotated[int, say("The HTTP status.", 404)]
    detail: Annotated[str, say("What was wrong.", "there is no run r9")] = ""
    hint: Annotated[str, say("What to do instead.", "see GET /api/v1/runs")] = ""
    findings: Annotated[list[Finding] | UnsetType, say("Everything that is wrong with a document.", [])] = UNSET
    needs: Annotated[list[str] | UnsetType, say("What is missing for a run to be finished.", [])] = UNSET
