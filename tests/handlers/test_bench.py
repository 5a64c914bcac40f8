"""The hands that handler authors test with keep the promises that the driver's hands keep."""

from __future__ import annotations

import io
import threading
import time

import pytest

from steadyhand.handlers.bench import READABLE, BenchHands
from steadyhand.handlers.protocol import Hands
from steadyhand.model import Literal, Secret, Text, Value, plain


def lent(hands: Hands) -> Hands:
    return hands


def test_they_are_hands():
    hands = lent(BenchHands(environment={"STEADY_RUN": "r"}, cwd="/srv"))
    assert hands.cwd == "/srv"
    assert dict(hands.environment) == {
        "STEADY_RUN": "r", "STEADY_STEP": "step", "STEADY_ATTEMPT": "1", "STEADY_FENCE": "run-1:1",
    }  # fmt: skip


def test_time_runs_out():
    hands = BenchHands(timeout=0.05)
    assert 0 < hands.remaining() <= 0.05
    assert hands.wait(5) is False
    assert hands.remaining() <= 0


def test_a_cancellation_wakes_and_calls():
    hands, called = BenchHands(), []
    hands.on_cancel(lambda: called.append("before"))
    threading.Timer(0.05, hands.cancel).start()
    start = time.monotonic()
    assert hands.wait(10) is True
    assert time.monotonic() - start < 5
    while not called:
        time.sleep(0.001)
    hands.on_cancel(lambda: called.append("after"))
    assert called == ["before", "after"]
    assert hands.cancelled()


def test_a_sink_keeps_the_beginning_and_counts_the_rest():
    pieces: list[tuple[str, bytes]] = []
    sink = BenchHands(tap=lambda name, data: pieces.append((name, data))).sink("stdout")
    sink.write(b"\xff" * (READABLE - 1))
    sink.write(b"abc")
    assert (sink.size, sink.largest) == (READABLE + 2, READABLE - 1)
    assert sink.text() == "\udcff" * (READABLE - 1) + "a"
    assert sink.text(3) == "\udcff" * 3
    assert pieces[1] == ("stdout", b"abc")


def test_what_was_revealed_is_remembered():
    hands = BenchHands(secrets={"key": "hunter2"})
    assert hands.reveal("as it is") == "as it is"
    assert hands.reveal(plain("as it is")) == "as it is"
    assert hands.revealed == []
    assert hands.reveal(Text((Literal("a "), Value("b", "'b'"), Secret("key")))) == "a 'b'hunter2"
    assert hands.secret("key") == "hunter2"
    assert hands.revealed == ["key", "key"]
    with pytest.raises(KeyError):
        hands.secret("other")


def test_children_and_artifacts_are_remembered():
    hands = BenchHands()
    hands.child(7)
    digest = hands.artifact("dump", io.BytesIO(b"abc"))
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (hands.children, hands.artifacts) == ([7], {"dump": digest})
