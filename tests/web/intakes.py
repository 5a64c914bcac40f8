"""Settings with an intake for each sender, and requests that they take."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from ..alerts.senders import BODIES, GENERIC, JSON, body

TOKEN, OLD, SIGNING = "the-token-of-the-intakes", "the-token-before-it", "the-signing-secret"
SETTINGS = """\
store: journal.db
library: ['.']
server: {{grace: 1s}}
secrets: {{token: {{file: {folder}/token}}, old: {{file: {folder}/old}}, signing: {{file: {folder}/signing}}}}
intake:
  alertmanager: {{source: alertmanager, token: [token, old]}}
  grafana: {{source: grafana, signature: [signing], timestamp_header: X-Time}}
  pagerduty: {{source: pagerduty, signature: [old, signing]}}
  opsgenie: {{source: opsgenie, token: [token], header: X-Api-Key}}
  datadog: {{source: datadog, basic: {{user: dd, password: [token]}}}}
  cloudevents: {{source: cloudevents, token: [token]}}
  generic:
    source: generic
    open: only this machine can reach it
    mapping: {{name: $.title, status: $.state, fingerprint: $.id, starts_at: $.at, labels: {{host: $.tags.host}}}}
    statuses: {{alarm: firing}}
  second: {{source: grafana, token: [token]}}
"""


def intakes_in(folder: Path) -> None:
    """Write the settings, and the secrets that they name."""
    (folder / "steady.yaml").write_text(SETTINGS.format(folder=folder))
    for name, value in (("token", TOKEN), ("old", OLD), ("signing", SIGNING)):
        (folder / name).write_text(f"{value}\n")


def proof(source: str, raw: bytes, now: int) -> dict[str, str]:
    """The headers by which each sender is recognised."""
    login = base64.b64encode(f"dd:{TOKEN}".encode()).decode()
    timed = hmac.new(SIGNING.encode(), f"{now}:".encode() + raw, hashlib.sha256).hexdigest()
    plain = hmac.new(SIGNING.encode(), raw, hashlib.sha256).hexdigest()
    shown: dict[str, dict[str, str]] = {
        "grafana": {"X-Grafana-Alerting-Signature": timed, "X-Time": str(now)},
        "pagerduty": {"X-PagerDuty-Signature": f"v1={plain}"},
        "opsgenie": {"X-Api-Key": TOKEN},
        "datadog": {"Authorization": f"Basic {login}"},
        "generic": {},
    }
    return shown.get(source, {"Authorization": f"Bearer {TOKEN}"})


def posted(source: str, now: int, raw: bytes | None = None) -> tuple[bytes, dict[str, str]]:
    """A body of that sender with all its headers."""
    given, headers = BODIES[source]
    raw = given if raw is None else raw
    return raw, {**headers, **proof(source, raw, now)}


def numbered(source: str, number: int) -> bytes:
    """A body of that sender about another alert for each number."""
    if source == "generic":
        return body({**GENERIC, "id": f"alarm-{number}"})
    text = BODIES[source][0].decode()
    marks = {
        "alertmanager": "dd502de136d34c9a", "grafana": "57c6d9296de2ad39", "pagerduty": "PGR0VU2",
        "opsgenie": "orders/db down", "datadog": "3872914", "cloudevents": '"web1"',
    }  # fmt: skip
    mark = marks[source]
    new = f'"web{number}"' if source == "cloudevents" else f"{mark}{number}"
    if source == "pagerduty":
        text = text.replace("01DEN1HNLBC1VITK192ETJ0MMJ", f"E{number}")
    if source == "cloudevents":
        text = text.replace("A234-1234-1234", f"E{number}")
    assert mark in text
    return text.replace(mark, new).encode()


def told(answer: Any) -> tuple[int, Any]:
    return answer.status_code, json.loads(answer.content)


__all__ = ["JSON", "OLD", "SIGNING", "TOKEN", "intakes_in", "numbered", "posted", "proof", "told"]
