"""Bodies of PagerDuty V3 webhooks: one event each. What is about an incident tells its status; all else is let pass.

An event has an id of its own, by which one that is sent again is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import events as e
from ..schema.intakes import IntakeSpec
from .reading import IGNORED, Headers, Unfit, alert, fingerprint_of, identity_of, json_body, reader, record, text

STATUSES = {"triggered": "firing", "acknowledged": "acknowledged", "resolved": "resolved"}
TELLING = frozenset(
    f"incident.{word}"
    for word in [
        "triggered",
        "acknowledged",
        "unacknowledged",
        "resolved",
        "reopened",
        "escalated",
        "delegated",
        "reassigned",
        "priority_updated",
        "service_updated",
        "incident_type.changed",
    ]
)
"""Events whose data is the incident itself."""


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The incident that an event is about."""
    whole = record(json_body(body, headers, "PagerDuty"), "the body")
    event = record(whole.get("event"), "event")
    kind, mark = text(event.get("event_type")), text(event.get("id"))
    if not kind or not mark:
        raise Unfit("event needs `event_type` and `id`: this is no webhook of PagerDuty (V3)", "use a V3 subscription")
    if kind not in TELLING:
        raise Unfit(f"{kind[:80]} tells no new status of an incident", "nothing is to be done", IGNORED)
    data = record(event.get("data"), "event.data")
    if text(data.get("type")) not in {"incident", ""}:
        raise Unfit(f"{kind} is about {text(data.get('type'))[:60]!r}, not about an incident", "", IGNORED)
    status = STATUSES.get(text(data.get("status")))
    if status is None or not text(data.get("id")):
        raise Unfit(f"event.data needs an `id`, and a `status` of {', '.join(STATUSES)}")
    yield alert(
        options,
        fingerprint=fingerprint_of(text(data.get("id"))),
        identity=identity_of(mark),
        status=status,
        name=text(data.get("title")) or f"incident {text(data.get('number'))}",
        labels=_labels(data),
        details=_details(event, data, kind),
        starts_at=data.get("created_at"),
        ends_at=event.get("occurred_at") if status == "resolved" else None,
        group=text(data.get("incident_key")),
        url=text(data.get("html_url")),
    )


def _labels(data: Any) -> dict[str, str]:
    found = {
        "title": text(data.get("title")),
        "service": _summary(data.get("service")),
        "urgency": text(data.get("urgency")),
        "priority": _summary(data.get("priority")),
        "escalation_policy": _summary(data.get("escalation_policy")),
        "incident_type": text((data.get("incident_type") or {}).get("name")) if _is_map(data, "incident_type") else "",
        "team": ", ".join(filter(None, map(_summary, _listed(data.get("teams"))))),
    }
    return {name: value for name, value in found.items() if value}


def _details(event: Any, data: Any, kind: str) -> dict[str, Any]:
    found = {
        "event_type": kind,
        "occurred_at": text(event.get("occurred_at")),
        "number": text(data.get("number")),
        "agent": _summary(event.get("agent")),
        "assignees": ", ".join(filter(None, map(_summary, _listed(data.get("assignees"))))),
    }
    return {name: value for name, value in found.items() if value}


def _is_map(data: Any, name: str) -> bool:
    return isinstance(data.get(name), dict)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _summary(reference: Any) -> str:
    return text(reference.get("summary")) or text(reference.get("id")) if isinstance(reference, dict) else ""
