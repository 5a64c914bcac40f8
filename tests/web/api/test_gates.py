"""A yes over the API is a yes to what was shown, by somebody who may say it; nothing is guessed from half a word."""

from __future__ import annotations

import pytest

from steadyhand import events as e

from ...app.server import asking, until
from .served import as_, concluded, gate, waiting


def test_a_yes_to_what_is_shown_counts(client, server):
    run = waiting(client)
    (shown,) = [one for one in client.get("gates").json()["gates"] if one["run"] == run]
    assert (shown["id"], shown["runbook"], shown["kind"], shown["opening"]) == ("change", "asking", "confirm", 1)
    body = {"answer": "approve", "digest": shown["digest"], "comment": "go"}
    said = client.post(f"runs/{run}/gates/change", json=body, headers=as_("bob"))
    assert said.json() == {"run": run, "gate": "change", "answer": "approve", "by": "bob"}
    assert concluded(client, run) == "resolved"
    (answer,) = [one.event for one in server.services.journal.read(run) if isinstance(one.event, e.GateAnswered)]
    assert (answer.by, answer.via, answer.origin, answer.comment) == ("bob", "api", "192.0.2.9", "go")
    assert all(one["run"] != run for one in client.get("gates").json()["gates"])


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"answer": "approve"}, 422, "unfit"),
        ({"answer": "approve", "digest": "0" * 64}, 409, "conflict"),
        ({"answer": "approve", "digest": "5" * 12}, 409, "conflict"),
        ({"answer": "a", "digest": "DIGEST"}, 422, "unfit"),
        ({"answer": "yes", "digest": "DIGEST"}, 422, "unfit"),
        ({"answer": "maybe", "digest": "DIGEST"}, 422, "unfit"),
        ({"answer": "approve", "digest": "DIGEST", "value": 1}, 422, "unfit"),
    ],
)
def test_anything_less_is_no_yes(client, server, body, status, kind):
    run = waiting(client)
    body = {key: gate(client, run)["digest"] if value == "DIGEST" else value for key, value in body.items()}
    refused = client.post(f"runs/{run}/gates/change", json=body)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (status, kind)
    assert not [one for one in server.services.journal.read(run) if isinstance(one.event, e.GateAnswered)]
    client.post(f"runs/{run}/stop", json={})


def test_who_may_answer(client):
    run = waiting(client)
    body = {"answer": "reject", "digest": gate(client, run)["digest"]}
    assert client.post(f"runs/{run}/gates/change", json=body, headers=as_("responder")).status_code == 403
    assert client.post(f"runs/{run}/gates/change", json=body, headers=as_("payments")).status_code == 403
    assert client.post(f"runs/{run}/gates/change", json=body, headers=as_("approver")).status_code == 200
    concluded(client, run)
    late = client.post(f"runs/{run}/gates/change", json=body, headers=as_("approver"))
    assert late.status_code == 409


def test_an_answer_that_does_not_count_is_told_and_recorded(client, server):
    folder = server.services.config_path.parent
    asking(folder, "alone", ", other_than_requester: true")
    run = waiting(client, "alone")
    body = {"answer": "approve", "digest": gate(client, run)["digest"]}
    refused = client.post(f"runs/{run}/gates/change", json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:steadyhand:problem:answer-refused")
    assert "admin started the run" in refused.json()["detail"]
    (kept,) = [one.event for one in server.services.journal.read(run) if isinstance(one.event, e.AnswerRefused)]
    assert kept.by == "admin"
    assert client.post(f"runs/{run}/gates/change", json=body, headers=as_("bob")).status_code == 200
    assert concluded(client, run) == "resolved"


def test_typed_answers_and_options_are_for_responders(client):
    run = waiting(client, "typing")
    path, digest = f"runs/{run}/gates/number", gate(client, run)["digest"]
    for body, why in (
        ({"answer": "answer", "value": 0}, "the answer does not fit"),
        ({"answer": "answer", "value": "7"}, "the answer does not fit"),
        ({"answer": "7"}, "wants a typed answer"),
    ):
        refused = client.post(path, json={**body, "digest": digest}, headers=as_("responder"))
        assert refused.status_code == 422
        assert why in refused.json()["detail"]
    assert client.post(
        path, json={"answer": "answer", "value": 7, "digest": digest}, headers=as_("responder")
    ).is_success
    until(lambda: [one for one in client.get(f"runs/{run}").json()["gates"] if one["id"] == "pick"])
    body = {"answer": "left", "digest": gate(client, run)["digest"]}
    assert client.post(f"runs/{run}/gates/pick", json=body, headers=as_("responder")).is_success
    assert concluded(client, run) == "healthy"


def test_a_gate_that_is_not_there(client):
    run = waiting(client)
    missing = client.post(f"runs/{run}/gates/par.a%2Fx", json={"answer": "approve"})
    assert (missing.status_code, missing.json()["detail"]) == (404, f"run {run} has no gate par.a/x")
    assert missing.json()["hint"] == "gates: change"
    client.post(f"runs/{run}/stop", json={})
