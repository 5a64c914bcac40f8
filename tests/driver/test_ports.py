"""The doors of a driver: time, people, the display."""

from __future__ import annotations

import time

from steadyhand import events as e
from steadyhand.driver.ports import Nobody, SystemClock, Unobserved


def test_the_clock_of_this_machine():
    clock = SystemClock()
    before = time.time()
    assert before - 1 < clock.now() / 1e6 < time.time() + 1
    assert clock.monotonic() <= clock.monotonic()


def test_nobody_can_be_asked_and_nothing_is_answered():
    nobody, answers = Nobody(), []
    nobody.ask(e.GateOpened("g", "g", "confirm", 1, "?", {}, "d"), answers.append)
    nobody.withdraw("g")
    assert not nobody.present()
    assert answers == []


def test_what_nobody_watches_leaves_no_trace(capsys):
    watcher = Unobserved()
    watcher.happened(e.Recorded("r", 1, 0, "", 1, e.NoteAdded("a", "b")))
    watcher.output("a", "stdout", b"x")
    assert capsys.readouterr() == ("", "")
