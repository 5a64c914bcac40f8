"""Work beside the attempt's thread: what it gives, and that it is left behind in time."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand.errors import Cancelled, TimedOut
from steadyhand.handlers._aside import READABLE, Aside, Beside, Kept
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Literal, Secret, Text

HOOK = Text((Literal("https://h/"), Secret("hook")))


def test_what_it_gives_and_what_it_raises():
    assert Beside(Aside(BenchHands(), 5), lambda: None).run(lambda: 7, "it") == 7
    with pytest.raises(ZeroDivisionError):
        Beside(Aside(BenchHands(), 5), lambda: None).run(lambda: 1 // 0, "it")


@pytest.mark.parametrize(
    ("committed", "words"), [(False, "it had not ended in time"), (True, "it had not ended in time")]
)
def test_time_ends_it(committed, words):
    release, closed = threading.Event(), []
    beside = Beside(Aside(BenchHands(), 0.2), lambda: closed.append(1))

    def work():
        if committed:
            beside.gone()
        release.wait(10)

    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        beside.run(work, "it had not ended")
    assert time.monotonic() - start < 2
    assert (caught.value.message, caught.value.unsure, closed) == (words, committed, [1])
    assert beside.gone()
    release.set()


def test_a_cancellation_ends_it():
    hands, release = BenchHands(timeout=60), threading.Event()
    threading.Timer(0.1, hands.cancel).start()
    with pytest.raises(Cancelled, match="it was told to stop: it had not ended"):
        Beside(Aside(hands, 30), lambda: None).run(lambda: release.wait(10), "it had not ended")
    release.set()


def test_what_is_left_behind_may_not_begin_what_cannot_be_taken_back():
    release, said = threading.Event(), []
    beside = Beside(Aside(BenchHands(), 0.1), lambda: None)

    def work():
        release.wait(10)
        said.append(beside.gone())

    with pytest.raises(TimedOut) as caught:
        beside.run(work, "it had not ended")
    release.set()
    over = time.monotonic() + 5
    while not said and time.monotonic() < over:
        time.sleep(0.01)
    assert said == [True]
    assert not caught.value.unsure


def test_hands_of_one_try():
    hands = Aside(BenchHands(timeout=60, secrets={"hook": "sekrit-12345/tail-67890"}), 1.0)
    assert 0 < hands.remaining() <= 1.0
    assert not hands.wait(0.01)
    assert hands.reveal("x") == "x"
    assert hands.masked("sekrit-12345/tail-67890") == "sekrit-12345/tail-67890"
    assert hands.reveal(HOOK) == "https://h/sekrit-12345/tail-67890"
    assert hands.masked("no sekrit-12345/tail-67890, no tail-67890") == "no •••, no •••"
    assert Aside(BenchHands(timeout=0.1), 60).remaining() <= 0.1


def test_a_sink_of_its_own():
    sink = Kept()
    sink.write(b"a" * READABLE)
    sink.write(b"bc")
    assert (sink.size, len(sink.text()), sink.text(3)) == (READABLE + 2, READABLE, "aaa")
