"""A request comes whole and in time, or its connection ends."""

from __future__ import annotations

import socket
import time
from contextlib import closing

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from steadyhand.web import lines

from .doors import open_door


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def door(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "HEAD", 0.5)
    monkeypatch.setattr(lines, "BODY", 0.5)
    with open_door(tmp_path, [Route("/echo", echo, methods=["GET", "POST"])]) as (client, _):
        yield client


def ended(client, *parts):
    """What comes back on a connection on which these parts are sent with pauses, and after how many seconds it ends."""
    begun = time.monotonic()
    with closing(socket.create_connection((client.base_url.host, client.base_url.port))) as line:
        line.settimeout(10)
        came = b""
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(0.1)
            while piece := line.recv(65_536):
                came += piece
        except ConnectionError:
            pass
    return came, time.monotonic() - begun


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"GET /echo HTTP/1.1\r\nX-Slow: "],
        [b"GET /echo HTTP/1.1\r\nX-Slow: ", *[b"x"] * 8],
        [b"POST /echo HTTP/1.1\r\nHost: steady\r\nX-Test-Person: admin\r\nContent-Length: 50\r\n\r\n", *[b"x"] * 8],
    ],
)
def test_what_does_not_come_in_time_ends_the_connection(door, parts):
    came, seconds = ended(door, *parts)
    assert came == b""
    assert 0.4 < seconds < 3


def test_a_connection_that_is_kept_has_the_same_bound_again(door):
    whole = b"GET /echo HTTP/1.1\r\nHost: steady\r\nX-Test-Person: admin\r\n\r\n"
    came, seconds = ended(door, whole, b"GET /ec")
    assert came.startswith(b"HTTP/1.1 200")
    assert 0.5 < seconds < 3


@pytest.mark.parametrize("parts", [[*[b"X-Long: " + b"x" * 20_000 + b"\r\n"] * 4, b"X"], [b"X-Long: ", b"x" * 600_000]])
def test_a_head_without_end_is_refused(door, monkeypatch, parts):
    monkeypatch.setattr(lines, "HEAD", 5.0)
    came, _ = ended(door, b"GET /echo HTTP/1.1\r\n", *parts)
    assert came.startswith(b"HTTP/1.1 400")


def test_what_comes_in_time_is_answered(door):
    assert door.post("/echo", content=b"x" * 100_000).text == "100000"
    time.sleep(0.8)
    assert door.get("/echo").text == "0", "a connection that rests is no slow one"
