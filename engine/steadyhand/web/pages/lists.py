"""`/runs` and `/alerts`: lists with filters, a page at a time; and one alert with everything that was said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from ... import events as e
from ...alerts.state import AlertState, fold_alert
from ...errors import NotFound
from ...model.people import Role
from ...projections.rows import RunRow
from ..requests import need, server
from .rendering import asked, reading, render

EACH = 50
"""How many rows a page has."""
STATUSES = ("running", "waiting", "concluded")
CONCLUSIONS = ("healthy", "resolved", "escalated", "stopped", "broken")
ALERT_STATUSES = ("firing", "acknowledged", "resolved", "silenced", "inhibited")
DECISIONS = {"": "undecided", "AlertRouted": "routed", "AlertHeld": "held", "AlertUnrouted": "unrouted"}
"""What may have come of an alert, by the event that says so."""

T = TypeVar("T")


def cut(rows: Iterable[T], after: str, key: Callable[[T], tuple[int, str]]) -> tuple[list[T], str]:
    """The rows after a cursor, newest first, and the cursor to go on from; '' at the end."""
    at, _, name = after.partition(".")
    place = (int(at), name) if at.isdecimal() else None
    found = list(islice((row for row in rows if place is None or key(row) < place), EACH + 1))
    if len(found) <= EACH:
        return found, ""
    last = key(found[EACH - 1])
    return found[:EACH], f"{last[0]}.{last[1]}"


def runs(request: Request) -> Response:
    """The runs, newest first."""
    who = need(request, Role.VIEWER)
    board = server(request).board
    wanted = {name: asked(request, name) for name in ("status", "conclusion", "runbook", "service", "requester", "q")}

    def fits(row: RunRow) -> bool:
        about = board.about(row.id)
        words = f"{row.id} {row.runbook} {about.title} {row.requester} {' '.join(about.services)}".lower()
        return (
            who.may(Role.VIEWER, about.services)
            and wanted["status"] in {"", row.status}
            and wanted["conclusion"] in {"", row.conclusion}
            and wanted["runbook"] in {"", row.runbook}
            and wanted["service"] in {"", *about.services}
            and wanted["requester"] in {"", row.requester}
            and all(word in words for word in wanted["q"].lower().split())
        )

    rows = board.runs()
    found, more = cut(filter(fits, rows), asked(request, "after"), lambda row: (row.started_at, row.id))
    return render(
        request,
        "runs.html",
        rows=[(row, board.about(row.id)) for row in found],
        wanted=wanted,
        more=more,
        runbooks=sorted({row.runbook for row in rows}),
        statuses=STATUSES,
        conclusions=CONCLUSIONS,
    )


def decided(alert: AlertState) -> str:
    """What came of an alert, in a word."""
    if _over(alert):
        return DECISIONS["AlertRouted"]
    return DECISIONS.get(type(alert.decision).__name__ if alert.decision is not None else "", "undecided")


def why(alert: AlertState) -> str:
    """Why that came of it, in a sentence."""
    if _over(alert):
        return "it is over, and had led to a run"
    match alert.decision:
        case e.AlertRouted() as one:
            return f"{_by(one.route)}{'joined a run of' if one.joined else 'started'} {one.runbook}"
        case e.AlertHeld() as one:
            return f"{_by(one.route)}{one.why}"
        case e.AlertUnrouted() as one:
            return one.why
        case _:
            return "nobody has decided yet what comes of it"


def _over(alert: AlertState) -> bool:
    """Whether it has resolved after a run had dealt with it: that its end led to none is no news."""
    return alert.status == "resolved" and bool(alert.runs)


def _by(route: str) -> str:
    """The route that decided; nothing where it was none: a person, or what holds for all of them."""
    return f"route {route}: " if route else ""


def alerts(request: Request) -> Response:
    """The alerts, the one of which something was heard last first."""
    need(request, Role.VIEWER)
    wanted = {name: asked(request, name) for name in ("status", "came", "q")}

    def fits(alert: AlertState) -> bool:
        said = alert.said
        if said is None:
            return False
        words = f"{said.name} {said.intake} {said.fingerprint} {' '.join(map('='.join, said.labels.items()))}".lower()
        return (
            wanted["status"] in {"", alert.status}
            and wanted["came"] in {"", decided(alert)}
            and all(word in words for word in wanted["q"].lower().split())
        )

    rows = filter(fits, server(request).board.alerts())
    found, more = cut(rows, asked(request, "after"), lambda one: (one.at, one.stream))
    return render(
        request,
        "alerts.html",
        rows=found,
        wanted=wanted,
        more=more,
        decided=decided,
        why=why,
        statuses=ALERT_STATUSES,
        decisions=tuple(DECISIONS.values()),
    )


def alert(request: Request) -> Response:
    """One alert: what was said, what came of it and why."""
    need(request, Role.VIEWER)
    host = server(request)
    stream = request.path_params["stream"]
    if not stream.startswith(e.ALERTS):
        raise NotFound(f"there is no alert {stream}", "look for it in the list: /alerts")
    recorded = host.services.journal.read(stream)
    state = fold_alert(recorded)
    if state.said is None:
        raise NotFound(f"nothing was said of the alert {stream}", "look for it in the list: /alerts")
    name = state.said.name
    books = [one for one in reading(request).shelf.all() if one.runbook is not None and name in one.runbook.alerts]
    return render(
        request,
        "alert.html",
        alert=state,
        recorded=recorded[::-1],
        decided=decided(state),
        why=why(state),
        books=books,
        runs=[host.board.run(run) or RunRow(id=run) for run in state.runs[::-1]],
        name_of=e.name_of,
    )
