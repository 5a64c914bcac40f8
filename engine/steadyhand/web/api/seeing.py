"""Which runs and runbooks there are, and who may see them. For the operations of the API."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from ...app import library, watching
from ...app.board import About
from ...app.server import Server
from ...errors import Diagnostic, InvalidDocument, NotFound, SteadyError
from ...events import Recorded
from ...model import Runbook
from ...model.people import Identity, Role
from ...model.wire import Summary
from ...model.wire.says import RUN
from ...projections.rows import RunRow
from ...projections.structured import summarise
from ...projections.words import rfc3339
from ..requests import Denied
from .calling import Call

UNKNOWN = ("*",)
"""The services of a run of which they cannot be told: only who may do it everywhere may do it there."""


def run_of(call: Call, role: Role = Role.VIEWER) -> str:
    """The run that a request names, if whoever asks has the role for it. Raises NotFound, Denied."""
    run = str(call.given["run"])
    if re.fullmatch(RUN, run) is None or call.server.services.journal.head(run) is None:
        raise NotFound(f"there is no run {run}", "see GET /api/v1/runs")
    must(call.who, role, services_of(call.server, run))
    return run


def must(who: Identity, role: Role, services: Sequence[str]) -> None:
    """Raises Denied unless they have the role for all these services."""
    if not who.may(role, services):
        where = f" for {', '.join(services)}" if services else ""
        raise Denied(f"{who.person} is no {role.word}{where}", "ask somebody who may, or an admin for the right")


def services_of(server: Server, run: str) -> tuple[str, ...]:
    """The services that a run is for."""
    row = server.board.run(run)
    about = server.board.about(run)
    if row is not None and about != About(row.runbook) and about != About():
        return about.services
    try:
        return watching.runbook_of(server.services, server.services.journal.read(run)[:1]).services
    except SteadyError:
        return UNKNOWN


def recorded_of(call: Call, run: str) -> tuple[Recorded, ...]:
    """Everything that happened in a run."""
    return call.server.services.journal.read(run)


def runbook_named(call: Call, name: str) -> Runbook:
    """A runbook of the library that may run, never one by its path. Raises NotFound, InvalidDocument, Denied."""
    read = read_named(call, name)
    if not read.valid or read.runbook is None:
        raise InvalidDocument(read.diagnostics)
    must(call.who, call.operation.right or Role.VIEWER, read.runbook.services)
    return read.runbook


def read_named(call: Call, name: str) -> library.Read:
    """A runbook of the library with everything found about it. Raises NotFound."""
    path = dict(library.named(call.server.services)).get(name)
    if path is None:
        raise NotFound(f"there is no runbook {name}", "see GET /api/v1/runbooks")
    found = library.read(call.server.services, path)
    return library.Read(f"{name}.yaml", found.runbook, named_so(f"{name}.yaml", found.diagnostics))


def named_so(name: str, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings that tell of a document by a name, not by where it lies on this machine."""
    return tuple(replace(one, span=replace(one.span, source=name)) for one in found)


def summary_of(server: Server, run: str) -> Summary:
    """A run in one line, from what the server knows by heart, else from the journal."""
    row = server.board.run(run)
    return summarise(server.services.journal.read(run)) if row is None else in_line(row)


def in_line(row: RunRow) -> Summary:
    """A row of the board as the commands print it."""
    return Summary(
        row.id, row.runbook, row.status, row.conclusion or None, row.mode, rfc3339(row.started_at),
        rfc3339(row.ended_at) if row.ended_at else None, [gate.gate for gate in row.gates], row.requester,
    )  # fmt: skip
