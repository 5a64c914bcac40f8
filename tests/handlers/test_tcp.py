"""`tcp` keeps the promises of the seam, and tells what a port does."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, TimedOut, Unreachable
from steadyhand.handlers import tcp
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Text, Value, plain

from .servers import closed_port, raw
from .talkers import echo, flood, greet, silent


class TestContract(HandlerContract):
    handler = tcp
    stream = "received"
    grace = 1.0
    changes: ClassVar = {
        "address": plain("127.0.0.1:2"), "send": plain("PING"), "until": plain("PONG"), "limit": 5,
        "connect_timeout": 1_000_000,
    }  # fmt: skip

    @pytest.fixture
    def ordinary(self):
        with raw(greet) as address:
            yield Case({"address": plain(address)})

    @pytest.fixture
    def failing(self):
        return Case({"address": plain("no-such-host.invalid:1")})

    @pytest.fixture
    def slow(self):
        with raw(silent) as address:
            yield Case({"address": plain(address), "until": plain("never")})

    @pytest.fixture
    def big(self):
        with raw(flood) as address:
            yield Case({"address": plain(address), "send": plain("go"), "limit": 10 * 1024 * 1024})

    @pytest.fixture
    def secret(self):
        with raw(echo) as address:
            send = Text((Literal("AUTH "), Secret("password")))
            yield Case({"address": plain(address), "send": send}, secrets={"password": "opensesame"})


def see(address, timeout=5.0, **params):
    texts = {name: plain(value) if isinstance(value, str) else value for name, value in params.items()}
    plan = tcp.plan({"address": plain(address), **texts}, None)
    return dict(tcp.perform(plan, BenchHands(timeout=timeout)).values)


def test_a_port_that_answers():
    with raw(greet) as address:
        found = see(address, until="\r\n")
        assert (found["connected"], found["reason"], found["received"]) == (True, "", "220 ready\r\n")
        assert found["address"] == address
        assert see(address)["received"] == "", "nothing is read unless it is asked for"


def test_what_is_sent_arrives_as_the_bytes_it_stands_for():
    with raw(echo) as address:
        assert see(address, send="'; drop table \udcff")["received"] == "'; drop table \udcff"


def test_no_more_is_read_than_asked_for():
    with raw(flood) as address:
        assert see(address, send="go", limit=100_000)["received"] == "x" * 100_000


def test_a_closed_port_is_an_answer():
    found = see(closed_port(), send="x")
    assert (found["connected"], found["reason"], found["received"]) == (False, "refused", "")


def test_a_name_without_an_address_is_none():
    with pytest.raises(Unreachable, match=r"the name no-such-host\.invalid has no address"):
        see("no-such-host.invalid:80")


def test_what_was_sent_may_have_had_an_effect():
    with raw(silent) as address:
        with pytest.raises(TimedOut) as caught:
            see(address, timeout=0.3, send="F", until="never")
        assert caught.value.unsure
        with pytest.raises(TimedOut) as caught:
            see(address, timeout=0.3, until="never")
        assert not caught.value.unsure


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"address": plain("db1")}, "'db1' is no address"),
        ({"address": Text((Secret("host"), Literal(":1")))}, "a secret cannot stand in `address`: where a step looks is shown to people"),
        ({"address": plain("db1:1"), "limit": 0}, "`limit` must be above 0"),
        ({"address": plain("db1:1"), "connect_timeout": 0}, "`connect_timeout` must be above 0"),
        ({"address": plain("db1:1"), "until": Text(())}, "`until` is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned(params, message):
    with pytest.raises(BadInput) as caught:
        tcp.plan(params, None)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_preview():
    send = Text((Literal("AUTH "), Secret("password")))
    plan = tcp.plan({"address": plain("[::1]:6379"), "send": send, "until": plain("+OK")}, None)
    assert plan.preview == "connect to [::1]:6379\nsend 'AUTH •••'\nread until '+OK'"


def test_connecting_only_looks_and_sending_may_not():
    assert tcp.effect_of({"address": "db1:5432"}) is Effect.READ
    assert tcp.effect_of({"address": "db1:6379", "send": "FLUSHALL"}) is Effect.CHANGE


def test_preflight_resolves():
    (need,) = tcp.preflight(tcp.plan({"address": plain("no-such-host.invalid:1")}, None), BenchHands())
    assert need.holds is False
    (need,) = tcp.preflight(tcp.plan({"address": plain("127.0.0.1:1")}, None), BenchHands())
    assert need.holds


def test_the_specification_imports_no_socket():
    code = "import sys; from steadyhand.handlers import tcp; print([m for m in ('socket', 'ssl') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_an_address_that_is_not_known_yet_can_be_planned():
    address = Text((Value("<facts.host>", "<facts.host>", known=False),))
    assert "<facts.host>" in tcp.plan({"address": address}, None).preview
