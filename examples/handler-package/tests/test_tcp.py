"""The contract of the seam, and what is this handler's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import ClassVar

import pytest
import steadyhand_tcp as tcp

from steadyhand.errors import BadInput, Unreachable
from steadyhand.handlers.contract import BenchHands, Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Text, plain

Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts real servers: give what is to be done with a connection, and get the address."""
    listeners: list[socket.socket] = []
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(talk: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connections.append(connection)
                    talk(connection)

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(5)
    for listener in listeners:
        listener.close()
    for connection in connections:
        connection.close()


def greet(connection: socket.socket) -> None:
    connection.sendall(b"220 ready\r\n")
    connection.close()


def echo(connection: socket.socket) -> None:
    connection.sendall(connection.recv(1000))
    connection.close()


def flood(connection: socket.socket) -> None:
    connection.recv(1000)
    for _ in range(48):
        connection.sendall(b"x" * 65_536)
    connection.close()


class TestContract(HandlerContract):
    handler = tcp
    stream = "answer"
    grace = 1.0
    changes: ClassVar = {"address": plain("127.0.0.1:2"), "send": plain("PING"), "until": plain("PONG")}

    @pytest.fixture
    def ordinary(self, serve: Serve) -> Case:
        return Case({"address": plain(serve(greet))})

    @pytest.fixture
    def failing(self) -> Case:
        return Case({"address": plain("no-such-host.invalid:1")})

    @pytest.fixture
    def slow(self, serve: Serve) -> Case:
        return Case({"address": plain(serve(lambda _: None)), "until": plain("never")})

    @pytest.fixture
    def big(self, serve: Serve) -> Case:
        return Case({"address": plain(serve(flood)), "send": plain("go")})

    @pytest.fixture
    def secret(self, serve: Serve) -> Case:
        send = Text((Literal("AUTH "), Secret("password")))
        return Case({"address": plain(serve(echo)), "send": send}, secrets={"password": "opensesame"})


def see(**params: str) -> dict[str, object]:
    texts = {name: plain(value) for name, value in params.items()}
    return dict(tcp.perform(tcp.plan(texts, None), BenchHands(timeout=5.0)).values)


def test_a_port_that_answers(serve: Serve) -> None:
    found = see(address=serve(greet), until="\r\n")
    assert (found["connected"], found["reason"], found["answer"]) == (True, "", "220 ready\r\n")


def test_what_is_sent_arrives(serve: Serve) -> None:
    assert see(address=serve(echo), send="'; drop table \udcff")["answer"] == "'; drop table \udcff"


def test_a_closed_port_is_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = see(address=f"127.0.0.1:{port}")
    assert (found["connected"], found["reason"], found["answer"]) == (False, "ECONNREFUSED", "")


def test_a_name_without_an_address_is_none() -> None:
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid has no address"):
        see(address="no-such-host.invalid:80")


@pytest.mark.parametrize("address", ["db1", "db1:", ":1", "db1:0", "db1:65536", "::1:80", "db1:80 x", "db1:80\n"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        tcp.plan({"address": plain(address)}, None)
    assert caught.value.message == f"{address!r} is no address"
    assert caught.value.hint == "write host:port, and [::1]:port for IPv6"


def test_a_preview() -> None:
    send = Text((Literal("AUTH "), Secret("password")))
    planned = tcp.plan({"address": plain("[::1]:6379"), "send": send, "until": plain("+OK")}, None)
    assert planned.preview == "connect to [::1]:6379\nsend 'AUTH •••'\nread until '+OK'"


def test_connecting_only_looks_and_sending_may_not() -> None:
    assert tcp.effect_of({"address": "db1:5432"}) is Effect.READ
    assert tcp.effect_of({"address": "db1:6379", "send": "FLUSHALL"}) is Effect.CHANGE
