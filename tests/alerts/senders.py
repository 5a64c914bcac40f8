"""What each sender posts, as its documentation shows it (Alertmanager's as one sent it), with the headers beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from steadyhand.alerts import datadog
from steadyhand.alerts.sources import read
from steadyhand.schema.intakes import IntakeSpec, Shape

PAYLOADS = Path(__file__).resolve().parent.parent / "payloads"
JSON = {"content-type": "application/json"}

ALERTMANAGER = json.loads((PAYLOADS / "alertmanager-real.json").read_text())
GRAFANA: dict[str, Any] = {
    "receiver": "steady", "status": "firing", "orgId": 7, "version": "1", "groupKey": '{}:{alertname="Slow"}',
    "truncatedAlerts": 0, "title": "[FIRING:1] Slow", "state": "alerting", "message": "**Firing**",
    "externalURL": "https://grafana.example/", "appVersion": "12.1.0", "groupLabels": {"alertname": "Slow"},
    "commonLabels": {"alertname": "Slow"}, "commonAnnotations": {},
    "alerts": [{
        "status": "firing", "labels": {"alertname": "Slow", "grafana_folder": "shop"}, "annotations": {"summary": "Slow"},
        "startsAt": "2026-11-23T15:32:06Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "https://grafana.example/a",
        "fingerprint": "57c6d9296de2ad39", "silenceURL": "https://grafana.example/s", "dashboardURL": "https://grafana.example/d",
        "panelURL": "", "values": {"A": 0.93, "B": None}, "valueString": "[ var='A' value=0.93 ]", "orgId": 7,
    }],
}  # fmt: skip
PAGERDUTY: dict[str, Any] = {"event": {
    "id": "01DEN1HNLBC1VITK192ETJ0MMJ", "event_type": "incident.triggered", "resource_type": "incident",
    "occurred_at": "2026-11-23T15:32:07.123Z", "agent": {"id": "PLH1HKV", "type": "user_reference", "summary": "Ana"},
    "client": None,
    "data": {
        "id": "PGR0VU2", "type": "incident", "self": "https://api.pagerduty.com/incidents/PGR0VU2",
        "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2", "number": 2, "status": "triggered",
        "incident_key": "d3640fbd41094207a1c11e58e46b1662", "created_at": "2026-11-23T15:32:06Z",
        "title": "Orders cannot be stored", "incident_type": {"name": "incident_default"},
        "service": {"id": "PF9KMXH", "type": "service_reference", "summary": "orders"}, "assignees": [],
        "escalation_policy": {"id": "PUS0KTE", "summary": "Default"}, "teams": [{"id": "PFCVPS0", "summary": "data"}],
        "priority": {"id": "PSO75BM", "summary": "P1"}, "urgency": "high", "conference_bridge": None,
        "resolve_reason": None,
    },
}}  # fmt: skip
OPSGENIE: dict[str, Any] = {
    "action": "Create", "integrationId": "37c8f316", "integrationName": "Steadyhand",
    "source": {"name": "", "type": "API"},
    "alert": {
        "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c", "tinyId": "23", "alias": "orders/db down", "message": "Orders down",
        "username": "ana@shop.example", "userId": "daed1180", "entity": "orders-db", "source": "nagios",
        "tags": ["env:prod", "critical", "team=data"], "teams": [], "recipients": [], "createdAt": 1795447926000,
        "updatedAt": 1795447926000000000, "description": "No answer", "details": {"host": "db2"},
    },
}  # fmt: skip
FILLED = {
    "ALERT_CYCLE_KEY": "3872914", "ALERT_TRANSITION": "Triggered", "ALERT_TYPE": "error", "ALERT_STATUS": "slow",
    "ALERT_ID": "1234", "ALERT_TITLE": 'Orders are "slow"', "EVENT_TITLE": "[Triggered] Orders are slow",
    "EVENT_MSG": "Look at it\nnow", "ALERT_SCOPE": "host:web1,env:prod", "ALERT_PRIORITY": "P1", "TAGS": "service:orders, paged",
    "LINK": "https://app.datadoghq.com/event/1", "ORG_NAME": "shop", "DATE": "1795447926000", "LAST_UPDATED": "1795447930000",
    "HOSTNAME": "web1",
}  # fmt: skip
"""What Datadog puts in place of its variables; those that are not in here stay as they are."""
CLOUDEVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "A234-1234-1234", "source": "/monitors/disk", "type": "com.shop.disk.full.firing",
    "subject": "web1", "time": "2026-11-23T15:32:06Z", "datacontenttype": "application/json", "region": "lab",
    "data": {"used": 0.97},
}  # fmt: skip
GENERIC = {"title": "Orders are slow", "state": "ALARM", "id": "alarm-7", "at": 1795447926, "tags": {"host": "web1"}}
MAPPED = IntakeSpec(
    "generic", "generic", statuses={"alarm": "firing"},
    mapping=Shape(name="$.title", status="$.state", fingerprint="$.id", starts_at="$.at", labels={"host": "$.tags.host"}),
)  # fmt: skip


def substituted(filled: dict[str, str] = FILLED) -> bytes:
    """The published template as Datadog fills it in: a variable is replaced by its text, escaped for JSON."""
    text = json.dumps(dict(datadog.TEMPLATE))
    for name in sorted(filled, key=len, reverse=True):
        text = text.replace(f'${name}"', json.dumps(filled[name])[1:-1] + '"')
    return text.encode()


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "alertmanager": ((PAYLOADS / "alertmanager-real.raw.txt").read_bytes().rstrip(b"\n"), JSON),
    "grafana": (body(GRAFANA), JSON),
    "pagerduty": (body(PAGERDUTY), JSON),
    "opsgenie": (body(OPSGENIE), JSON),
    "datadog": (substituted(), JSON),
    "cloudevents": (body(CLOUDEVENT), {"content-type": "application/cloudevents+json"}),
    "generic": (body(GENERIC), JSON),
}
"""One firing alert of each sender."""


def spec(source: str) -> IntakeSpec:
    return MAPPED if source == "generic" else IntakeSpec(source, source)


def heard(source: str, value: Any, headers: dict[str, str] | None = None, options: IntakeSpec | None = None) -> Any:
    raw = value if isinstance(value, bytes) else body(value)
    return read(raw, headers if headers is not None else BODIES[source][1], options or spec(source))


def changed(value: Any, **more: Any) -> Any:
    return {**value, **more}
