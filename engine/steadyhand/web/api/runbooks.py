"""What the operations around the library do: list, show, validate, plan, draw, and look whether it could be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from ...app import library, planning, preflight
from ...errors import Severity
from ...graph import build
from ...graph.svg import svg
from ...model import Runbook
from ...model.people import Role
from ...model.wire import (
    FileFindings,
    Files,
    Given,
    Need,
    Needs,
    RunbookDetail,
    RunbookInput,
    RunbookRow,
    Runbooks,
    ToValidate,
)
from ...projections import planned
from ..problems import finding
from .calling import Call
from .operations import Reply
from .pages import page, place_of
from .runs import fitting
from .seeing import must, named_so, read_named, runbook_named

SENT = Path("sent/runbook.yaml")
"""The name under which findings tell of a document that was sent: there is no such file."""
SHOWN_ONLY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""What a browser may do with a picture or a page of ours that holds words of others: nothing."""


def listed(call: Call) -> Runbooks:
    """The library, by name."""
    place = place_of(call.given["cursor"], tuple[str])
    names = sorted(name for name, _ in library.named(call.server.services))

    def draw(name: str) -> RunbookRow | None:
        row = _row(name, read_named(call, name))
        return row if call.who.may(Role.VIEWER, row.services) else None

    later: Iterator[str] = (name for name in names if place is None or name > place[0])
    found, after = page(later, lambda name: (name,), draw, call.given["limit"])
    return Runbooks(found, after)


def _row(name: str, read: library.Read) -> RunbookRow:
    weights = [one.severity for one in read.diagnostics]
    errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
    found = read.runbook
    if found is None:
        return RunbookRow(name, "", False, errors=errors, warnings=warnings)
    severity = found.severity.value if found.severity else ""
    return RunbookRow(
        name, found.title, read.valid, severity, list(found.services), list(found.alerts), found.owner, found.updated,
        errors, warnings,
    )  # fmt: skip


def one(call: Call) -> RunbookDetail:
    """A runbook with its text, its inputs and all findings; one that is invalid, too."""
    name = call.given["runbook"]
    read = read_named(call, name)
    row, found = _row(name, read), read.runbook
    must(call.who, Role.VIEWER, row.services)
    return RunbookDetail(
        **{field: getattr(row, field) for field in row.__struct_fields__},
        digest=found.digest if found else "",
        text=found.text if found else "",
        symptoms=list(found.symptoms) if found else [],
        impact=dict(found.impact) if found else {},
        inputs=_inputs(found) if found else {},
        steps=list(found.steps) if found else [],
        findings=[finding(d) for d in read.diagnostics],
    )


def _inputs(found: Runbook) -> dict[str, RunbookInput]:
    return {
        name: RunbookInput(dict(one.schema), one.required, one.default, one.source, one.description)
        for name, one in found.inputs.items()
    }


def validated(call: Call) -> Files:
    """What is found about a text; nothing of it is kept."""
    sent: ToValidate = call.body
    read = library.read(call.server.services, SENT, sent.text.encode("utf-8"))
    return Files([FileFindings(SENT.name, [finding(d) for d in named_so(SENT.name, read.diagnostics)])])


def plan(call: Call) -> dict[str, Any]:
    """What a run would do, as `steady plan --json` prints it."""
    runbook, given = _with_inputs(call)
    return planned.document(planning.plan(call.server.services, runbook, given), given)


def _with_inputs(call: Call) -> tuple[Runbook, dict[str, Any]]:
    asked: Given = call.body
    runbook = runbook_named(call, call.given["runbook"])
    return runbook, fitting(runbook, asked.inputs, partial=True)


def could(call: Call) -> Needs:
    """Whether every step could be carried out right now."""
    runbook, given = _with_inputs(call)
    rows = preflight.check(call.server.services, runbook, given)
    return Needs(runbook.name, [Need(**to_builtins(row)) for row in rows])


def drawn(call: Call) -> Reply:
    """The picture of a runbook."""
    picture = svg(build(runbook_named(call, call.given["runbook"])))
    return Reply(picture.encode("utf-8"), "image/svg+xml", headers={"Content-Security-Policy": SHOWN_ONLY})
