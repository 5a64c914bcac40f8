"""Fixes: capture, do, settle, verify, capture again, undo."""

from __future__ import annotations

from .playbook import ENDS, Play

FIX = f"""\
steps:
  a:
    title: A
    shell: x
    gate: Sure?
    capture: {{was: {{shell: c}}}}
    verify: {{shell: v, settle: 5s, within: 20s, every: 4s}}
    undo: {{shell: u, effect: change}}
    next: {{pass: end.resolved, {ENDS}, rejected: end.stopped}}
"""


def begun():
    play = Play(FIX)
    assert play.says("a", "approve") == ["close a: approved", "start a:before.was#1"]
    assert play.came("a:before.was", "error") == ["start a#1 by a"], "a capture that fails holds nothing up"
    return play


def test_it_settles_is_verified_and_captured_again():
    play = begun()
    assert play.came("a") == ["timer settle:a +6"]
    assert play.wait(5) == ["timer within:a:verify +26", "start a:verify#1"]
    assert play.came("a:verify", "fail") == ["timer retry:a:verify +10"]
    assert play.wait(4) == ["start a:verify#2"]
    assert play.came("a:verify") == ["start a:after.was#1"]
    assert play.came("a:after.was") == ["end resolved"]


def test_when_it_does_not_hold_in_time_it_is_undone():
    play = begun()
    play.came("a")
    play.wait(5)
    play.came("a:verify", "fail")
    play.wait(20)
    assert play.state.timers
    verify = play.state.leaves["a:verify"]
    if verify.phase.value == "running":
        assert play.came("a:verify", "fail") == ["start a:after.was#1"]
    assert play.came("a:after.was") == ["start a:undo#1 by a"]
    assert play.came("a:undo") == ["end escalated"]


def test_an_undo_never_makes_a_failed_fix_a_good_one():
    for outcome in ("pass", "fail", "error"):
        play = begun()
        play.came("a")
        play.wait(5)
        play.came("a:verify", "error")
        play.wait(21)
        if play.state.leaves["a:verify"].phase.value == "running":
            play.came("a:verify", "fail")
        play.came("a:after.was")
        assert play.came("a:undo", outcome) == ["end escalated"]


def test_an_undo_that_was_cut_off_is_a_question():
    play = begun()
    play.came("a")
    play.wait(5)
    play.came("a:verify", "error")
    play.wait(21)
    if play.state.leaves["a:verify"].phase.value == "running":
        play.came("a:verify", "fail")
    play.came("a:after.was")
    assert play.dies() == ["ask a:undo:doubt (doubt)"]


def test_a_change_that_failed_is_not_verified():
    play = begun()
    assert play.came("a", "fail") == ["start a:after.was#1"]
    assert play.came("a:after.was") == ["end escalated"]


def test_a_no_does_nothing():
    play = Play(FIX)
    assert play.says("a", "reject") == ["close a: rejected", "end stopped"]


def test_the_engine_dies_at_every_point_and_nothing_is_done_twice():
    script = [("a:before.was", "pass"), ("a", "pass"), ("settle", ""), ("a:verify", "pass"), ("a:after.was", "pass")]
    for dies_at in range(len(script) + 1):
        play = Play(FIX)
        play.says("a", "approve")
        for number, (path, outcome) in enumerate(script):
            if number == dies_at:
                asked = play.dies()
                if path == "a":
                    assert asked == ["ask a:doubt (doubt)"]
                    play.says("a:doubt", "happened")
                    continue
            if path == "settle":
                play.wait(5)
            else:
                play.came(path, outcome)
        starts = [
            one.event for one in play.recorded if type(one.event).__name__ == "StepIntended" and one.event.path == "a"
        ]
        assert len(starts) == 1
        assert play.state.conclusion.conclusion == "resolved"
