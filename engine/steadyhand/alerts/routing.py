"""Which routes a delivery goes to, and what is said of one that goes to none. Pure; the rest is decided in lanes.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from .. import events as e
from ..model import Runbook
from ..schema.routes import FIRING, Condition, Route
from .meaning import Delivery, Meant, Refused, meaning, starts, taken_by
from .state import AlertState, Decision

QUIET = ("resolved", "silenced", "inhibited")
"""The statuses of an alert that no longer asks for anything to be done."""


class Way(Struct, frozen=True):
    """A route with its runbook; None where it cannot be started, and `problem` says why."""

    route: Route
    runbook: Runbook | None
    problem: str = ""


class Sorted(Struct, frozen=True):
    """Where a delivery goes: routes (by name) with what it means there, and why it goes nowhere else."""

    meant: tuple[tuple[str, Meant], ...] = ()
    unrouted: tuple[e.AlertUnrouted, ...] = ()


def implied(runbook: Runbook) -> Route:
    """The route that the `alerts:` of a runbook make."""
    match = (Condition("alertname", runbook.alerts),)
    return Route(f"runbook:{runbook.name}", runbook.name, match, implied=True)


def sort(ways: Sequence[Way], delivery: Delivery) -> Sorted:
    """Where a delivery that may start something goes."""
    known = {way.route.name: way for way in ways}
    taken = taken_by((way.route for way in ways), delivery.said)
    meant: list[tuple[str, Meant]] = []
    unrouted: list[e.AlertUnrouted] = []
    for route in taken:
        if not starts(route, delivery.said.status):
            continue
        way = known[route.name]
        if way.runbook is None:
            unrouted.append(e.AlertUnrouted(delivery.seq, way.problem, route.name, route.runbook))
            continue
        found = meaning(route, way.runbook, delivery.said)
        if isinstance(found, Refused):
            unrouted.append(e.AlertUnrouted(delivery.seq, found.why, route.name, route.runbook))
        else:
            meant.append((route.name, found))
    if not taken and delivery.said.status == FIRING:
        unrouted.append(e.AlertUnrouted(delivery.seq, f"no route fits {delivery.said.name}"))
    return Sorted(tuple(meant), tuple(unrouted))


def unstarted(delivery: Delivery, before: Decision | None, going: Sequence[str]) -> e.AlertRouted | e.AlertHeld:
    """What comes of a delivery that starts nothing: it belongs to a run of the alert that goes on, or to none.

    `before` is what was decided last, `going` are the runs of the alert that go on, the latest first.
    """
    route = before.route if before is not None else ""
    key, runbook = getattr(before, "key", ""), getattr(before, "runbook", "")
    if going:
        return e.AlertRouted(delivery.seq, route, key, runbook, going[0], joined=True)
    return e.AlertHeld(delivery.seq, route, key, f"it is {delivery.said.status}, and no run of it goes on")


def together(alerts: Iterable[AlertState], latest: str) -> str:
    """The status of all alerts of a run: it has gone quiet only when all of them have."""
    loud = [alert.status for alert in alerts if alert.status not in QUIET]
    if not loud:
        return latest
    return FIRING if FIRING in loud else loud[0]
