"""Alerts, leases, who asks, and the server itself."""

from __future__ import annotations

import msgspec
import pytest

from steadyhand import __version__
from steadyhand import events as e
from steadyhand.alerts.state import stream_of
from steadyhand.model.wire import Alert
from steadyhand.web.api.about import alert_of

from ...app.server import until
from .served import as_


@pytest.fixture(scope="module")
def alerts(here):
    """Three alerts: one routed, one held, one unrouted and over."""
    client, server = here
    journal = server.services.journal
    came_of = {
        "a/1": e.AlertRouted(1, "errors", "k", "disk-full", "r1"),
        "b": e.AlertHeld(1, "errors", "k", "cool-down", server.services.clock.now()),
        "c": e.AlertUnrouted(1, "no route fits"),
    }
    for name, decision in came_of.items():
        said = e.AlertReceived(
            "am", "alertmanager", name, "i1", "firing", "HighErrors", {"instance": "x"}, url="http://p"
        )
        stream = stream_of("am", name)
        journal.append(stream, 0, [said, decision], actor="t", at=server.services.clock.now(), epoch=1)
    over = msgspec.structs.replace(said, status="resolved", identity="i2")
    nowhere = e.AlertUnrouted(3, "no route fits")
    journal.append(stream, 2, [over, nowhere], actor="t", at=server.services.clock.now(), epoch=1)
    until(lambda: len(client.get("alerts").json()["alerts"]) == 3)
    until(lambda: client.get("alerts/am/c").json()["status"] == "resolved")
    return client


def test_alerts_in_pages(alerts):
    found = alerts.get("alerts").json()["alerts"]
    assert [one["fingerprint"] for one in found] == ["c", "b", "a/1"]
    assert [one["decision"]["kind"] for one in found] == ["unrouted", "held", "routed"]
    first = alerts.get("alerts?limit=2").json()
    rest = alerts.get(f"alerts?limit=2&cursor={first['next']}").json()
    assert [*first["alerts"], *rest["alerts"]] == found
    assert rest["next"] is None
    assert {one["fingerprint"] for one in alerts.get("alerts?status=firing").json()["alerts"]} == {"a/1", "b"}
    assert all(set(one) == set(Alert.__struct_fields__) for one in found)


def test_an_alert_and_what_came_of_it(alerts, server):
    one = alerts.get("alerts/am/a%2F1").json()
    assert one == msgspec.to_builtins(alert_of(server.board.alert("alert:am:a/1")))
    assert (one["name"], one["runs"], one["decision"]["run"]) == ("HighErrors", ["r1"], "r1")
    assert alerts.get("alerts/am/b").json()["decision"]["why"] == "cool-down"
    assert alerts.get("alerts/am/c").json()["status"] == "resolved"


def test_a_lease_from_taking_to_returning(client, server):
    body = {"target": "orders-db", "reason": "index rebuild", "term": "2h"}
    assert client.post("leases", json=body, headers=as_("viewer")).status_code == 403
    taken = client.post("leases", json=body, headers=as_("responder"))
    assert taken.status_code == 201
    (lease,) = taken.json()["leases"]
    assert (lease["target"], lease["by"], lease["reason"]) == ("orders-db", "responder", "index rebuild")
    assert client.get("leases").json() == {"leases": [lease]}
    other = client.post("leases", json=body, headers=as_("bob"))
    assert (other.status_code, other.json()["detail"]) == (409, "orders-db is leased by responder: index rebuild")
    back = {"target": "orders-db"}
    assert client.post("leases/return", json=back, headers=as_("approver")).status_code == 403
    assert client.post("leases/return", json=back, headers=as_("bob")).status_code == 422
    assert client.post("leases/return", json={**back, "reason": "it is over"}, headers=as_("bob")).json() == {
        "leases": []
    }
    assert client.post("leases/return", json=back).status_code == 409
    events = [one.event for one in server.services.journal.read("target:orders-db")]
    assert [(type(one).__name__, one.by, one.via, one.origin) for one in events] == [
        ("LeaseTaken", "responder", "api", "192.0.2.7"),
        ("LeaseReturned", "bob", "api", "192.0.2.9"),
    ]


def test_ones_own_lease_needs_no_reason(client):
    client.post("leases", json={"target": "cluster", "reason": "upgrade"}, headers=as_("responder"))
    assert client.post("leases/return", json={"target": "cluster"}, headers=as_("responder")).json() == {"leases": []}


def test_what_runs_here(client):
    found = client.get("version", headers=as_("viewer")).json()
    assert (found["version"], found["api"]) == (__version__, "v1")
    assert client.get("version", headers={"Authorization": ""}).status_code == 401
    assert client.get("health", headers={"Authorization": ""}).json() == {"status": "ok"}
