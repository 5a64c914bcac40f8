"""Alerts over HTTP: who is let in, what is answered when, and that what was answered for is there after a kill."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import httpx
import pytest

from steadyhand import events as e
from steadyhand.alerts.state import fold_alert
from steadyhand.app.services import Services
from steadyhand.errors import JournalError
from steadyhand.web import hooks

from ..alerts.senders import BODIES
from ..realparts import free_port, until
from .doors import open_door
from .intakes import TOKEN, intakes_in, numbered, posted, told


@pytest.fixture
def door(tmp_path):
    intakes_in(tmp_path)
    with open_door(tmp_path, list(hooks.ROUTES)) as (client, server):
        yield client, server


def received(services: Services, stream: str) -> int:
    """How many deliveries of an alert are in the store."""
    return sum(isinstance(one.event, e.AlertReceived) for one in services.journal.read(stream))


def now() -> int:
    return int(time.time())


@pytest.mark.parametrize("source", BODIES)
def test_an_alert_of_each_sender_is_acknowledged_and_on_the_board(door, source):
    client, server = door
    raw, headers = posted(source, now())
    assert told(client.post(f"/hooks/{source}", content=raw, headers=headers)) == (
        202,
        {"alerts": 1, "new": 1, "known": 0},
    )
    assert told(client.post(f"/hooks/{source}/{source}", content=raw, headers=headers))[1]["known"] == 1
    (head,) = server.services.journal.streams("alert:")
    until(lambda: server.board.alert(head.stream) is not None, "the alert on the board")
    assert fold_alert(server.services.journal.read(head.stream)).said.origin == "127.0.0.1"


def test_methods_and_addresses(door):
    client, _ = door
    for method in ("GET", "HEAD", "DELETE", "PATCH"):
        assert client.request(method, "/hooks/alertmanager").status_code == 405
    assert client.put("/hooks/generic", content=BODIES["generic"][0]).status_code == 202
    status, problem = told(client.post("/hooks/nagios", content=b"{}"))
    assert (status, problem["title"]) == (404, "there is no intake nagios")
    assert client.post("/hooks/grafana/alertmanager", content=b"{}").status_code == 404


def test_the_handshake_of_cloudevents(door):
    client, _ = door
    asked = {"WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "120"}
    answer = client.options("/hooks/cloudevents", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventemitter.example.com"
    assert answer.headers["webhook-allowed-rate"] == "120"
    assert "POST" in answer.headers["allow"]
    assert "webhook-allowed-origin" not in client.options("/hooks/alertmanager", headers=asked).headers


def test_who_is_not_known_is_told_so(door):
    client, server = door
    raw, headers = posted("alertmanager", now())
    unknown = client.post("/hooks/alertmanager", content=raw)
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, 'Bearer realm="alerts"')
    assert unknown.headers["content-type"] == "application/problem+json"
    wrong = client.post("/hooks/alertmanager", content=raw, headers={**headers, "Authorization": "Bearer x"})
    assert told(wrong)[1]["title"] == "the token is not one of this intake"
    assert wrong.status_code == 403
    assert list(server.services.journal.streams("alert:")) == []


def test_what_is_no_alert_is_refused_in_words(door):
    client, _ = door
    _, headers = posted("alertmanager", now())
    for raw, kind, status in (
        (b"{", "application/json", 400),
        (b"<a/>", "text/xml", 415),
        (b"", "application/json", 400),
    ):
        answer = client.post("/hooks/alertmanager", content=raw, headers={**headers, "Content-Type": kind})
        assert answer.status_code == status
        assert answer.json()["title"]


def test_a_body_that_is_too_long_is_not_read_to_its_end(door):
    client, _ = door
    _, headers = posted("alertmanager", now())
    sent = 0

    def endless():
        nonlocal sent
        for _ in range(1000):
            sent += 64 * 1024
            yield b" " * 64 * 1024

    said = client.post("/hooks/alertmanager", content=b" " * (hooks.MOST + 1), headers=headers)
    assert (said.status_code, said.json()["title"]) == (413, "the body is longer than 2,097,152 bytes")
    with suppress(httpx.HTTPError):  # the server may hang up on us before we have read its answer
        assert client.post("/hooks/alertmanager", content=endless(), headers=headers).status_code == 413
    assert sent < 64 * 1024 * 1000


def test_a_long_body_is_read_beside_the_loop(door):
    client, _ = door
    whole = json.loads(BODIES["alertmanager"][0])
    whole["alerts"] = [{**whole["alerts"][0], "fingerprint": f"{n:016x}"} for n in range(300)]
    raw = json.dumps(whole).encode()
    assert len(raw) > hooks.SHORT
    _, headers = posted("alertmanager", now())
    assert told(client.post("/hooks/alertmanager", content=raw, headers=headers))[1]["new"] == 300


def half_sent(client, headers: dict[str, str]) -> socket.socket:
    """A connection on which only the beginning of a body has come."""
    url = client.base_url
    sock = socket.create_connection((url.host, url.port), timeout=20)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    sock.sendall(f"POST /hooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n{head}\r\n{{".encode())
    return sock


def test_a_slow_sender_is_let_go_of(door, monkeypatch):
    client, _ = door
    monkeypatch.setattr(hooks, "SLOWEST", 0.3)
    _, headers = posted("alertmanager", now())
    with half_sent(client, headers) as sock:
        assert sock.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_sender_that_goes_in_the_middle_hurts_nobody(door, caplog):
    client, _ = door
    raw, headers = posted("alertmanager", now())
    half_sent(client, headers).close()
    assert client.post("/hooks/alertmanager", content=raw, headers=headers).status_code == 202
    assert "Traceback" not in caplog.text


def test_a_store_that_cannot_be_written_asks_for_the_alert_again(door, monkeypatch, caplog):
    client, server = door
    raw, headers = posted("alertmanager", now())
    before = server.services.journal.append_all
    monkeypatch.setattr(
        server.services.journal, "append_all", lambda _: (_ for _ in ()).throw(JournalError("disk full"))
    )
    answer = client.post("/hooks/alertmanager", content=raw, headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "disk full" not in answer.text
    assert "disk full" in caplog.text
    monkeypatch.setattr(server.services.journal, "append_all", before)
    assert told(client.post("/hooks/alertmanager", content=raw, headers=headers))[1]["new"] == 1


def test_a_store_that_hangs_is_not_waited_for(door, monkeypatch):
    client, server = door
    monkeypatch.setattr(hooks, "LONGEST", 0.2)
    monkeypatch.setattr(server.receiving.intake, "submit", lambda *_: None)
    raw, headers = posted("alertmanager", now())
    assert client.post("/hooks/alertmanager", content=raw, headers=headers).status_code == 503


def test_no_token_is_written_anywhere(door, caplog, tmp_path):
    client, server = door
    with caplog.at_level(logging.DEBUG):
        raw, headers = posted("alertmanager", now())
        leaky = raw.replace(b"95% full", f"95% {TOKEN}".encode())
        assert client.post("/hooks/alertmanager", content=leaky, headers=headers).status_code == 202
        assert client.post("/hooks/alertmanager", content=leaky[:-1], headers=headers).status_code == 400
        client.post("/hooks/opsgenie", content=leaky, headers={"X-Api-Key": f"{TOKEN}x"})
    assert TOKEN not in caplog.text
    (head,) = server.services.journal.streams("alert:")
    assert TOKEN not in str(server.services.journal.read(head.stream))
    for path in tmp_path.glob("journal.db*"):
        assert TOKEN.encode() not in (path.read_bytes() if path.is_file() else b"")


# --- a process of its own


def served(folder, *before):
    """`steady serve`, once it listens; `before` are words of a shell that stand before it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("STEADY_")}
    command = " ".join([*before, "exec", sys.executable, "-m", "steadyhand", "serve"])
    process = subprocess.Popen(["/bin/sh", "-c", command], cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    until(lambda: "serving at" in process.stderr.readline(), "the server")
    return process


@pytest.mark.parametrize("source", BODIES)
def test_what_was_acknowledged_is_there_after_a_kill(source, tmp_path):
    """A server of its own is killed while alerts are posted: every one that was answered with 2xx is in the store."""
    intakes_in(tmp_path)
    port = free_port()
    settings = (tmp_path / "steady.yaml").read_text()
    (tmp_path / "steady.yaml").write_text(settings.replace("grace: 1s", f"grace: 1s, listen: '127.0.0.1:{port}'"))
    process = served(tmp_path)
    try:
        acknowledged = []
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for number in range(20):
                raw, headers = posted(source, now(), numbered(source, number))
                answer = client.post(f"/hooks/{source}", content=raw, headers=headers)
                assert told(answer) == (202, {"alerts": 1, "new": 1, "known": 0})
                acknowledged.append(number)
            process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate(timeout=10)
    services = Services(cwd=str(tmp_path))
    heads = list(services.journal.streams("alert:"))
    assert len(heads) == len(acknowledged) == 20
    assert {services.journal.read(head.stream)[0].event.source for head in heads} == {source}
    assert services.journal.verify_store() == ()
    services.journal.close()


def test_killed_in_the_middle_of_a_storm(tmp_path):
    """Many senders at once, and a kill that nobody expects: whatever was answered with 2xx is in the store, once."""
    intakes_in(tmp_path)
    port = free_port()
    settings = (tmp_path / "steady.yaml").read_text()
    (tmp_path / "steady.yaml").write_text(settings.replace("grace: 1s", f"grace: 1s, listen: '127.0.0.1:{port}'"))
    process = served(tmp_path)
    acknowledged: list[str] = []

    def send(worker: int) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client, suppress(httpx.HTTPError):
            for number in range(1000):
                raw, headers = posted("generic", now(), numbered("generic", worker * 1000 + number))
                if client.post("/hooks/generic", content=raw, headers=headers).status_code == 202:
                    acknowledged.append(f"alert:generic:alarm-{worker * 1000 + number}")

    senders = [threading.Thread(target=send, args=(worker,)) for worker in range(8)]
    try:
        for one in senders:
            one.start()
        until(lambda: len(acknowledged) > 100, "a hundred alerts")
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate(timeout=10)
        for one in senders:
            one.join()
    services = Services(cwd=str(tmp_path))
    there = {head.stream: received(services, head.stream) for head in services.journal.streams("alert:")}
    assert set(acknowledged) <= set(there)
    assert set(there.values()) == {1}
    assert services.journal.verify_store() == ()
    services.journal.close()


def test_a_store_that_can_grow_no_more_loses_nothing_that_was_acknowledged(tmp_path):
    """The system lets no file of the server grow beyond a bound, as a full disk would."""
    intakes_in(tmp_path)
    port = free_port()
    settings = (tmp_path / "steady.yaml").read_text()
    (tmp_path / "steady.yaml").write_text(settings.replace("grace: 1s", f"grace: 1s, listen: '127.0.0.1:{port}'"))
    process = served(tmp_path, "ulimit -f 1000;")
    statuses = []
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for number in range(2000):
                raw, headers = posted("generic", now(), numbered("generic", number))
                statuses.append(client.post("/hooks/generic", content=raw, headers=headers).status_code)
                if statuses.count(503) == 3:
                    break
    finally:
        process.kill()
        said = process.communicate(timeout=10)[1]
    assert set(statuses) == {202, 503}
    assert "Traceback" not in said
    services = Services(cwd=str(tmp_path))
    assert len(list(services.journal.streams("alert:"))) >= statuses.count(202) > 10
    assert services.journal.verify_store() == ()
    services.journal.close()
