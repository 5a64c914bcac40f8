"""One exchange over real sockets: what arrives, what comes back, how it fails, and how soon it stops."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest

from steadyhand.errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from steadyhand.expressions import render_text
from steadyhand.handlers import http
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Literal, Secret, Syntax, Text, Value, plain

from .servers import answer, closed_port, json_ok, raw, request_of, web

HOSTILE = [
    '"; touch /tmp/pwned #',
    "$(x)",
    "`x`",
    "a\nb\r\nX: y",
    "\0",
    "../..",
    "a b+c%20&d=e#f?g",
    "ü→",
    "\udcff\udc80",
    "",
    "'",
]
TOKEN = Text((Secret("token"),))


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def send(url, hands: BenchHands | None = None, **params) -> dict:
    plan = http.plan({"url": plain(url) if isinstance(url, str) else url, **params}, None)
    return dict(http.perform(plan, hands or BenchHands(secrets={"token": "s3cret"})).values)


def failure(url, hands: BenchHands | None = None, **params) -> tuple[type[HandlerError], str, str, bool]:
    with pytest.raises(HandlerError) as caught:
        send(url, hands, **params)
    return type(caught.value), caught.value.message, caught.value.hint, caught.value.unsure


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# --- what comes back


def test_the_result():
    with web() as (host, seen):
        values = send(f"http://{host}/health")
    headers = values.pop("headers")
    assert (headers["content-type"], headers["x-two"]) == ("application/json", "a, b")
    timings = values.pop("timings")
    assert list(timings) == ["connect", "first_byte", "total"]
    assert all(0 <= value < 10_000 for value in timings.values())
    assert 0 < values.pop("duration") < 10_000_000
    assert values == {
        "status": 200,
        "body": '{"path": "/health", "size": 0}',
        "json": {"path": "/health", "size": 0},
        "url": f"http://{host}/health",
        "http_version": "HTTP/1.1",
        "tls": {},
    }
    method, path, headers, body = seen.last
    assert (method, path, body) == ("GET", "/health", b"")
    assert headers == {
        "host": host, "accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive", "user-agent": "steadyhand",
    }  # fmt: skip


@pytest.mark.parametrize("status", [201, 204, 304, 404, 500, 503])
def test_any_status_is_an_answer(status):
    with web(lambda path, body: (status, [], b"")) as (host, _):
        assert send(f"http://{host}/")["status"] == status


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"null", {"json": None}),
        (b"[1, 2]", {"json": [1, 2]}),
        (b"<html>", {}),
        (b"", {}),
        (b"NaN", {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
    ],
    ids=lambda v: str(v)[:12],
)
def test_json_is_there_when_it_is_json(body, expected):
    """What is not there cannot be told: an expectation of it is an error and no failure."""
    with web(lambda path, _: (200, [], body)) as (host, _):
        values = send(f"http://{host}/")
    assert {name: values[name] for name in ("json",) if name in values} == expected


def test_undecodable_bytes_are_kept():
    with web(lambda path, _: (200, [], b"a\xffb")) as (host, _):
        assert send(f"http://{host}/")["body"] == "a\udcffb"


def test_a_head_has_no_body():
    with web() as (host, seen):
        values = send(f"http://{host}/x", method=plain("HEAD"))
    assert (values["status"], values["body"], seen.last[0]) == (200, "", "HEAD")


# --- what arrives


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_a_value_arrives_as_it_is_through_every_parameter(value):
    with web() as (host, seen):
        url = render_text(
            f"http://{host}/p/{{{{ inputs.x }}}}?q={{{{ inputs.x }}}}", {"inputs": {"x": value}}, Syntax.URL
        )
        text = Text((Value(value, value),))
        send(url, query={"r": text, "l": [text, text]}, method=plain("POST"), body=text)
        path, _, query = seen.last[1].partition("?")
        assert unquote_to_bytes(path.removeprefix("/p/")) == utf8(value)
        pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        assert pairs == [("q", value), ("r", value), ("l", value), ("l", value)]
        assert seen.last[3] == utf8(value)
        send(f"http://{host}/", method=plain("POST"), form={"a": text, value: plain("x")})
        fields = parse_qsl(seen.last[3].decode(), keep_blank_values=True, errors="surrogateescape")
        assert fields == [("a", value), (value, "x")]
        assert seen.last[2]["content-type"] == "application/x-www-form-urlencoded"
        send(f"http://{host}/", method=plain("POST"), json={"a": [text, 3, None, True]})
        assert json.loads(seen.last[3]) == {"a": [value, 3, None, True]}
        assert seen.last[2]["content-type"] == "application/json"


@pytest.mark.parametrize("value", ["plain", "ü→", "\udcff", "a: b; c=\"d\", 'e'", "$(x) `y`", "a\tb", ""])
def test_a_header_arrives_as_it_is(value):
    with web() as (host, seen):
        send(f"http://{host}/", headers={"X-Alert": plain(value)})
    assert seen.last[2]["x-alert"].encode("latin-1") == utf8(value)


def test_a_header_of_the_author_replaces_ours():
    with web() as (host, seen):
        mine = {"user-agent": plain("mine"), "ACCEPT": plain("text/plain"), "idempotency-key": plain("k")}
        send(f"http://{host}/", method=plain("POST"), headers=mine, json={})
    headers = seen.last[2]
    assert (headers["user-agent"], headers["accept"], headers["idempotency-key"]) == ("mine", "text/plain", "k")


def test_secrets_arrive_and_are_revealed_late():
    hands = BenchHands(secrets={"token": "s3cret/ü&"})
    with web() as (host, seen):
        url = Text((Literal(f"http://{host}/"), Secret("token")))
        send(url, hands, method=plain("POST"), auth={"bearer": plain("abc")}, query={"t": TOKEN}, json={"a": [TOKEN]})
        assert seen.last[1] == "/s3cret%2F%C3%BC%26?t=s3cret%2F%C3%BC%26"
        assert seen.last[2]["authorization"] == "Bearer abc"
        assert json.loads(seen.last[3]) == {"a": ["s3cret/ü&"]}
        send(f"http://{host}/", hands, auth={"basic": {"username": plain("ops"), "password": TOKEN}})
        assert base64.b64decode(seen.last[2]["authorization"].removeprefix("Basic ")).decode() == "ops:s3cret/ü&"
        whole = BenchHands(secrets={"hook": f"http://{host}/hook/1?k=v"})
        send(Text((Secret("hook"),)), whole, query={"a": plain("b")})
        assert seen.last[1] == "/hook/1?k=v&a=b"


def test_a_user_in_the_address_is_used_and_not_told():
    with web() as (host, seen):
        values = send(f"http://ops:pw@{host}/")
    assert base64.b64decode(seen.last[2]["authorization"].removeprefix("Basic ")) == b"ops:pw"
    assert values["url"] == f"http://{host}/"


@pytest.mark.parametrize(
    ("params", "secret", "message"),
    [
        ({"headers": {"X-Key": TOKEN}}, "a\r\nX: y", "header X-Key holds a line break or another control character"),
        ({"headers": {"X-Key": TOKEN}}, "a\0", "header X-Key holds a line break or another control character"),
        ({"auth": {"bearer": TOKEN}}, "a\n", "header Authorization holds a line break or another control character"),
        (
            {"auth": {"basic": {"username": TOKEN, "password": plain("x")}}},
            "a:b",
            "a user name for basic authentication cannot hold a colon",
        ),
        ({"body": TOKEN}, "\ud800", "body holds half a character (a lone surrogate), which has no bytes"),
    ],
)
def test_a_secret_that_cannot_be_sent(params, secret, message):
    with web() as (host, seen):
        kind, said, _, unsure = failure(f"http://{host}/", BenchHands(secrets={"token": secret}), **params)
    assert (kind, said, unsure) == (BadInput, message, False)
    assert seen.requests == []


def test_a_secret_that_is_no_address():
    found = failure(Text((Secret("token"),)), BenchHands(secrets={"token": "file:///etc/passwd"}))
    hint = "it must begin with https:// and a host"
    assert found == (BadInput, "••• is no http or https address", hint, False)


def test_an_address_that_cannot_be_used():
    kind, message, _, unsure = failure("http://[::1/")
    assert (kind, unsure) == (BadInput, False)
    assert message.startswith("the address cannot be used: ")
    assert failure("http://h:99999/")[:2] == (BadInput, "the address cannot be used: there is no port 99999")
    assert failure("http://h:0/")[0] is BadInput
    assert failure("http://h/" + "x" * 70_000)[0] is BadInput


# --- the key of a change


def test_every_attempt_of_a_change_has_one_key_and_no_read_has_any():
    def key(method: str, **environment: str) -> str | None:
        send(f"http://{host}/", BenchHands(environment=environment), method=plain(method))
        return seen.last[2].get("idempotency-key")

    with web() as (host, seen):
        assert [key(method) for method in ("GET", "HEAD", "OPTIONS")] == [None, None, None]
        first = key("POST")
        assert first is not None
        assert len(first) == 32
        assert key("POST", STEADY_ATTEMPT="2", STEADY_FENCE="run-1:9") == first
        assert key("DELETE") == first
        others = [key("POST", **{name: "other"}) for name in ("STEADY_RUN", "STEADY_STEP", "STEADY_VISIT")]
        assert len({first, *others}) == 4


def test_no_cookie_outlives_a_request():
    with web(lambda path, _: (200, [("Set-Cookie", "session=1; Path=/")], b"")) as (host, seen):
        send(f"http://{host}/")
        send(f"http://{host}/")
    assert "cookie" not in seen.last[2]


# --- redirects


def redirecting(to: str, status: int = 302):
    return lambda path, body: (status, [("Location", to)], b"") if path == "/from" else json_ok(path, body)


def test_a_redirect_is_an_answer():
    with web(redirecting("/to")) as (host, seen):
        values = send(f"http://{host}/from")
    assert (values["status"], values["headers"]["location"], len(seen.requests)) == (302, "/to", 1)


def test_a_redirect_is_followed_when_asked():
    with web(redirecting("/to")) as (host, _):
        values = send(f"http://{host}/from", redirects=True, headers={"X-Key": TOKEN})
    assert (values["status"], values["url"], values["json"]["path"]) == (200, f"http://{host}/to", "/to")


def test_a_redirect_to_another_host_gets_no_secret():
    with web() as (other, seen), web(redirecting(f"http://{other}/to")) as (host, _):
        mine = {"X-Key": TOKEN, "X-Plain": plain("p"), "Authorization": TOKEN}
        values = send(f"http://{host}/from", redirects=True, headers=mine)
    assert values["url"] == f"http://{other}/to"
    assert seen.last[2]["x-plain"] == "p"
    assert not {"x-key", "authorization"} & set(seen.last[2])


def test_a_change_is_not_redirected_to_another_host():
    with web() as (other, seen), web(redirecting(f"http://{other}/to?q=1", 307)) as (host, _):
        found = failure(f"http://{host}/from", redirects=True, method=plain("POST"), body=TOKEN)
    hint = f"write the address http://{other}/to if it is the right one"
    assert found == (Refused, "the server redirects the POST to another host", hint, True)
    assert seen.requests == []


def test_redirects_in_a_circle():
    with web(redirecting("/from")) as (host, seen):
        found = failure(f"http://{host}/from", redirects=True)
    assert found == (BadResponse, "more than 10 redirects", "name the address that it leads to", False)
    assert len(seen.requests) == 11


# --- size and encoding


def test_a_body_that_says_that_it_is_too_large_is_not_read():
    with web(lambda path, _: (200, [], b"x" * 5000)) as (host, _):
        hands = BenchHands()
        found = failure(f"http://{host}/", hands, max_size=4999)
        assert send(f"http://{host}/", max_size=5000)["body"] == "x" * 5000
    hint = "raise `max_size`, or ask for less"
    assert found == (BadResponse, "the body has 5,000 bytes; 4,999 are allowed", hint, False)
    assert hands.sink("body").size == 0


def endless(head: bytes):
    def talk(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    return talk


def test_a_body_that_never_ends_is_cut_at_its_limit():
    hands = BenchHands()
    with raw(endless(b"")) as host:
        found = failure(f"http://{host}/", hands, max_size=1_000_000, method=plain("POST"))
    assert found[:2] == (BadResponse, "the body has more than 1,000,000 bytes; 1,000,000 are allowed")
    assert found[3], "the POST was answered: it may have had its effect"
    assert hands.sink("body").size <= 1_000_000


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_an_encoding_that_was_not_asked_for_is_undone(name):
    import zlib

    body = (
        gzip.compress(b"hello ") + gzip.compress(b"world") if "zip" in name.lower() else zlib.compress(b"hello world")
    )
    with web(lambda path, _: (200, [("Content-Encoding", name)], body)) as (host, _):
        assert send(f"http://{host}/")["body"] == "hello world"


def test_a_bomb_is_cut_at_the_limit():
    body = gzip.compress(b"\0" * 50_000_000)
    hands = BenchHands()
    with web(lambda path, _: (200, [("Content-Encoding", "gzip")], body)) as (host, _):
        found = failure(f"http://{host}/", hands, max_size=1_000_000)
    assert found[1] == "the body has more than 1,000,000 bytes; 1,000,000 are allowed"
    assert hands.sink("body").largest <= 65_536


MEASURED = """
import resource, sys
from steadyhand.handlers import http
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import plain
def get(path):
    hands = BenchHands(timeout=60)
    http.perform(http.plan({"url": plain(sys.argv[1] + path), "max_size": 10**9}, None), hands)
    return hands.sink("body").size
get("1000000")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = get("200000000")
print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_200_megabytes_in_constant_memory():
    def talk(connection: socket.socket) -> None:
        size = int(request_of(connection).split()[1].decode().lstrip("/"))
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // 1_000_000):
            connection.sendall(b"x" * 1_000_000)

    with raw(talk) as host:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, f"http://{host}/"], capture_output=True, text=True, check=True
        )
    size, grown = map(int, done.stdout.split())
    assert size == 200_000_000
    assert grown < 24 * 1024, f"memory grew by {grown} KiB: it may keep what could be JSON (10 MiB), and no more"


# --- failures


LOG = "look at the server's log"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_port_where_nothing_listens(method):
    host = closed_port()
    hint = "is it running, and is that the port it listens on?"
    found = failure(f"http://{host}/", method=plain(method))
    assert found == (Unreachable, f"{host} refused the connection", hint, False)


def test_a_name_without_an_address():
    kind, message, hint, unsure = failure("http://no-such-host.invalid/", method=plain("POST"))
    assert kind is Unreachable
    assert message.startswith("the name no-such-host.invalid has no address: ")
    assert (hint, unsure) == ("check the name, and the DNS here", False)


@pytest.mark.parametrize(("method", "unsure"), [("GET", False), ("POST", True), ("DELETE", True)])
class TestAfterItWasSent:
    def test_reset(self, method, unsure):
        with raw(lambda c: (request_of(c), reset(c))) as host:
            found = failure(f"http://{host}/", method=plain(method))
        message = f"the connection to {host} was lost after the request had been sent: Connection reset by peer"
        assert found == (Unreachable, message, LOG, unsure)

    def test_closed_without_an_answer(self, method, unsure):
        with raw(lambda c: (request_of(c), c.shutdown(socket.SHUT_RDWR))) as host:
            found = failure(f"http://{host}/", method=plain(method))
        assert found == (Unreachable, f"{host} closed the connection without an answer", LOG, unsure)

    def test_cut_short(self, method, unsure):
        cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
        with raw(lambda c: (request_of(c), c.sendall(cut), c.shutdown(socket.SHUT_RDWR))) as host:
            found = failure(f"http://{host}/", method=plain(method))
        assert found == (BadResponse, f"the answer of {host} was cut short", LOG, unsure)

    def test_garbage(self, method, unsure):
        with raw(lambda c: (request_of(c), c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))) as host:
            kind, message, hint, found = failure(f"http://{host}/", method=plain(method))
        assert kind is BadResponse
        assert message.startswith(f"the answer of {host} is no HTTP: ")
        assert (hint, found) == ("is it the right port?", unsure)

    def test_no_answer_in_time(self, method, unsure):
        with raw(lambda c: (request_of(c), time.sleep(5))) as host:
            found = failure(f"http://{host}/", BenchHands(timeout=0.3), method=plain(method))
        hint = "give the step a longer `timeout:`, or look at why the server is slow"
        assert found == (TimedOut, f"{host} had not answered when the step's time was over", hint, unsure)

    def test_cancelled(self, method, unsure):
        hands = BenchHands()
        with raw(lambda c: (request_of(c), hands.cancel(), time.sleep(5))) as host:
            found = failure(f"http://{host}/", hands, method=plain(method))
        assert found == (Cancelled, "it was told to stop before the answer was complete", "", unsure)


def test_reset_at_once():
    with raw(reset) as host:
        kind, message, _, _ = failure(f"http://{host}/")
    assert kind is Unreachable
    assert message.startswith((f"the connection to {host} was lost", f"{host} closed the connection"))


def test_a_head_that_never_ends_is_no_http():
    def talk(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-A: " + b"a" * 10_000 + b"\r\n")

    with raw(talk) as host:
        assert failure(f"http://{host}/")[0] is BadResponse


def test_an_unknown_encoding():
    with web(lambda path, _: (200, [("Content-Encoding", "br")], b"x")) as (host, _):
        found = failure(f"http://{host}/", method=plain("POST"))
    message = "the body is encoded as 'br', which was not asked for"
    assert found == (BadResponse, message, "leave Accept-Encoding out", True)


# --- stopping


def dribble(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def dribble_head(connection: socket.socket) -> None:
    request_of(connection)
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


STUCK = {
    "never answers": lambda c: (request_of(c), time.sleep(30)),
    "dribbles a body": dribble,
    "dribbles a head": dribble_head,
    "reads nothing": lambda c: time.sleep(30),
}


@pytest.mark.parametrize("talk", STUCK.values(), ids=STUCK)
def test_it_stops_within_a_moment_of_a_cancellation(talk):
    hands = BenchHands(timeout=60.0)
    told: list[float] = []
    with raw(talk) as host:
        threading.Timer(0.3, lambda: (told.append(time.monotonic()), hands.cancel())).start()
        body = plain("x" * 20_000_000)  # more than the buffers of a connection take
        found = failure(f"http://{host}/", hands, method=plain("POST"), body=body)
        took = time.monotonic() - told[0]
        assert found == (Cancelled, "it was told to stop before the answer was complete", "", True)
        assert took < 0.15, f"{took * 1000:.0f} ms"


@pytest.mark.parametrize("talk", STUCK.values(), ids=STUCK)
def test_the_deadline_is_that_of_the_whole_exchange(talk):
    with raw(talk) as host:
        start = time.monotonic()
        kind, message, _, unsure = failure(f"http://{host}/", BenchHands(timeout=0.4))
        took = time.monotonic() - start
    assert (kind, unsure) == (TimedOut, False)
    assert message.endswith("when the step's time was over")
    assert 0.4 <= took < 0.6


def test_how_far_it_had_come_is_told():
    with raw(dribble) as host:
        message = failure(f"http://{host}/", BenchHands(timeout=0.3))[1]
    assert message.startswith(f"the answer of {host} was not complete (")
    assert message.endswith(" bytes had come) when the step's time was over")


@pytest.mark.parametrize("secure", [False, True])
def test_a_connection_that_does_not_come_about(secure):
    """A listener whose queue is full drops what knocks: the kernel tries on and on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        knocks = [socket.socket() for _ in range(3)]
        for knock in knocks:
            knock.setblocking(False)
            knock.connect_ex(listener.getsockname())
        start = time.monotonic()
        found = failure(f"http{'s' if secure else ''}://{host}/", BenchHands(timeout=0.3), method=plain("POST"))
        took = time.monotonic() - start
        for knock in knocks:
            knock.close()
    hint = "give the step a longer `timeout:`, or look at why the server is slow"
    assert found == (TimedOut, f"there was no connection to {host} when the step's time was over", hint, False)
    assert took < 0.6


def test_a_handshake_that_never_ends():
    with raw(lambda c: time.sleep(30)) as host:
        hands = BenchHands(timeout=60.0)
        threading.Timer(0.3, hands.cancel).start()
        start = time.monotonic()
        found = failure(f"https://{host}/", hands, method=plain("POST"))
        took = time.monotonic() - start
        over = time.monotonic() + 2
        while threads() and time.monotonic() < over:
            time.sleep(0.01)
    assert found == (Cancelled, "it was told to stop before the answer was complete", "", False)
    assert took < 0.6
    assert threads() == [], "the handshake is cut, and not left to its time-out"


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "_work" in thread.name]


def test_what_was_abandoned_while_a_name_was_looked_up_sends_nothing(monkeypatch):
    """The resolver cannot be interrupted; it is made to hang here, and everything else is real."""
    real = socket.getaddrinfo
    release = threading.Event()

    def slow(*words, **more):
        release.wait(10)
        return real(*words, **more)

    with web() as (host, seen):
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        start = time.monotonic()
        found = failure(f"http://{host}/", BenchHands(timeout=0.2), method=plain("POST"))
        took = time.monotonic() - start
        release.set()
        over = time.monotonic() + 5
        while threads() and time.monotonic() < over:
            time.sleep(0.01)
        time.sleep(0.05)
    assert found[0] is TimedOut
    assert found[3] is False
    assert took < 0.5
    assert seen.requests == []


def test_cancelled_or_out_of_time_before_it_was_sent():
    hands = BenchHands()
    hands.cancel()
    assert failure("http://h/", hands)[:2] == (Cancelled, "it was told to stop before it was sent")
    assert failure("http://h/", BenchHands(timeout=0))[:2] == (TimedOut, "its time was over before it was sent")


def test_nothing_is_left_open():
    with web() as (host, _):
        send(f"http://{host}/")
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            send(f"http://{host}/")
            failure(f"http://{host}/", max_size=1)
        over = time.monotonic() + 2
        while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < over:
            time.sleep(0.01)  # the server closes its ends in its own time
        assert len(os.listdir("/proc/self/fd")) <= before


# --- proxies


def test_the_proxy_of_the_environment_is_honoured(monkeypatch):
    with web(lambda path, _: (200, [], path.encode())) as (proxy, seen):
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        assert send("http://orders.example/health")["body"] == "http://orders.example/health"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert send(f"http://{proxy}/direct")["body"] == "/direct"
    assert len(seen.requests) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_does_not_let_it_through(monkeypatch, method):
    with raw(lambda c: (request_of(c), c.sendall(answer(status="403 Forbidden")))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        found = failure("https://orders.example/", method=plain(method))
    message = "the proxy did not let it through: 403 Forbidden"
    assert found == (Refused, message, "look at HTTPS_PROXY and NO_PROXY", False)


def test_a_proxy_that_cannot_be_used(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    kind, message, hint, unsure = failure("http://127.0.0.1:1/")
    assert kind is Refused
    assert message.startswith("the proxy that the environment names cannot be used: ")
    assert hint == "look at HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; NO_PROXY names the hosts that need none"
    assert not unsure


def test_no_netrc_is_read(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password something\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with web() as (host, seen):
        send(f"http://{host}/")
    assert "authorization" not in seen.last[2]
