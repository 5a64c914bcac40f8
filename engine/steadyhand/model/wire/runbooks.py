"""Runbooks: listed, shown, validated, and held against this machine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Struct, field

from .says import Next, RunbookName, say

Services = Annotated[list[str], say("The services that it is for.", ["orders"])]
BIGGEST = 512 * 1024
"""Characters of a runbook that is sent to be validated."""


class RunbookRow(Struct):
    """A runbook in one line."""

    name: RunbookName
    title: str
    valid: Annotated[bool, say("Whether it may run.", True)]
    severity: Annotated[str, say("SEV1 to SEV4, or ''.", "SEV2")] = ""
    services: Services = field(default_factory=list)
    alerts: Annotated[list[str], say("The alerts that start it.", ["HighErrors"])] = field(default_factory=list)
    owner: Annotated[str, say("Who keeps it.", "team-data")] = ""
    updated: Annotated[str, say("When it was last looked over.", "2026-11-20")] = ""
    errors: Annotated[int, say("Findings that make it invalid.", 0)] = 0
    warnings: int = 0


class Runbooks(Struct):
    """A page of the library, by name."""

    runbooks: list[RunbookRow]
    next: Next = None


class RunbookInput(Struct):
    """What a run is given."""

    schema: Annotated[dict[str, Any], say("JSON Schema of the value.", {"type": "string"})]
    required: bool
    default: Any = None
    source: Annotated[str, say("Where an alert supplies it.", "alert.labels.instance")] = ""
    description: str = ""


class Finding(Struct):
    """One finding about a document: where, what, why, and what to write instead."""

    code: Annotated[str, say("docs/reference/codes.md explains all.", "SG001")]
    severity: Annotated[Literal["error", "warning"], say("error makes a document invalid.", "error")]
    file: str
    line: int
    column: int
    end: Annotated[int, say("The column after the last.", 12)]
    message: str
    why: str
    hint: str


class RunbookDetail(RunbookRow, kw_only=True):
    """A runbook with its text, its inputs and everything found about it."""

    digest: Annotated[str, say("SHA-256 of its text.", "0" * 64)]
    text: str
    symptoms: list[str]
    impact: dict[str, str]
    inputs: dict[str, RunbookInput]
    steps: Annotated[list[str], say("The ids of its steps, in the order of the file.", ["verify"])]
    findings: list[Finding]


class ToValidate(Struct, forbid_unknown_fields=True):
    """A runbook to be validated. It is not kept."""

    text: Annotated[str, say("The document, as YAML.", "steadyhand: 1\nname: x\n", max_length=BIGGEST)]


class FileFindings(Struct):
    """What was found about one document."""

    path: str
    findings: list[Finding]


class Files(Struct):
    """What `steady validate --json` prints."""

    files: list[FileFindings]


class Given(Struct, forbid_unknown_fields=True):
    """The inputs that are known so far."""

    inputs: Annotated[dict[str, Any], say("Values of inputs.", {"path": "/var"})] = field(default_factory=dict)


class Need(Struct):
    """One need of one step; `step` is '' for the runbook as a whole."""

    step: str
    what: str
    holds: Annotated[bool | None, say("null when it could not be told.", True)]
    why: Annotated[str, say("What was found.", "not on PATH")] = ""
    how: Annotated[str, say("How to get what is missing.", "install psql")] = ""


class Needs(Struct):
    """Whether every step could be carried out right now: what `steady preflight --json` prints."""

    runbook: RunbookName
    rows: list[Need]
