"""Runs over the API: started, seen, noted, stopped, taken over; each act with who, how and from where."""

from __future__ import annotations

import msgspec
import pytest

from steadyhand import events as e
from steadyhand.app import library, runs, watching
from steadyhand.model import Mode
from steadyhand.model.wire import RunDetail, Runs
from steadyhand.projections.structured import detail, summarise

from ...app.server import services_in, until
from .served import as_, concluded, gate, waiting


def test_a_run_is_started_and_driven(client, server):
    started = client.post("runs", json={"runbook": "given", "inputs": {"word": "x"}}, headers=as_("responder"))
    assert started.status_code == 201
    run = started.json()["id"]
    assert started.headers["location"] == f"/api/v1/runs/{run}"
    assert concluded(client, run) == "healthy"
    (begun, *_) = server.services.journal.read(run)
    assert (begun.event.requester, begun.event.via, begun.event.origin) == ("responder", "api", "192.0.2.7")
    assert begun.event.inputs == {"word": "x", "count": 3}


def test_the_span_that_asks_becomes_the_parent_of_the_run(client, server):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    body = {"runbook": "given", "inputs": {"word": "x"}}
    for sent, kept in ((parent, parent), ("made up; drop table", "")):
        run = client.post("runs", json=body, headers={**as_("responder"), "traceparent": sent}).json()["id"]
        assert server.services.journal.read(run)[0].event.traceparent == kept
        assert concluded(client, run) == "healthy"


def test_a_run_is_what_show_prints(client, server):
    run = waiting(client)
    recorded = server.services.journal.read(run)
    printed = detail(recorded, watching.runbook_of(server.services, recorded))
    found = client.get(f"runs/{run}").json()
    assert found == msgspec.json.decode(msgspec.json.encode(printed))
    whole = msgspec.convert(found, RunDetail)
    assert set(found) == set(RunDetail.__struct_fields__), "the document tells of every field"
    assert msgspec.to_builtins(whole) == found


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"runbook": "nothing"}, 404, "there is no runbook nothing"),
        ({"runbook": "given"}, 422, "word: a value is needed (A word)"),
        ({"runbook": "given", "inputs": {"word": "X"}}, 422, "word: "),
        ({"runbook": "given", "inputs": {"word": "x", "count": "3"}}, 422, "count: "),
        ({"runbook": "given", "inputs": {"word": "x", "other": 1}}, 422, "other: the runbook has no such input"),
        ({"runbook": "given", "inputs": {"word": "x"}, "probe": True}, 422, "`probe` belongs to a dry run"),
    ],
)
def test_what_cannot_be_started_is_not(client, body, status, why):
    before = client.get("runs").json()["runs"]
    refused = client.post("runs", json=body)
    assert refused.status_code == status
    assert why in refused.json()["detail"]
    assert client.get("runs").json()["runs"] == before


def test_what_could_not_be_finished_is_not_started(client, server):
    folder = server.services.config_path.parent
    (folder / "lacking.yaml").write_text(
        "steadyhand: 1\nname: lacking\ntitle: It lacks a tool\nrequires: {tools: [no-such-tool]}\n"
        "steps:\n  look:\n    title: Look\n    shell: 'true'\n    effect: read\n    next: {pass: end.healthy}\n"
    )
    refused = client.post("runs", json={"runbook": "lacking"})
    assert refused.status_code == 422
    assert refused.json()["needs"] == ["tool no-such-tool: not on PATH; install no-such-tool"]
    assert client.post("runs", json={"runbook": "lacking", "mode": "dry-run"}).status_code == 201


def test_changes_that_ask_nobody_need_an_approver(client):
    body = {"runbook": "given", "inputs": {"word": "x"}, "mode": "auto"}
    assert client.post("runs", json=body, headers=as_("responder")).status_code == 403
    assert client.post("runs", json=body, headers=as_("approver")).status_code == 201


def test_the_list_is_that_of_the_command_in_pages(client, server):
    for _ in range(3):
        client.post("runs", json={"runbook": "given", "inputs": {"word": "x"}})
    until(lambda: all(r["status"] == "concluded" for r in client.get("runs?runbook=given").json()["runs"]))
    journal = server.services.journal
    wanted = [msgspec.to_builtins(summarise(journal.read(head.stream))) for head in journal.streams("r")]
    found, cursor = [], ""
    while True:
        page = client.get(f"runs?limit=2{cursor}").json()
        msgspec.convert(page, Runs)
        found += page["runs"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == wanted


def test_the_list_may_be_narrowed(client):
    run = waiting(client)
    assert run in {r["id"] for r in client.get("runs?status=waiting").json()["runs"]}
    assert {r["runbook"] for r in client.get("runs?runbook=given").json()["runs"]} <= {"given"}
    assert all(r["conclusion"] == "healthy" for r in client.get("runs?conclusion=healthy").json()["runs"])
    assert client.get("runs?mode=step").json()["runs"] == []


def test_events_come_in_pages(client, server):
    run = waiting(client)
    first = client.get(f"runs/{run}/events?limit=3").json()
    assert [one["seq"] for one in first["events"]] == [1, 2, 3]
    assert (first["next"], first["ended"]) == (3, False)
    rest = client.get(f"runs/{run}/events?after=3").json()
    assert next(one["seq"] for one in rest["events"]) == 4
    recorded = server.services.journal.read(run)
    assert [one["type"] for one in [*first["events"], *rest["events"]]] == [e.name_of(one.event) for one in recorded]
    assert client.get(f"runs/{run}/events?after={rest['next']}").json()["events"] == []


def test_a_note_says_who_and_from_where(client, server):
    run = waiting(client)
    assert client.post(f"runs/{run}/notes", json={"text": "seen"}, headers=as_("bob")).json()["run"] == run
    (noted,) = [one.event for one in server.services.journal.read(run) if isinstance(one.event, e.NoteAdded)]
    assert (noted.by, noted.text, noted.via, noted.origin) == ("bob", "seen", "api", "192.0.2.9")
    assert client.post(f"runs/{run}/notes", json={"text": "x"}, headers=as_("viewer")).status_code == 403


def test_a_stop_ends_a_run_once(client):
    run = waiting(client)
    assert client.post(f"runs/{run}/stop", json={}, headers=as_("approver")).status_code == 403
    told = client.post(f"runs/{run}/stop", json={"reason": "wrong host"})
    assert told.status_code == 202
    assert concluded(client, run) == "stopped"
    again = client.post(f"runs/{run}/stop", json={})
    assert (again.status_code, again.json()["detail"]) == (409, f"run {run} has already ended: stopped")
    assert client.post(f"runs/{run}/notes", json={"text": "afterwards"}).json()["status"] == "concluded"


def left(server) -> str:
    """A run that a terminal has left in the middle."""
    desk = services_in(server.services.config_path.parent, engine="engine")
    return runs.start(desk, library.load(desk, "asking"), {}, Mode.GUIDED).stream


def test_a_run_that_a_terminal_left_is_taken_over(client, server):
    run = left(server)
    until(lambda: server.board.run(run))
    refused = client.post(f"runs/{run}/wake", json={})
    assert refused.status_code == 409
    assert f"POST /api/v1/runs/{run}/take-over" in refused.json()["hint"]
    assert client.post(f"runs/{run}/take-over", json={}, headers=as_("bob")).status_code == 202
    until(lambda: client.get(f"runs/{run}").json()["gates"])
    assert [one["by"] for one in client.get(f"runs/{run}").json()["said"]] == ["bob"]
    assert client.post(f"runs/{run}/wake", json={}).status_code == 202
    client.post(f"runs/{run}/gates/change", json={"answer": "reject", "digest": gate(client, run)["digest"]})
    concluded(client, run)
    assert client.post(f"runs/{run}/take-over", json={}).status_code == 409
    assert client.post(f"runs/{run}/wake", json={}).status_code == 409


def test_a_run_that_somebody_drives_is_not_taken_over(client, server):
    run = left(server)
    desk = services_in(server.services.config_path.parent, engine="engine")
    held = runs.lease(desk, run)
    assert held is not None
    try:
        until(lambda: server.board.run(run))
        refused = client.post(f"runs/{run}/take-over", json={})
        assert refused.status_code in {202, 409}
        assert (refused.status_code == 409) is (desk.actor != server.services.actor)
    finally:
        held.release()
    client.post(f"runs/{run}/stop", json={})
    assert concluded(client, run) == "stopped"


def test_everything_is_stopped(client):
    some = [waiting(client), waiting(client)]
    told = client.post("stop-all", json={"reason": "freeze"})
    assert told.status_code == 202
    assert set(some) <= set(told.json()["runs"])
    assert [concluded(client, run) for run in some] == ["stopped", "stopped"]
    assert client.post("stop-all", json={}).json() == {"runs": []}
