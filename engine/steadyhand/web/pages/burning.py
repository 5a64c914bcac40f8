"""`/`: what burns now. Questions first, then what runs, what was escalated, what fires without a run, what is held."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from ...alerts.state import AlertState
from ...app import leases
from ...app.board import About, Board
from ...app.freezes import freezes
from ...events import GateOpened
from ...model import SECOND
from ...model.people import Identity, Role
from ...projections.rows import RunRow
from ..requests import need, server
from .rendering import render

RECENT = 24 * 3600 * SECOND
"""How long (microseconds) a run that was escalated, or is in doubt, is shown after its end."""
MOST = 50
"""How many lines of a kind are shown; the lists have the rest."""


class Line(NamedTuple):
    """A run with what its runbook says of itself, and (for a question) the question."""

    row: RunRow
    about: About
    opened: GateOpened | None = None


class Now(NamedTuple):
    """What burns."""

    questions: list[Line]
    running: list[Line]
    escalated: list[Line]
    firing: list[AlertState]


def burning(board: Board, who: Identity, now: int) -> Now:
    """What burns for somebody, at that time (microseconds): the most urgent first."""
    found = Now([], [], [], [])
    live: set[str] = set()
    for row in board.runs():
        about = board.about(row.id)
        if not row.conclusion:
            live.add(row.id)
        if not who.may(Role.VIEWER, about.services):
            continue
        line = Line(row, about)
        if not row.conclusion:
            found.questions.extend(line._replace(opened=opened) for opened in row.gates)
            if not row.gates:
                found.running.append(line)
        if (row.escalated or row.in_doubt or row.conclusion == "escalated") and now - (row.ended_at or now) < RECENT:
            found.escalated.append(line)
    found.questions.sort(key=lambda one: (one.about.severity or "SEV9", one.row.at))
    for alert in board.alerts():
        if alert.status in {"firing", "acknowledged"} and not live.intersection(alert.runs):
            found.firing.append(alert)
    return found


def page(request: Request) -> Response:
    """The page."""
    who = need(request, Role.VIEWER)
    host = server(request)
    found = burning(host.board, who, host.services.clock.now())
    held = leases.held(host.services)
    frozen = tuple(one for one, on in freezes(host.services) if on)
    return render(
        request,
        "burning.html",
        found=found,
        held=held,
        frozen=frozen,
        most=MOST,
        trouble=host.hub.trouble,
        calm=not (any(found) or held or frozen),
    )
