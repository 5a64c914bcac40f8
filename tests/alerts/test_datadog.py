"""Datadog's webhook, made by our own template as Datadog would fill it in."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path

import pytest

from steadyhand.alerts.datadog import TEMPLATE

from .senders import FILLED, JSON, heard, substituted

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_template_filled_in():
    (one,) = heard("datadog", substituted())
    assert (one.status, one.name, one.fingerprint) == ("firing", 'Orders are "slow"', "3872914")
    assert one.identity == "3872914/Triggered"
    assert one.labels["service"] == "orders"
    assert (one.labels["paged"], one.labels["env"], one.labels["host"]) == ("true", "prod", "web1")
    assert one.labels["priority"] == "P1"
    assert one.annotations == {"summary": "Look at it\nnow"}
    assert one.starts_at == 1795447926000000
    assert one.url == "https://app.datadoghq.com/event/1"
    assert "metric" not in one.labels  # Datadog had nothing for $ALERT_METRIC


def test_what_recovers_is_the_same_alert():
    fired = heard("datadog", substituted())[0]
    over = heard("datadog", substituted({**FILLED, "ALERT_TRANSITION": "Recovered"}))[0]
    assert (over.status, over.fingerprint) == ("resolved", fired.fingerprint)
    assert over.identity != fired.identity


@pytest.mark.parametrize(
    ("transition", "status"),
    [
        ("Re-Triggered", "firing"), ("Warn", "firing"), ("No Data", "firing"), ("Renotify", "firing"),
        ("Warn Recovered", "resolved"), ("No data recovered", "resolved"),
    ],
)  # fmt: skip
def test_transitions(transition, status):
    assert heard("datadog", substituted({**FILLED, "ALERT_TRANSITION": transition}))[0].status == status


def test_an_unknown_transition_is_told():
    assert "'Sideways' is not known" in heard("datadog", substituted({**FILLED, "ALERT_TRANSITION": "Sideways"})).why


def test_it_may_be_sent_as_a_form():
    said = json.loads(substituted())
    fields = urllib.parse.urlencode(said).encode()
    whole = urllib.parse.urlencode({"payload": json.dumps(said)}).encode()
    assert heard("datadog", fields, FORM) == heard("datadog", whole, FORM) == heard("datadog", substituted(), JSON)
    assert heard("datadog", b"a=%ff", FORM).status == 400


def test_the_payload_that_datadog_suggests_is_refused_with_what_to_do():
    refused = heard("datadog", {"body": "x", "event_type": "y", "id": "1"})
    assert refused.status == 400
    assert "paste the payload" in refused.hint


def test_without_a_cycle_the_monitor_and_its_scope_name_it():
    filled = {name: value for name, value in FILLED.items() if name != "ALERT_CYCLE_KEY"}
    (one,) = heard("datadog", substituted(filled))
    assert len(one.fingerprint) == 64


def test_the_page_shows_the_template_to_the_letter():
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "alerts-in.md"
    assert f"```text\n{json.dumps(dict(TEMPLATE), indent=2)}\n```" in page.read_text("utf-8")
