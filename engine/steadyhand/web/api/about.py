"""What the remaining operations do: alerts, leases, who asks, and the server itself."""

from __future__ import annotations

import platform

from ... import __version__
from ...alerts.state import AlertState, stream_of
from ...app import leases
from ...errors import NotFound, UsageError
from ...events import AlertHeld, AlertRouted, AlertUnrouted
from ...model.people import Role
from ...model.wire import Alert, Alerts, Decided, Health, Lease, Leases, Me, ReturnLease, TakeLease, Version
from ...projections.words import rfc3339
from ...source import parse_duration
from ..problems import Refusal
from .calling import Call
from .pages import page, place_of
from .seeing import must

# --- alerts


def alerts(call: Call) -> Alerts:
    """Alerts, that of which something was heard last first."""
    place = place_of(call.given["cursor"], tuple[int, str])
    status = call.given["status"]
    rows = (row for row in call.server.board.alerts() if place is None or (row.at, row.stream) < place)
    found, after = page(
        rows,
        lambda row: (row.at, row.stream),
        lambda row: alert_of(row) if status in {None, row.status} else None,
        call.given["limit"],
    )
    return Alerts(found, after)


def alert(call: Call) -> Alert:
    """One alert."""
    intake, fingerprint = call.given["intake"], call.given["fingerprint"]
    found = call.server.board.alert(stream_of(intake, fingerprint))
    if found is None:
        raise NotFound(f"there is no alert {fingerprint} of {intake}", "see GET /api/v1/alerts")
    return alert_of(found)


def alert_of(row: AlertState) -> Alert:
    """An alert as JSON."""
    said = row.said
    _, intake, fingerprint = row.stream.split(":", 2)
    return Alert(
        intake,
        fingerprint,
        said.source if said else "",
        said.name if said else "",
        row.status,
        dict(said.labels) if said else {},
        dict(said.annotations) if said else {},
        said.url if said else "",
        rfc3339(row.first_at),
        rfc3339(row.at),
        rfc3339(row.firing_since) if row.firing_since else None,
        _decided(row),
        list(row.runs),
    )


def _decided(row: AlertState) -> Decided | None:
    at = rfc3339(row.decided_at)
    match row.decision:
        case AlertRouted() as one:
            return Decided("routed", at, one.route, one.runbook, one.run, one.joined)
        case AlertHeld() as one:
            until = rfc3339(one.until) if one.until else None
            return Decided("held", at, one.route, why=one.why, until=until)
        case AlertUnrouted() as one:
            return Decided("unrouted", at, one.route, one.runbook, why=one.why)
        case _:
            return None


# --- leases


def held(call: Call) -> Leases:
    """The leases that hold."""
    return Leases([_lease(one) for one in leases.held(call.server.services)])


def _lease(one: leases.Lease) -> Lease:
    return Lease(one.target, one.by, one.reason, rfc3339(one.taken), rfc3339(one.until))


def taken(call: Call) -> Leases:
    """Take a target."""
    asked: TakeLease = call.body
    who = call.who
    term = parse_duration(asked.term)
    if term is None or term <= 0:
        raise Refusal("unfit", f"{asked.term!r} is no time", "write 30m, 2h, 1d")
    there = next((one for one in leases.held(call.server.services) if one.target == asked.target), None)
    if there is not None and there.by != who.person:
        raise Refusal("conflict", f"{asked.target} is leased by {there.by}: {there.reason}", "ask them to hand it back")
    key = call.repeated
    if there is not None and key is not None and key.again and there.taken >= key.at and there.reason == asked.reason:
        return Leases([_lease(there)])  # an earlier try of this very request has taken it
    try:
        leases.take(call.server.services, asked.target, who.person, asked.reason, term, who.how, who.origin)
    except UsageError as problem:
        raise Refusal("conflict", problem.message, problem.hint) from None
    call.wrote()
    return Leases([_lease(one) for one in leases.held(call.server.services) if one.target == asked.target])


def returned(call: Call) -> Leases:
    """Hand a target back."""
    asked: ReturnLease = call.body
    who, services = call.who, call.server.services
    mine = next((one for one in leases.held(services) if one.target == asked.target), None)
    if mine is None:
        if call.repeated is not None and call.repeated.again:
            return held(call)  # an earlier try of this very request may have done it
        raise Refusal("conflict", f"{asked.target} is not leased", "see GET /api/v1/leases")
    if mine.by != who.person:
        must(who, Role.COMMANDER, ())
        if not asked.reason:
            raise Refusal("unfit", f"{asked.target} is leased by {mine.by}: {mine.reason}", "say why in `reason`")
    try:
        leases.give_back(services, asked.target, who.person, asked.reason, who.how, who.origin)
    except UsageError as problem:
        raise Refusal("conflict", problem.message, problem.hint) from None
    call.wrote()
    return held(call)


# --- the server, and who asks


def me(call: Call) -> Me:
    """Who asks."""
    who = call.who
    rights = {service: Role(role).word for service, role in who.rights.items()}
    return Me(who.person, who.how, rights, list(who.groups), who.token)


def version(call: Call) -> Version:
    """What runs here."""
    del call
    return Version(__version__, platform.python_version(), "v1")


def health(call: Call) -> Health:
    """Whether the server can do its work. Raises Refusal."""
    server = call.server
    if server.draining.is_set():
        raise Refusal("unavailable", "the server is stopping", "ask again soon")
    if server.hub.trouble or not server.hub.alive:
        raise Refusal("unavailable", "the journal cannot be read", "the log of the server says why")
    return Health("ok")
