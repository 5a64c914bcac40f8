"""A run, followed live: nothing is missing, nothing twice, wherever a stream begins, and it holds no thread."""

from __future__ import annotations

import json
import socket
import threading
import time

import httpx

from steadyhand.app import runs
from steadyhand.events import RunConcluded
from steadyhand.web.api import streams
from steadyhand.web.api.streams import encode, event_of

from ...app.server import until
from .served import api, as_, concluded, gate, waiting

STREAM = {"Accept": "text/event-stream"}


def blocks(response):
    """The blocks of a stream, as they come."""
    found: list[str] = []
    for line in response.iter_lines():
        if line:
            found.append(line)
        elif found:
            yield found
            found = []


def numbers(client, path, **headers):
    """The numbers of a stream that ends, and how it ends."""
    with client.stream("GET", path, headers={**STREAM, **headers}) as response:
        if response.status_code == 204:
            return [], "204"
        seen = list(blocks(response))
    assert seen[0] == ["retry: 2000"]
    ids = [int(block[0].removeprefix("id: ")) for block in seen if block[0].startswith("id: ")]
    return ids, seen[-1][0]


def answered(client, run, answer="approve"):
    body = {"answer": answer, "digest": gate(client, run)["digest"]}
    assert client.post(f"runs/{run}/gates/change", json=body).is_success


def test_a_stream_tells_everything_and_ends(client, server):
    run = waiting(client)
    came: list[int] = []
    ends: list[str] = []

    def follow():
        ids, end = numbers(client, f"runs/{run}/events")
        came.extend(ids)
        ends.append(end)

    thread = threading.Thread(target=follow)
    thread.start()
    answered(client, run)
    thread.join(20)
    recorded = server.services.journal.read(run)
    end = next(one.seq for one in recorded if isinstance(one.event, RunConcluded))
    assert came == list(range(1, end + 1))
    assert ends == ["event: end"]


def test_it_goes_on_where_it_was_cut(client, server):
    run = waiting(client)
    answered(client, run)
    concluded(client, run)
    end = next(one.seq for one in server.services.journal.read(run) if isinstance(one.event, RunConcluded))
    path = f"runs/{run}/events"
    assert numbers(client, f"{path}?after=5") == (list(range(6, end + 1)), "event: end")
    assert numbers(client, f"{path}?after=5", **{"Last-Event-ID": "9"}) == (list(range(10, end + 1)), "event: end")
    assert numbers(client, path, **{"Last-Event-ID": str(end)}) == ([], "204")
    assert numbers(client, f"{path}?after={end}")[1] == "event: end"
    assert client.get(path, headers={**STREAM, "Last-Event-ID": "x"}).status_code == 400
    client.post(f"runs/{run}/notes", json={"text": "afterwards"})
    assert numbers(client, f"{path}?after={end - 1}") == ([end], "event: end")


def test_each_block_is_the_event(client, server):
    run = waiting(client)
    with client.stream("GET", f"runs/{run}/events", headers=STREAM) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        found = blocks(response)
        next(found)
        first = next(found)
    (recorded, *_) = server.services.journal.read(run)
    assert first[0] == "id: 1"
    assert json.loads(first[1].removeprefix("data: "))["type"] == "run.started"
    assert encode(recorded)[1].decode() == "\n".join([*first, "", ""])
    client.post(f"runs/{run}/stop", json={})


def test_streams_hold_no_thread_and_are_forgotten(client, server):
    run = waiting(client)
    url = str(client.base_url)
    before = threading.active_count()
    with httpx.Client(base_url=url, headers=as_("admin"), timeout=20, limits=httpx.Limits(max_connections=200)) as many:
        opened = [many.build_request("GET", f"runs/{run}/events", headers=STREAM) for _ in range(60)]
        responses = [many.send(one, stream=True) for one in opened]
        found = [blocks(one) for one in responses]
        for one in found:
            next(one)
        assert threading.active_count() <= before + 45  # the pool of blocking reads, whoever follows
        client.post(f"runs/{run}/stop", json={})
        assert all(list(one)[-1][0] == "event: end" for one in found)
        for one in responses:
            one.close()


def test_a_client_that_leaves_is_forgotten(client, monkeypatch):
    """Its place is free again: the bound is met again and again, and never passed."""
    monkeypatch.setattr(streams, "EACH", 1)
    run = waiting(client)

    def opens():
        with client.stream("GET", f"runs/{run}/events", headers={**STREAM, **as_("bob")}) as response:
            return response.status_code == 200

    for _ in range(3):
        assert until(opens)
    client.post(f"runs/{run}/stop", json={})


def test_there_is_a_bound_for_each_person(client, monkeypatch):
    monkeypatch.setattr(streams, "EACH", 2)
    run = waiting(client)
    with (
        client.stream("GET", f"runs/{run}/events", headers={**STREAM, **as_("bob")}) as one,
        client.stream("GET", f"runs/{run}/events", headers={**STREAM, **as_("bob")}) as two,
    ):
        assert (one.status_code, two.status_code) == (200, 200)
        refused = client.get(f"runs/{run}/events", headers={**STREAM, **as_("bob")})
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (429, "too-many")
        assert refused.headers["retry-after"] == "10"
    client.post(f"runs/{run}/stop", json={})


def test_silence_is_broken(client, monkeypatch):
    monkeypatch.setattr(streams, "BEAT", 0.1)
    run = waiting(client)
    with client.stream("GET", f"runs/{run}/events", headers=STREAM) as response:
        assert [": here"] in (block for block in blocks(response))
    client.post(f"runs/{run}/stop", json={})


def test_whoever_falls_behind_reads_from_the_journal(client, server, monkeypatch):
    monkeypatch.setattr(streams, "HELD", 200)
    run = waiting(client)
    with client.stream("GET", f"runs/{run}/events", headers=STREAM) as response:
        found = blocks(response)
        next(found)
        for number in range(20):
            client.post(f"runs/{run}/notes", json={"text": f"{number} {'x' * 3000}"})
        client.post(f"runs/{run}/stop", json={})
        ids = [int(block[0].removeprefix("id: ")) for block in found if block[0].startswith("id: ")]
    assert ids == list(range(1, len(ids) + 1))
    assert len(ids) > 24
    assert event_of(server.services.journal.read(run)[0]).seq == 1


def test_a_client_that_takes_nothing_is_dropped(client, server, monkeypatch):
    """What the kernel does not take any more is not kept in memory, and after a while the client is let go."""
    monkeypatch.setattr(streams, "SLOW", 0.3)
    run = waiting(client)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.connect((client.base_url.host, client.base_url.port))
        ask = f"GET /api/v1/runs/{run}/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
        slow.sendall(f"{ask}Authorization: Bearer test-bob\r\n\r\n".encode())
        for _ in range(30):
            runs.note(server.services, run, "ana", "y" * 500_000)
        time.sleep(1)
        slow.settimeout(20)
        taken = 0
        while data := slow.recv(1 << 20):
            taken += len(data)
    assert 0 < taken < 30 * 500_000
    client.post(f"runs/{run}/stop", json={})


def test_a_server_that_stops_says_that_it_will_be_back(tmp_path):
    with api(tmp_path) as (client, server):
        run = waiting(client)
        with client.stream("GET", f"runs/{run}/events", headers=STREAM) as response:
            found = blocks(response)
            next(found)
            server.draining.set()
            assert list(found)[-1] == ["event: later", "data: {}"]
        assert client.get(f"runs/{run}/events", headers=STREAM).status_code == 503
