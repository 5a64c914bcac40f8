"""Addresses, and connections that keep to their time."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from steadyhand.errors import BadInput, Cancelled, TimedOut
from steadyhand.handlers import _dial
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import plain

from .servers import closed_port


@pytest.mark.parametrize(
    ("address", "found"),
    [("db1:5432", ("db1", 5432)), ("[::1]:80", ("::1", 80)), ("10.0.0.1:65535", ("10.0.0.1", 65535))],
)
def test_an_address(address, found):
    assert _dial.split(plain(address)) == found
    assert _dial.joined(*found) == address


def test_a_default_port():
    assert _dial.split(plain("shop.example.com"), 443) == ("shop.example.com", 443)


@pytest.mark.parametrize(
    "address", ["db1", "db1:", ":1", "db1:0", "db1:65536", "::1:80", "db1:80 x", "db1:80\n", "http://a:1", "a@b:1"]
)
def test_an_address_that_is_none(address):
    with pytest.raises(BadInput) as caught:
        _dial.split(plain(address))
    assert caught.value.message == f"{address!r} is no address"


@pytest.fixture
def full():
    """A port whose queue of connections is full: it neither takes nor refuses one."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()


def test_a_connection_that_does_not_come_is_an_answer(full):
    start = time.monotonic()
    connection, address, reason = _dial.connect(*full, BenchHands(), 300_000)
    assert (connection, address, reason) == (None, _dial.joined(*full), "timed out")
    assert time.monotonic() - start < 2
    assert _dial.connect(*full, BenchHands(timeout=0.4))[2] == "timed out", "before the time of the step is over"


def test_it_stops_connecting_when_it_is_told_to(full):
    import threading

    hands = BenchHands()
    threading.Timer(0.1, hands.cancel).start()
    with pytest.raises(Cancelled):
        _dial.connect(*full, hands)
    with pytest.raises(TimedOut):
        _dial.connect(*full, BenchHands(timeout=0))


def test_every_address_is_tried():
    host, port = closed_port().split(":")
    assert _dial.connect("localhost", int(port), BenchHands())[2] == "refused"
    assert host == "127.0.0.1"
