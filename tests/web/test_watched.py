"""Every request leaves a line and figures, and no line holds what is a key."""

from __future__ import annotations

import logging

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from steadyhand.web.health import ROUTES
from steadyhand.web.watched import route

from ..app.server import until
from .doors import open_door


async def fine(request):
    return PlainTextResponse("fine")


async def bug(request):
    raise RuntimeError("a bug")


@pytest.fixture
def door(tmp_path, caplog):
    paths = ("/r/{run}", "/a/{key}", "/hooks/{source}/{name}")
    found = [*ROUTES, *(Route(path, fine, methods=["GET", "POST"]) for path in paths), Route("/bug", bug)]
    caplog.set_level(logging.INFO, "steadyhand.web.watched")
    with open_door(tmp_path, found) as (client, server):
        yield client, server, caplog


def lines(caplog, number):
    def found():
        records = [r for r in caplog.records if r.name == "steadyhand.web.watched"]
        return len(records) >= number and records

    return until(found)


def test_a_line_says_who_did_what_and_how_it_went(door):
    client, _, caplog = door
    client.get("/r/r1?token=abcdefgh", headers={"X-Test-Person": "viewer"})
    (line,) = lines(caplog, 1)
    told = {name: getattr(line, name) for name in ("door", "method", "route", "status", "bytes", "person", "run")}
    assert told == {
        "door": "pages", "method": "GET", "route": "/r/r1", "status": 200, "bytes": 4, "person": "viewer", "run": "r1",
    }  # fmt: skip
    assert line.origin == "127.0.0.1"
    assert 0 <= line.duration < 20
    assert "abcdefgh" not in str(line.__dict__)


def test_a_key_in_the_path_is_not_told(door):
    client, _, caplog = door
    client.get("/a/secret-key-of-a-mail")
    (line,) = lines(caplog, 1)
    assert line.route == "/a/{key}"
    assert "secret-key" not in str(line.__dict__)


def test_what_leads_nowhere_is_told_by_its_beginning(door):
    client, _, caplog = door
    client.get("/elsewhere/x/secret-key")
    (line,) = lines(caplog, 1)
    assert (line.route, line.status) == ("/elsewhere/x/...", 404)


def test_a_bug_is_told_as_one(door):
    client, server, caplog = door
    assert client.get("/bug").status_code == 500
    (line,) = lines(caplog, 1)
    assert (line.levelno, line.status) == (logging.ERROR, 500)
    until(lambda: server.meter.answers.total("pages", "5xx") == 1)


def test_probes_are_counted_and_not_told(door):
    client, server, caplog = door
    client.get("/healthz")
    client.post("/hooks/alertmanager/am")
    until(lambda: server.meter.answers.total("hooks", "2xx") == 1)
    assert server.meter.answers.total("healthz", "2xx") == 1
    assert [line.route for line in lines(caplog, 1)] == ["/hooks/alertmanager/{name}"]
    assert 'steady_http_request_seconds_count{door="hooks"} 1' in server.metrics.text()


@pytest.mark.parametrize(
    ("path", "parts", "told"),
    [
        ("/", {}, "/"),
        ("/runs", {}, "/runs"),
        ("/x\ny", {}, "/?"),
        ("/runs/r1/gates/fix[1]", {"run": "r1", "gate": "fix[1]"}, "/runs/r1/gates/fix[1]"),
        ("/a/KEY", {"key": "KEY"}, "/a/{key}"),
        ("/a/b/c/d", {}, "/a/b/..."),
    ],
)
def test_a_path_as_it_is_told(path, parts, told):
    assert route(path, parts) == told
