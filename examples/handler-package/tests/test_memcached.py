"""The contract of the seam, and what is this handler's own, against a real memcached."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import pytest
import steadyhand_memcached as memcached

from steadyhand.errors import BadInput, BadResponse, TimedOut, Unreachable
from steadyhand.handlers.contract import BenchHands, Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Text, plain

PROGRAM = shutil.which("memcached")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A real memcached on a free port: its address."""
    if PROGRAM is None:
        pytest.skip("memcached is not on this machine (Debian package memcached): its tests were not run")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    user = ["-u", "root"] if os.geteuid() == 0 else []
    process = subprocess.Popen([PROGRAM, *user, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-I", "8m", "-m", "64"])
    address = f"127.0.0.1:{port}"
    over = time.monotonic() + 20
    while not listens(port):
        assert process.poll() is None, "memcached ended"
        assert time.monotonic() < over, "memcached does not answer"
        time.sleep(0.02)
    say(address, b"set greeting 0 0 5\r\nhello\r\nset xyzzyxyzzy 0 0 2\r\nno\r\n")
    say(address, b"set large 0 0 4000000\r\n" + b"x" * 4_000_000 + b"\r\n")
    yield address
    process.terminate()
    process.wait(10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def say(address: str, words: bytes) -> bytes:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(words + b"quit\r\n")
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


class TestContract(HandlerContract):
    handler = memcached
    stream = "value"
    grace = 1.0
    changes: ClassVar = {"address": plain("127.0.0.1:2"), "get": plain("greeting"), "flush": True}

    @pytest.fixture
    def ordinary(self, server: str) -> Case:
        return Case({"address": plain(server)})

    @pytest.fixture
    def failing(self) -> Case:
        return Case({"address": plain("no-such-host.invalid:1")})

    @pytest.fixture
    def slow(self, silent: str) -> Case:
        return Case({"address": plain(silent)})

    @pytest.fixture
    def big(self, server: str) -> Case:
        return Case({"address": plain(server), "get": plain("large")})

    @pytest.fixture
    def secret(self, server: str) -> Case:
        return Case({"address": plain(server), "get": Text((Secret("key"),))}, secrets={"key": "xyzzyxyzzy"})


def see(address: str, timeout: float = 5.0, **params: object) -> dict[str, object]:
    given = {"address": plain(address), **params}
    return dict(memcached.perform(memcached.plan(given, None), BenchHands(timeout=timeout)).values)


def test_what_it_says_of_itself(server: str) -> None:
    stats = see(server)["stats"]
    assert isinstance(stats, dict)
    assert stats["curr_items"] >= 3
    assert isinstance(stats["version"], str)


def test_what_it_holds(server: str) -> None:
    found = see(server, get=plain("greeting"))
    assert (found["found"], found["value"]) == (True, "hello")
    assert see(server, get=plain("nothing"))["found"] is False


def test_it_is_emptied() -> None:
    assert memcached.effect_of({"flush": True}) is Effect.CHANGE
    assert memcached.effect_of({"flush": "{{ inputs.x }}"}) is Effect.CHANGE
    assert memcached.effect_of({"get": "x"}) is Effect.READ


def test_emptying_empties(server: str) -> None:
    say(server, b"set gone 0 0 1\r\nx\r\n")
    kept = say(server, b"get greeting\r\n")
    assert see(server, flush=True)["flushed"] is True
    assert see(server, get=plain("gone"))["found"] is False
    assert kept.startswith(b"VALUE")
    say(server, b"set greeting 0 0 5\r\nhello\r\nset xyzzyxyzzy 0 0 2\r\nno\r\n")
    say(server, b"set large 0 0 4000000\r\n" + b"x" * 4_000_000 + b"\r\n")


def test_whether_it_was_emptied_is_not_known_until_it_says_so(silent: str) -> None:
    with pytest.raises(TimedOut) as caught:
        see(silent, timeout=0.3, flush=True)
    assert caught.value.unsure
    with pytest.raises(TimedOut) as caught:
        see(silent, timeout=0.3)
    assert not caught.value.unsure


def test_a_closed_port_and_a_name_without_an_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        see(f"127.0.0.1:{port}")
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        see("no-such-host.invalid:80")


def test_somebody_else_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example.com ready\r\n")
                connection.recv(100)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(BadResponse, match="no answer of a memcached: '220 mail"):
            see(f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join(5)


def test_a_key_that_is_none(server: str) -> None:
    with pytest.raises(BadInput, match="is no key"):
        see(server, get=plain("a b"))
    with pytest.raises(BadInput, match="is no key"):
        see(server, get=plain("a\r\nflush_all"))


@pytest.mark.parametrize("address", ["db1", "db1:", ":1", "db1:0", "db1:65536", "::1:80", "db1:80 x", "db1:80\n"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        memcached.plan({"address": plain(address)}, None)
    assert caught.value.message == f"{address!r} is no address"
    assert caught.value.hint == "write host:port, and [::1]:port for IPv6"


def test_a_preview() -> None:
    key = Text((Literal("session:"), Secret("token")))
    address = plain("[::1]:11211")
    assert memcached.plan({"address": address, "get": key}, None).preview == (
        "get 'session:•••' from the memcached at [::1]:11211"
    )
    assert memcached.plan({"address": address, "flush": True}, None).preview == "empty the memcached at [::1]:11211"
