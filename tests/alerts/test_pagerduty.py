"""PagerDuty's V3 webhooks: what is about an incident, and what is let pass."""

from __future__ import annotations

import pytest

from .senders import PAGERDUTY, changed, heard


def event(**more):
    return {"event": changed(PAGERDUTY["event"], **more)}


def data(**more):
    return event(data=changed(PAGERDUTY["event"]["data"], **more))


def test_an_incident():
    (one,) = heard("pagerduty", PAGERDUTY)
    assert (one.fingerprint, one.identity) == ("PGR0VU2", "01DEN1HNLBC1VITK192ETJ0MMJ")
    assert (one.status, one.name) == ("firing", "Orders cannot be stored")
    assert {name: one.labels[name] for name in ("service", "urgency", "priority", "title", "team")} == {
        "service": "orders", "urgency": "high", "priority": "P1", "title": "Orders cannot be stored", "team": "data",
    }  # fmt: skip
    assert one.url == "https://acme.pagerduty.com/incidents/PGR0VU2"
    assert one.details["agent"] == "Ana"


@pytest.mark.parametrize(
    ("kind", "status", "means"),
    [
        ("incident.acknowledged", "acknowledged", "acknowledged"),
        ("incident.unacknowledged", "triggered", "firing"),
        ("incident.reopened", "triggered", "firing"),
        ("incident.priority_updated", "acknowledged", "acknowledged"),
        ("incident.resolved", "resolved", "resolved"),
    ],
)
def test_the_status_is_that_of_the_incident(kind, status, means):
    (one,) = heard("pagerduty", {"event": {**data(status=status)["event"], "event_type": kind}})
    assert one.status == means
    assert bool(one.ends_at) is (means == "resolved")


@pytest.mark.parametrize(
    "kind",
    ["incident.annotated", "incident.responder.added", "service.updated", "pagey.ping", "incident.workflow.started"],
)
def test_what_tells_no_status_is_let_pass_with_a_reason(kind):
    passed = heard("pagerduty", event(event_type=kind))
    assert (passed.status, passed.why) == (202, f"{kind} tells no new status of an incident")


def test_data_of_another_type_is_let_pass():
    assert heard("pagerduty", data(type="incident_note")).status == 202


def test_nothing_optional_is_needed():
    bare = {"event": {"id": "e", "event_type": "incident.triggered",
                      "data": {"id": "P", "status": "triggered", "number": 7, "priority": None, "teams": None}}}  # fmt: skip
    (one,) = heard("pagerduty", bare)
    assert (one.name, one.labels) == ("incident 7", {"alertname": "incident 7"})


@pytest.mark.parametrize(
    "body", [{}, {"event": None}, {"event": {"id": "x"}}, event(data=None), data(status="odd"), data(id=None)]
)
def test_what_is_no_webhook_is_refused(body):
    assert heard("pagerduty", body).status == 400
