"""Evidence over the API: transcripts in three forms, artifacts of that run alone, and the chains."""

from __future__ import annotations

import hashlib
import threading

import jsonschema

from steadyhand.projections import structured

from .served import as_, concluded, waiting

LOUD = """\
steadyhand: 1
name: loud
title: It prints a lot
steps:
  look:
    title: Look
    shell: seq 1 20000
    effect: read
    next: {pass: end.healthy}
"""


def test_a_transcript_in_three_forms(client):
    run = waiting(client)
    path = f"runs/{run}/transcript"
    found = client.get(path)
    assert found.headers["content-type"] == "application/json"
    jsonschema.validate(found.json(), structured.schema())
    assert client.get(path, headers={"Accept": "text/markdown"}).text.startswith("# Ask before it is changed")
    page = client.get(f"{path}?format=html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["content-security-policy"]
    assert client.get(f"{path}?format=md").headers["content-type"] == "text/markdown; charset=utf-8"
    assert client.get(f"{path}?format=pdf").status_code == 400
    client.post(f"runs/{run}/stop", json={})


def test_an_artifact_is_fetched_whole_and_from_its_own_run(client, server):
    (server.services.config_path.parent / "loud.yaml").write_text(LOUD)
    run = client.post("runs", json={"runbook": "loud"}).json()["id"]
    assert concluded(client, run) == "healthy"
    (settled,) = [e for e in client.get(f"runs/{run}/events").json()["events"] if e["type"] == "step.settled"]
    (name,) = {one["sha256"] for one in settled["event"]["artifacts"]} - {""}
    found = client.get(f"runs/{run}/artifacts/{name}")
    assert found.content == "".join(f"{n}\n" for n in range(1, 20001)).encode()
    assert hashlib.sha256(found.content).hexdigest() == name
    assert found.headers["content-type"] == "application/octet-stream"
    assert found.headers["content-disposition"].startswith("attachment")
    other = client.post("runs", json={"runbook": "given", "inputs": {"word": "x"}}).json()["id"]
    assert client.get(f"runs/{other}/artifacts/{name}").status_code == 404
    assert client.get(f"runs/{run}/artifacts/{'0' * 64}").status_code == 404
    assert client.get(f"runs/{run}/artifacts/..%2F..%2Fjournal.db").status_code == 404


def test_the_chains_are_walked(client, server):
    run = client.post("runs", json={"runbook": "given", "inputs": {"word": "x"}}).json()["id"]
    concluded(client, run)
    one = client.get(f"audit?run={run}").json()
    assert (one["holds"], one["faults"]) == (True, [])
    assert one["events"] == len(client.get(f"runs/{run}/events").json()["events"])
    assert client.get("audit").json()["events"] >= one["events"]
    assert client.get("audit?run=r9").status_code == 404


def test_one_walk_at_a_time(client, server):
    """While the journal is being walked (slowly), another walk is put off."""
    walking, go_on = threading.Event(), threading.Event()
    verify = server.services.journal.verify_store

    def slowly():
        walking.set()
        assert go_on.wait(20)
        return verify()

    server.services.journal.verify_store = slowly
    first: list[int] = []
    thread = threading.Thread(target=lambda: first.append(client.get("audit").status_code))
    thread.start()
    try:
        assert walking.wait(20)
        refused = client.get("audit", headers=as_("viewer"))
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:steadyhand:problem:too-many")
        assert refused.headers["retry-after"] == "5"
    finally:
        go_on.set()
        thread.join(20)
        del server.services.journal.verify_store
    assert first == [200]
    assert client.get("audit").status_code == 200
