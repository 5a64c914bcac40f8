"""The hands of a preflight look, and keep nothing."""

from __future__ import annotations

import io

import pytest

from steadyhand.driver.looking import LookingHands
from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.errors import Refused
from steadyhand.handlers.connections import Connections
from steadyhand.model import Literal, Secret, SecretSource, Text, Verdict


def hands(**more):
    store = SecretStore({"k": SecretSource("k", "env", "K")}, Redactor(), "/", {"K": "value-of-k"})
    return LookingHands(store, more.pop("connections", Connections()), {"A": "b"}, "/work", **more)


def test_it_logs_in_with_secrets():
    assert hands().reveal(Text((Literal("u:"), Secret("k")))) == "u:value-of-k"
    assert hands().reveal("plain") == "plain"


def test_its_time_ends():
    short = hands(patience=0.05)
    assert short.remaining() <= 0.05
    assert short.wait(5) is False
    assert short.remaining() <= 0
    assert not short.cancelled()


def test_nothing_is_kept():
    one = hands()
    sink = one.sink("stdout")
    sink.write(b"abc")
    assert (sink.size, sink.text()) == (3, "")
    with pytest.raises(Refused, match="this is only a look"):
        one.artifact("x", io.BytesIO(b""))
    assert one.judge({"x": 1}) == Verdict("pass", "")
    one.child(1)
    one.on_cancel(lambda: None)


def test_connections_are_shared_by_all_looks():
    connections = Connections()
    first, second = hands(connections=connections), hands(connections=connections)
    made = first.shared("k", object, lambda _: None)
    assert second.shared("k", object, lambda _: None) is made
    assert (first.cwd, first.environment) == ("/work", {"A": "b"})
