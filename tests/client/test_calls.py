"""A method for every operation of the document, and each of them tried on a real server."""

from __future__ import annotations

import inspect
import re

import msgspec
import pytest

from steadyhand import __version__
from steadyhand import events as e
from steadyhand.alerts.state import stream_of
from steadyhand.client import ApiProblem, Client
from steadyhand.web.api.table import OPERATIONS

from ..app.server import until
from ..web.api.served import api

BEYOND = {"close", "events", "get", "pages", "post", "raw", "stream", "wait"}
"""What the client has beside the operations."""


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with api(tmp_path_factory.mktemp("client")) as (http, server):
        url = str(http.base_url).removesuffix("/api/v1/")
        with Client(url, "test-admin") as client:
            yield client, url, server


@pytest.fixture
def client(there):
    return there[0]


def snake(name):
    return re.sub("([A-Z])", lambda m: f"_{m[1].lower()}", name)


def test_there_is_a_method_for_every_operation():
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert methods - BEYOND == {snake(one.id) for one in OPERATIONS}
    assert all(inspect.getdoc(getattr(Client, name)) for name in methods)


def test_from_start_to_transcript(client):
    run = client.start_run("asking", key="ticket-1")
    assert client.start_run("asking", key="ticket-1") == run
    (gate,) = until(lambda: [one for one in client.list_gates() if one.run == run.id])
    assert client.note_in_run(run.id, "seen").run == run.id
    assert client.wake_run(run.id).status == "waiting"
    said = client.answer_gate(run.id, gate, "approve", comment="go")
    assert (said.gate, said.answer, said.by) == ("change", "approve", "admin")
    done = client.wait(run.id)
    assert (done.conclusion, [one.step for one in done.path]) == ("resolved", ["look", "change", "check"])
    assert [one.text for one in done.said] == ["seen", "go"]
    assert run.id in [one.id for one in client.list_runs(conclusion="resolved")]
    assert client.get_transcript(run.id).startswith("# Ask before it is changed")
    assert client.get_transcript(run.id, "html").startswith("<!doctype html>")
    assert msgspec.json.decode(client.get_transcript(run.id, "json"))["run"] == run.id
    events = client.get_events(run.id, limit=3)
    assert ([one.seq for one in events.events], events.next, events.ended) == ([1, 2, 3], 3, False)
    assert client.verify_audit(run.id).holds
    assert client.verify_audit().events >= len(list(client.events(run.id)))


def test_a_yes_to_what_was_shown_alone(client):
    run = client.start_run("asking").id
    (gate,) = until(lambda: [one for one in client.list_gates() if one.run == run])
    with pytest.raises(ApiProblem) as told:
        client.answer_gate(run, gate.id, "approve")
    assert (told.value.status, told.value.kind) == (422, "unfit")
    assert client.stop_run(run, "enough").run == run
    assert client.wait(run).conclusion == "stopped"


def test_typed_answers(client):
    run = client.start_run("typing").id
    (gate,) = until(lambda: [one for one in client.list_gates() if one.run == run])
    client.answer_gate(run, gate, "answer", value=7)
    (gate,) = until(lambda: [one for one in client.list_gates() if one.run == run and one.id == "pick"])
    client.answer_gate(run, gate.id, "left", digest=gate.digest)
    assert client.wait(run).conclusion == "healthy"


def test_everything_is_stopped(client):
    run = client.start_run("asking").id
    until(lambda: [one for one in client.list_gates() if one.run == run])
    assert run in client.stop_all("freeze")
    with pytest.raises(ApiProblem, match="has already ended"):
        client.take_over_run(run) if client.wait(run) else None


def test_the_library(client):
    names = [one.name for one in client.list_runbooks()]
    assert {"asking", "given", "disk-full"} <= set(names)
    assert client.get_runbook("given").inputs["word"].required
    assert client.plan_runbook("given", {"word": "x"})["inputs"] == {"word": "x", "count": 3}
    assert client.preflight_runbook("given").rows[0].holds
    assert client.draw_runbook("given").startswith("<svg")
    (found,) = client.validate_runbook("steadyhand: 1\n").files
    assert {one.severity for one in found.findings} == {"error"}


def test_alerts_and_leases(there):
    client, _, server = there
    said = e.AlertReceived("am", "alertmanager", "a/1", "i1", "firing", "HighErrors")
    server.services.journal.append(
        stream_of("am", "a/1"), 0, [said], actor="t", at=server.services.clock.now(), epoch=1
    )
    until(lambda: list(client.list_alerts(status="firing")))
    assert client.get_alert("am", "a/1").name == "HighErrors"
    lease = client.take_lease("orders-db", "rebuild", "2h")
    assert client.list_leases() == [lease]
    assert client.return_lease("orders-db") == []


def test_who_and_what(there):
    client, url, _ = there
    assert client.get_me().person == "admin"
    assert client.get_version().version == __version__
    with Client(url) as nobody:
        assert nobody.get_health().status == "ok"
        with pytest.raises(ApiProblem, match="sign in first"):
            nobody.get_me()


def test_an_artifact_that_is_not_there(client):
    run = client.start_run("given", {"word": "x"}).id
    with pytest.raises(ApiProblem, match="has no artifact"):
        client.get_artifact(run, "0" * 64)
