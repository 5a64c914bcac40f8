"""Bodies of Grafana Alerting (webhook, version 1): as Alertmanager's, with pages to look at and values measured.

An alert is the same delivery when organisation, fingerprint, beginning and status are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import events as e
from ..schema.intakes import IntakeSpec
from .alertmanager import STATUSES, around_of, mark_of, status_of
from .reading import Headers, Unfit, alert, fingerprint_of, identity_since, json_body, reader, record, records, text

LINKS = ("silenceURL", "dashboardURL", "panelURL", "imageURL", "generatorURL", "ruleUID", "valueString")
VALUES = 50
"""Measured values of one alert that are kept."""


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The alerts of a group."""
    whole = record(json_body(body, headers, "Grafana"), "the body")
    if "alerts" not in whole:
        raise Unfit("the body holds no `alerts`: this is no message of Grafana", "leave the custom payload out there")
    around = around_of(whole, "receiver", "title", "appVersion")
    for number, one in enumerate(records(whole["alerts"], "alerts")):
        labels = record(one.get("labels") or {}, f"alerts[{number}].labels")
        status = status_of(one, number, STATUSES)
        org, mark = text(one.get("orgId")) or text(whole.get("orgId")), mark_of(one, labels)
        yield alert(
            options,
            fingerprint=mark if org in {"", "1"} else fingerprint_of(f"{org}-{mark}"),
            identity=identity_since(text(one.get("startsAt")), org, mark, status),
            status=status,
            name=text(labels.get("alertname")) or "unnamed",
            labels=labels,
            annotations=one.get("annotations"),
            details={**around, **_more(one), **({"orgId": org} if org else {})},
            starts_at=one.get("startsAt"),
            ends_at=one.get("endsAt") if status == "resolved" else None,
            group=text(whole.get("groupKey")),
            url=text(one.get("dashboardURL")) or text(one.get("generatorURL")) or text(whole.get("externalURL")),
        )


def _more(one: Any) -> dict[str, Any]:
    found: dict[str, Any] = {name: text(one.get(name)) for name in LINKS if text(one.get(name))}
    values = one.get("values")
    if isinstance(values, dict):
        kept = list(values.items())[:VALUES]
        found["values"] = {name[:100]: text(value)[:100] for name, value in kept}
    return found
