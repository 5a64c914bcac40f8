"""Bodies of Prometheus Alertmanager (webhook, version 4). A body is a group; each of its alerts has a stream.

Alertmanager sends a group again until it is answered with 2xx, and again after its `repeat_interval`: the same alert
with the same beginning and status is the same delivery. Fields that a later version adds are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import events as e
from ..schema.intakes import IntakeSpec
from .reading import Headers, Unfit, alert, fingerprint_of, identity_since, json_body, reader, record, records, text

STATUSES = ("firing", "resolved")


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The alerts of a group."""
    whole = record(json_body(body, headers, "Alertmanager"), "the body")
    if "alerts" not in whole:
        raise Unfit("the body holds no `alerts`: this is no message of Alertmanager", "leave `payload` out there")
    version = text(whole.get("version")) or "4"
    if version != "4":
        raise Unfit(f"version {version[:20]} of Alertmanager's messages is not known here", "version 4 is read")
    around = around_of(whole, "receiver", "notification_reason", "routeLabels")
    for number, one in enumerate(records(whole["alerts"], "alerts")):
        labels = record(one.get("labels") or {}, f"alerts[{number}].labels")
        status = status_of(one, number, STATUSES)
        fingerprint = mark_of(one, labels)
        yield alert(
            options,
            fingerprint=fingerprint,
            identity=identity_since(text(one.get("startsAt")), fingerprint, status),
            status=status,
            name=text(labels.get("alertname")) or "unnamed",
            labels=labels,
            annotations=one.get("annotations"),
            details={**around, "generator": text(one.get("generatorURL"))},
            starts_at=one.get("startsAt"),
            ends_at=one.get("endsAt") if status == "resolved" else None,
            group=text(whole.get("groupKey")),
            url=text(one.get("generatorURL")) or text(whole.get("externalURL")),
        )


def status_of(one: Any, number: int, known: tuple[str, ...]) -> str:
    """The status of an alert. Raises Unfit."""
    status = text(one.get("status"))
    if status not in known:
        raise Unfit(f"alerts[{number}].status is {status[:40]!r}", f"one of {', '.join(known)}")
    return status


def mark_of(one: Any, labels: Any) -> str:
    """The sender's own fingerprint of the labels, or ours of the same."""
    said = text(one.get("fingerprint"))
    return fingerprint_of(said) if said else fingerprint_of(*(f"{k}={text(v)}" for k, v in sorted(labels.items())), "")


def around_of(whole: Any, *names: str) -> dict[str, Any]:
    """What the message says of all its alerts. Alerts that were left out by its sender are counted."""
    found: dict[str, Any] = {name: text(whole.get(name)) for name in (*names, "externalURL") if text(whole.get(name))}
    left_out = whole.get("truncatedAlerts")
    if isinstance(left_out, int) and left_out > 0:
        found["truncatedAlerts"] = left_out
    return found
