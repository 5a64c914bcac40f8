"""The library over the API: the same words as the commands, and nothing of this machine's folders."""

from __future__ import annotations

import json

import jsonschema
import msgspec

from steadyhand.model.wire import RunbookDetail
from steadyhand.projections import planned

from .served import as_


def test_the_library_in_pages(client):
    found, cursor = [], ""
    while True:
        page = client.get(f"runbooks?limit=7{cursor}").json()
        found += page["runbooks"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    names = [one["name"] for one in found]
    assert names == sorted(set(names))
    assert {"asking", "broken", "given", "typing", "disk-full"} <= set(names)
    assert {one["name"]: one["valid"] for one in found}["broken"] is False


def test_only_what_one_may_see_is_listed(client):
    names = {one["name"] for one in client.get("runbooks?limit=200", headers=as_("payments")).json()["runbooks"]}
    assert "asking" not in names
    assert "given" in names
    assert client.get("runbooks/asking", headers=as_("payments")).status_code == 403


def test_a_runbook_with_its_inputs_and_findings(client, server):
    given = msgspec.convert(client.get("runbooks/given").json(), RunbookDetail)
    assert given.inputs["word"].required
    assert (given.inputs["count"].default, given.inputs["count"].schema["type"]) == (3, "integer")
    assert given.steps == ["look"]
    assert given.text.startswith("steadyhand: 1\nname: given\n")
    broken = client.get("runbooks/broken")
    assert {one["file"] for one in broken.json()["findings"]} == {"broken.yaml"}
    assert str(server.services.config_path.parent) not in broken.text


def test_a_text_is_validated_and_not_kept(client, server):
    before = sorted(server.services.config_path.parent.iterdir())
    found = client.post(
        "runbooks/validate", json={"text": "steadyhand: 1\nname: x\nsteps: {}\n"}, headers=as_("viewer")
    ).json()
    (one,) = found["files"]
    assert one["path"] == "runbook.yaml"
    assert {f["severity"] for f in one["findings"]} == {"error"}
    assert all(f["file"] == "runbook.yaml" for f in one["findings"])
    given = client.get("runbooks/given").json()
    (fine,) = client.post("runbooks/validate", json={"text": given["text"]}).json()["files"]
    assert [one["message"] for one in fine["findings"]] == [one["message"] for one in given["findings"]]
    assert sorted(server.services.config_path.parent.iterdir()) == before


def test_a_text_reaches_no_file_of_this_machine(client, tmp_path):
    (tmp_path / "secret.yaml").write_text(json.dumps({"steadyhand": 1, "name": "secret", "title": "s", "steps": {}}))
    text = (
        "steadyhand: 1\nname: caller\ntitle: Calls\nsteps:\n  only:\n    title: Only\n"
        f"    call: {{runbook: {tmp_path}/secret}}\n    next: {{pass: end.healthy}}\n"
    )
    found = client.post("runbooks/validate", json={"text": text}).json()["files"][0]["findings"]
    assert any("cannot be found" in one["message"] for one in found)


def test_a_plan_is_that_of_the_command(client):
    plan = client.post("runbooks/given/plan", json={"inputs": {"word": "x"}}, headers=as_("viewer")).json()
    jsonschema.validate(plan, planned.schema())
    assert plan["inputs"] == {"word": "x", "count": 3}
    assert client.post("runbooks/given/plan", json={"inputs": {"word": "X"}}).status_code == 422
    assert client.post("runbooks/broken/plan", json={}).json()["findings"]


def test_whether_it_could_be_done(client):
    rows = client.post("runbooks/given/preflight", json={}).json()
    assert rows["runbook"] == "given"
    assert rows["rows"][0] == {"step": "", "what": "handler shell", "holds": True, "why": "", "how": ""}
    assert client.post("runbooks/given/preflight", json={}, headers=as_("viewer")).status_code == 403


def test_a_picture(client):
    found = client.get("runbooks/asking/graph")
    assert found.headers["content-type"] == "image/svg+xml"
    assert found.text.startswith("<svg")
    assert "sandbox" in found.headers["content-security-policy"]
