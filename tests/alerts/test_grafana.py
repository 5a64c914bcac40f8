"""Grafana's bodies."""

from __future__ import annotations

from .senders import GRAFANA, changed, heard


def test_an_alert_with_its_values_and_pages():
    (one,) = heard("grafana", GRAFANA)
    assert (one.status, one.name, one.fingerprint) == ("firing", "Slow", "7-57c6d9296de2ad39")
    assert one.identity == "7/57c6d9296de2ad39/firing/2026-11-23T15:32:06Z"
    assert one.url == "https://grafana.example/d"
    assert one.details["values"] == {"A": "0.93", "B": ""}
    assert one.details["silenceURL"] == "https://grafana.example/s"
    assert one.details["orgId"] == "7"


def test_the_organisation_is_part_of_what_makes_it_the_same():
    first = {**GRAFANA["alerts"][0], "orgId": 1}
    (one,) = heard("grafana", changed(GRAFANA, alerts=[first]))
    assert one.fingerprint == "57c6d9296de2ad39"
    assert one.identity != heard("grafana", GRAFANA)[0].identity


def test_older_versions_lack_some_of_it():
    (one,) = heard("grafana", {"alerts": [{"status": "resolved", "labels": {}, "fingerprint": "a", "values": None}]})
    assert (one.status, one.name, one.details) == ("resolved", "unnamed", {})
    assert heard("grafana", {"title": "x"}).why.startswith("the body holds no `alerts`")
    assert heard("grafana", {"alerts": [{"status": "alerting"}]}).status == 400
