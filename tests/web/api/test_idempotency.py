"""The same request under the same key is carried out once, whoever is cut off where."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import msgspec
import pytest

from steadyhand import events as e
from steadyhand.errors import JournalError, UsageError
from steadyhand.model import SECOND
from steadyhand.web.api import idempotency
from steadyhand.web.api.idempotency import DAY, KIND, PATIENCE, Cell, Keys
from steadyhand.web.api.operations import Reply
from steadyhand.web.problems import Refusal

from .served import PEOPLE, as_, concluded, gate, waiting

GIVEN = {"runbook": "given", "inputs": {"word": "x"}}


def keyed(key, person="admin"):
    return {**as_(person), "Idempotency-Key": key}


# --- over HTTP


def test_a_run_is_started_once_under_a_key(client):
    first = client.post("runs", json=GIVEN, headers=keyed("one"))
    again = client.post("runs", json=GIVEN, headers=keyed("one"))
    assert (first.status_code, "idempotency-replayed" in first.headers) == (201, False)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert (again.json(), again.headers["location"]) == (first.json(), first.headers["location"])
    other = client.post("runs", json=GIVEN, headers=keyed("two"))
    assert other.json()["id"] != first.json()["id"]
    assert concluded(client, first.json()["id"]) == "healthy"


def test_a_key_is_its_persons_own(client):
    mine = client.post("runs", json=GIVEN, headers=keyed("same"))
    theirs = client.post("runs", json=GIVEN, headers=keyed("same", "bob"))
    assert mine.json()["id"] != theirs.json()["id"]
    assert theirs.json()["requester"] == "bob"


def test_another_request_under_the_same_key_is_refused(client):
    client.post("runs", json=GIVEN, headers=keyed("used"))
    for path, body in (("runs", {"runbook": "asking"}), ("stop-all", GIVEN), ("stop-all", {})):
        refused = client.post(path, json=body, headers=keyed("used"))
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) in {
            (422, "key-reused"),
            (422, "unfit"),
        }
    assert client.post("stop-all", json={}, headers=keyed("used")).json()["type"].endswith("key-reused")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_what_is_no_key(client, key):
    refused = client.post("runs", json=GIVEN, headers=keyed(key))
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (400, "unreadable")


def test_an_answer_that_nothing_was_done_is_not_kept(client, server):
    body = {"runbook": "later"}
    assert client.post("runs", json=body, headers=keyed("later")).status_code == 404
    text = (
        client.get("runbooks/given")
        .json()["text"]
        .replace("name: given", "name: later")
        .replace("{type: string, ", "{type: string, default: x, ")
    )
    (server.services.config_path.parent / "later.yaml").write_text(text)
    assert client.post("runs", json=body, headers=keyed("later")).status_code == 201


def test_a_note_and_a_yes_count_once(client, server):
    run = waiting(client)
    for _ in range(3):
        assert client.post(f"runs/{run}/notes", json={"text": "seen"}, headers=keyed("n")).is_success
    body = {"answer": "approve", "digest": gate(client, run)["digest"]}
    said = [client.post(f"runs/{run}/gates/change", json=body, headers=keyed("y")) for _ in range(3)]
    assert {one.text for one in said} == {said[0].text}
    assert concluded(client, run) == "resolved"
    events = [one.event for one in server.services.journal.read(run)]
    assert sum(isinstance(one, e.NoteAdded) for one in events) == 1
    assert sum(isinstance(one, e.GateAnswered) for one in events) == 1


def test_of_many_at_once_one_is_carried_out(client, server):
    run = waiting(client)
    codes: list[int] = []

    def send():
        codes.append(client.post(f"runs/{run}/notes", json={"text": "together"}, headers=keyed("many")).status_code)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert set(codes) <= {200, 409}
    assert 200 in codes
    notes = [one for one in server.services.journal.read(run) if isinstance(one.event, e.NoteAdded)]
    assert len(notes) == 1
    client.post(f"runs/{run}/stop", json={})


# --- the keys themselves


@pytest.fixture
def keys(server):
    return Keys(server.services, PEOPLE["test-admin"])


def request(path="/x"):
    return SimpleNamespace(method="POST", url=SimpleNamespace(path=path))


def call():
    return SimpleNamespace(repeated=None)


def put(server, cell, key):
    name = idempotency._digest("admin", key)
    server.services.cells.put(KIND, name, msgspec.msgpack.encode(cell), cell.at + DAY)


def asked():
    return idempotency._digest("POST", "/x", "{}")


def test_what_somebody_is_at_is_left_to_them(keys, server):
    inside: list[str] = []

    def perform(_call):
        with pytest.raises(Refusal) as told:
            keys.once("busy", request(), b"{}", call(), perform)
        inside.append(told.value.kind)
        return Reply(b"done")

    assert keys.once("busy", request(), b"{}", call(), perform).body == b"done"
    assert inside == ["in-progress"]


@pytest.mark.parametrize(
    ("owner", "since", "taken"),
    [
        ("{host}/1/0", 0, True),
        ("{host}/999999/5", 0, True),
        ("elsewhere/7/5", 0, False),
        ("elsewhere/7/5", 2 * PATIENCE, True),
        ("", 0, True),
    ],
)
def test_what_a_dead_server_left_is_taken_up(keys, server, owner, since, taken):
    now, key = server.services.clock.now(), f"left by {owner}"
    put(server, Cell(asked(), now - 90 * SECOND, owner.format(host=server.services.host), now - since), key)
    told = call()
    if not taken:
        with pytest.raises(Refusal, match="is being carried out"):
            keys.once(key, request(), b"{}", told, lambda _: Reply(b"never"))
        return
    assert keys.once(key, request(), b"{}", told, lambda _: Reply(b"done")).body == b"done"
    assert (told.repeated.again, told.repeated.at) == (True, now - 90 * SECOND)


@pytest.mark.parametrize(
    ("problem", "again", "kept"),
    [
        (UsageError("no"), False, False),
        (JournalError("the disk is full"), True, False),
        (ValueError("a bug"), True, False),
        (Refusal("answer-refused", "too late"), True, True),
    ],
)
def test_what_a_failure_leaves_behind(keys, server, problem, again, kept):
    key = f"fails {problem}"

    def fail(_call):
        raise problem

    if kept:
        assert keys.once(key, request(), b"{}", call(), fail).status == 409
    else:
        with pytest.raises(type(problem)):
            keys.once(key, request(), b"{}", call(), fail)
    told = call()
    reply = keys.once(key, request(), b"{}", told, lambda _: Reply(b"done"))
    assert (reply.status == 409) is kept
    assert (told.repeated is not None and told.repeated.again) is (again and not kept)


def test_the_mark_of_a_key_stays(keys):
    marks = []
    for _ in range(2):
        told = call()
        with pytest.raises(UsageError):
            keys.once("mark", request(), b"{}", told, lambda c: marks.append(c.repeated.mark) or _raise())
    assert len(set(marks)) == 1


def _raise():
    raise UsageError("no")


def test_what_this_process_left_over_is_taken_up(keys, server):
    """Its store went away in the middle: the cell says that this very process is at it, and it is not."""
    now = server.services.clock.now()
    put(server, Cell(asked(), now - SECOND, keys._me, now - SECOND), "left over")
    told = call()
    assert keys.once("left over", request(), b"{}", told, lambda _: Reply(b"done")).body == b"done"
    assert told.repeated.again is True
