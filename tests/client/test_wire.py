"""A request is tried again where nothing can be done twice by it, under the same key; what stays wrong is told."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from steadyhand.client import ApiProblem, Client, Lost
from steadyhand.errors import UsageError


class Server:
    """A server that answers as it is told, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.asked.append((self.command, self.path, self.headers.get("idempotency-key", "")))
                status, body = outer.answers.pop(0)
                if not status:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.do_POST()

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *problem):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def problem(kind, status):
    return status, json.dumps({"type": f"urn:steadyhand:problem:{kind}", "title": kind, "status": status}).encode()


MOVED = (200, b'{"run": "r1", "status": "running"}')
QUICK = (0.01, 0.01)


def test_what_passes_is_tried_again_under_the_same_key():
    with Server((0, b""), problem("in-progress", 409), MOVED) as server, Client(server.url, again=QUICK) as client:
        assert client.note_in_run("r1", "seen").run == "r1"
    assert {one[:2] for one in server.asked} == {("POST", "/api/v1/runs/r1/notes")}
    assert len({one[2] for one in server.asked}) == 1
    assert server.asked[0][2]


def test_a_key_that_is_given_is_taken():
    with Server(MOVED) as server, Client(server.url) as client:
        client.stop_run("r1", key="mine")
    assert server.asked == [("POST", "/api/v1/runs/r1/stop", "mine")]


def test_what_does_not_pass_is_told_at_once():
    with (
        Server(problem("conflict", 409)) as server,
        Client(server.url, again=QUICK) as client,
        pytest.raises(ApiProblem) as told,
    ):
        client.note_in_run("r1", "seen")
    assert (told.value.kind, len(server.asked)) == ("conflict", 1)


def test_no_answer_at_all():
    with Server() as server:
        url = server.url
    with Client(url, again=QUICK) as client, pytest.raises(Lost, match="there was no answer"):
        client.get_health()


def test_an_answer_of_somebody_else():
    with (
        Server((200, b"<html>")) as server,
        Client(server.url) as client,
        pytest.raises(Lost, match="cannot be understood"),
    ):
        client.get_version()


def test_what_is_no_address():
    with pytest.raises(UsageError, match="is no address of a server"):
        Client("steady.example")
