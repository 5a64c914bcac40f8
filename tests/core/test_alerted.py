"""Dialogues: a run whose alert changes while it goes on pauses before its next change, and asks."""

import pytest

from steadyhand import events as e
from steadyhand.core.answers import Answer, admit
from steadyhand.core.tables import IllegalEvent

from .playbook import ENDS, SECOND, Play

FIX = f"""\
steps:
  look: {{title: Look, shell: l, effect: read, next: {{pass: a, {ENDS}}}}}
  a:
    title: A
    shell: x
    effect: change
    gate: {{prompt: Sure?, auto: true}}
    verify: {{shell: v}}
    undo: {{shell: u, effect: change}}
    next: {{pass: b, {ENDS}, rejected: end.stopped}}
  b: {{title: B, shell: y, effect: change, gate: {{prompt: And this?, auto: true}}, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}
"""
WAVE = f"""\
steps:
  w:
    title: W
    shell: 'echo {{{{ item }}}}'
    effect: change
    gate: {{prompt: All?, auto: true}}
    each: {{in: [1, 2, 3], batch: 1}}
    verify: {{shell: v}}
    undo: {{shell: u, effect: change}}
    next: {{pass: end.resolved, {ENDS}, rejected: end.stopped}}
"""
NOTICE = "the alert has resolved since (says am)"


def resolved(play, status="resolved"):
    return play.tell(e.AlertChanged(status, "am"))


def at_the_gate(mode="guided"):
    play = Play(FIX, mode)
    play.came("look")
    return play


def notices(play, gate="a"):
    return play.state.gates[gate].opened.notices


def test_an_open_question_is_put_anew_and_says_why():
    play = at_the_gate()
    first = play.state.gates["a"].opened
    assert resolved(play) == ["close a: void", "ask a (confirm)"]
    assert play.recorded[-2].event.reason == "the alert has resolved since"
    assert notices(play) == (NOTICE,)
    assert play.state.gates["a"].opened.digest != first.digest, "a yes is a yes to this"
    late = admit(play.state, Answer("a", "kim", "approve", first.digest, opening=first.opening), play.now)
    assert isinstance(late, e.AnswerRefused)
    assert isinstance(admit(play.state, Answer("a", "kim", "approve", first.digest), play.now), e.AnswerRefused)
    assert play.says("a", "approve") == ["close a: approved", "start a#1 by a"]


@pytest.mark.parametrize("status", ["acknowledged", "firing"])
def test_news_that_is_no_quiet_changes_nothing(status):
    play = at_the_gate()
    assert resolved(play, status) == []
    assert notices(play) == ()


def test_the_same_told_again_asks_nobody_again():
    play = at_the_gate()
    resolved(play)
    assert resolved(play) == []


def test_half_of_a_quorum_from_before_does_not_count():
    play = Play(FIX.replace("prompt: Sure?", "prompt: Sure?, quorum: 2"))
    play.came("look")
    play.says("a", "approve", "kim")
    assert resolved(play) == ["close a: void", "ask a (confirm)"]
    assert play.says("a", "approve", "kim") == []
    assert play.says("a", "approve", "sam") == ["close a: approved", "start a#1 by a"]


def test_reads_go_on_and_the_next_question_says_it():
    play = Play(FIX)
    assert resolved(play) == []
    assert play.came("look") == ["enter a", "ask a (confirm)"]
    assert notices(play) == (NOTICE,)


def test_a_yes_that_waits_for_locks_is_no_yes_any_more():
    play = Play(FIX.replace("    verify:", "    lock: [db]\n    verify:"))
    play.came("look")
    assert play.says("a", "approve") == ["close a: approved", "lock a: db"]
    assert resolved(play) == ["close a: void", "ask a (confirm)"]
    assert play.locks() == []
    assert play.says("a", "approve") == ["close a: approved", "start a#1 by a"]


def test_what_would_run_unasked_is_asked_about_and_waits_though_it_fires_again():
    play = at_the_gate("auto")
    assert play.locks() == ["start a#1"]
    assert resolved(play) == [], "a change that runs is not broken off"
    assert play.came("a") == ["start a:verify#1"]
    assert play.came("a:verify") == ["release a pass proved pass", "enter b", "ask b (confirm)"]
    assert notices(play, "b") == (NOTICE,)
    assert resolved(play, "firing") == []
    assert play.says("b", "approve") == ["close b: approved", "start b#1 by b"]


def test_when_it_fires_again_before_the_change_nobody_is_asked_and_later_questions_do_not_say_it():
    play = Play(FIX, "auto")
    resolved(play)
    resolved(play, "firing")
    assert play.came("look") == ["enter a", "lock a: "]
    asked = Play(FIX)
    resolved(asked)
    resolved(asked, "firing")
    asked.came("look")
    assert notices(asked) == ()


def test_a_yes_from_before_it_went_quiet_is_void_though_it_fires_again_and_no_engine_was_there_to_see():
    play = Play(FIX)
    play.came("look")
    opened = play.state.gates["a"].opened
    yes = e.GateAnswered("a", 1, "kim", "approve", opened.digest)
    assert play.tell(yes, e.AlertChanged("resolved"), e.AlertChanged("firing")) == ["close a: void", "ask a (confirm)"]
    assert play.recorded[-2].event.reason == "the alert had gone quiet since"


def test_verification_and_undo_go_on():
    play = at_the_gate()
    play.says("a", "approve")
    resolved(play)
    assert play.came("a") == ["start a:verify#1"]
    assert play.came("a:verify", "fail") == ["start a:undo#1 by a"]
    assert play.came("a:undo") == ["end escalated"]


def test_a_wave_pauses_before_its_next_item_and_what_has_begun_goes_on():
    play = Play(WAVE.replace("batch: 1", "batch: 2"))
    assert play.says("w", "approve") == ["close w: approved", "start w[1]#1 by w", "start w[2]#1 by w"]
    resolved(play)
    play.came("w[1]")
    assert play.came("w[2]") == ["start w[2]:verify#1"]
    play.came("w[1]:verify")
    assert play.came("w[2]:verify") == ["close w: void", "ask w (confirm)"]
    assert play.says("w", "approve") == ["close w: approved", "start w[3]#1 by w"]
    play.came("w[3]")
    assert play.came("w[3]:verify") == ["end resolved"]


CAPTURED = WAVE.replace("batch: 1", "batch: 2").replace("    verify:", "    capture: {was: {shell: c}}\n    verify:")


def test_an_item_that_does_not_help_is_undone_though_the_rest_is_asked_about():
    play = Play(CAPTURED)
    play.says("w", "approve")
    assert play.came("w[1]:before.was") == ["start w[1]#1 by w"]
    resolved(play)
    assert play.came("w[2]:before.was") == ["close w: void", "ask w (confirm)"]
    assert play.came("w[1]") == ["start w[1]:verify#1"]
    assert play.came("w[1]:verify", "fail") == ["start w[1]:after.was#1"]
    assert play.came("w[1]:after.was") == ["start w[1]:undo#1 by w"], "it was part of what was approved"
    assert play.says("w", "reject") == ["close w: rejected"], "the step is not left while it is undone"
    assert play.came("w[1]:undo") == ["end stopped"]


def test_an_undo_that_was_cut_off_meanwhile_is_a_question_of_its_own():
    play = Play(CAPTURED)
    play.says("w", "approve")
    play.came("w[1]:before.was")
    resolved(play)
    play.came("w[2]:before.was")
    play.came("w[1]")
    play.came("w[1]:verify", "fail")
    play.came("w[1]:after.was")
    assert play.dies() == ["ask w[1]:undo:doubt (doubt)"]
    assert play.says("w[1]:undo:doubt", "run_again") == [
        "close w[1]:undo:doubt: run_again", "start w[1]:undo#2 by w[1]:undo:doubt",
    ]  # fmt: skip
    play.came("w[1]:undo")
    assert play.says("w", "reject") == ["close w: rejected", "end stopped"]


def test_run_it_again_is_a_change_too():
    play = at_the_gate()
    play.says("a", "approve")
    assert play.dies() == ["ask a:doubt (doubt)"]
    assert resolved(play) == ["close a:doubt: void", "ask a:doubt (doubt)"]
    assert notices(play, "a:doubt") == (NOTICE,)
    assert play.says("a:doubt", "run_again") == ["close a:doubt: run_again", "start a#2 by a:doubt"]


def test_what_was_said_to_run_again_before_is_asked_again():
    play = at_the_gate()
    play.says("a", "approve")
    play.dies()
    opened = play.state.gates["a:doubt"].opened
    again = e.GateAnswered("a:doubt", 1, "kim", "run_again", opened.digest)
    closed = e.GateClosed("a:doubt", 1, "run_again")
    assert play.tell(again, closed, e.AlertChanged("resolved")) == ["close a:doubt: void", "ask a:doubt (doubt)"]


def test_a_choice_that_stands_is_left_and_a_later_one_says_it():
    choose = "steps:\n  c: {title: C, choose: {prompt: Which?, options: {a: A, b: B}}, next: {a: d, b: d}}\n  d: {title: D, manual: Press., next: {pass: end.escalated, fail: end.escalated, error: end.escalated}}\n"
    play = Play(choose)
    assert resolved(play) == []
    play.says("c", "a")
    assert notices(play, "d") == (NOTICE,)


def test_the_fold_refuses_a_change_that_nobody_was_asked_about_since():
    play = at_the_gate()
    play.says("a", "approve")
    play.came("a")
    play.came("a:verify")
    opened = play.state.gates["b"].opened
    play.state = play.state.after(e.Recorded("r1", play.state.seq + 1, play.now, "me", 1, e.GateAnswered("b", 1, "k", "approve", opened.digest)))  # fmt: skip
    play.state = play.state.after(e.Recorded("r1", play.state.seq + 1, play.now, "me", 1, e.GateClosed("b", 1, "approved")))  # fmt: skip
    quiet = play.state.after(e.Recorded("r1", play.state.seq + 1, play.now, "me", 1, e.AlertChanged("resolved")))
    intent = e.StepIntended("b", 1, 1, "shell", "change", False, opened.plans["b"], "y", gate="b")
    with pytest.raises(IllegalEvent, match="the alert has resolved since, and gate b said yes before"):
        quiet.after(e.Recorded("r1", quiet.seq + 1, play.now, "me", 1, intent))
    unasked = e.StepIntended("b", 1, 1, "shell", "change", False, opened.plans["b"], "y")
    with pytest.raises(IllegalEvent, match="the alert has resolved since, and nobody was asked"):
        quiet.after(e.Recorded("r1", quiet.seq + 1, play.now, "me", 1, unasked))


def test_a_dry_run_is_not_held_up():
    play = Play(FIX, "dry-run")
    resolved(play)
    assert play.came("look") == ["enter a", "start a#1"]


def test_how_long_after_the_beginning():
    play = at_the_gate()
    play.now += 90 * SECOND
    resolved(play)
    assert notices(play) == ("the alert has resolved since (says am), 1m 30s after the run began",)


def test_a_wave_that_began_unasked_is_asked_about_before_its_next_item():
    play = Play(WAVE, "auto")
    assert play.locks() == ["start w[1]#1"]
    assert resolved(play) == []
    assert play.came("w[1]") == ["start w[1]:verify#1"]
    assert play.came("w[1]:verify") == ["ask w (confirm)"]
    assert play.says("w", "approve") == ["close w: approved", "start w[2]#1 by w"]
    play.came("w[2]")
    assert play.came("w[2]:verify", "fail") == ["start w[2]:undo#1 by w"]


def test_what_began_unasked_is_undone_unasked():
    play = Play(WAVE.replace("batch: 1", "batch: 2").replace("    verify:", "    capture: {was: {shell: c}}\n    verify:"), "auto")  # fmt: skip
    assert play.locks() == ["start w[1]:before.was#1", "start w[2]:before.was#1"]
    assert play.came("w[1]:before.was") == ["start w[1]#1"]
    resolved(play)
    assert play.came("w[2]:before.was") == ["ask w (confirm)"]
    play.came("w[1]")
    play.came("w[1]:verify", "fail")
    assert play.came("w[1]:after.was") == ["start w[1]:undo#1"]
    play.came("w[1]:undo")
    assert play.says("w", "reject") == ["close w: rejected", "release w rejected proved fail", "end stopped"]


def test_to_try_again_is_a_change_that_is_asked_about():
    body = FIX.replace("    effect: change\n    gate: {prompt: Sure?", "    effect: change\n    idempotent: true\n    retry: {times: 2, every: 5s}\n    gate: {prompt: Sure?")  # fmt: skip
    play = Play(body, "auto")
    play.came("look")
    assert play.locks() == ["start a#1"]
    resolved(play)
    assert play.came("a", "fail") == ["timer retry:a +6"]
    assert play.wait(5) == ["ask a (confirm)"]
    assert play.says("a", "approve") == ["close a: approved", "start a#2 by a"]


def test_a_step_that_is_refused_meanwhile_is_not_left_while_a_read_of_it_runs():
    play = Play(CAPTURED)
    play.says("w", "approve")
    resolved(play)
    assert play.came("w[1]:before.was") == []
    assert play.says("w", "reject") == ["close w: rejected"]
    assert play.came("w[2]:before.was") == ["end stopped"]
