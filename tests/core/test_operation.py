"""Attempts: retries, crashes and doubt. A change is never attempted again on a guess."""

from __future__ import annotations

import pytest

from steadyhand import events as e

from .playbook import ENDS, Play

READ = f"steps:\n  a: {{title: A, shell: x, effect: read, {{more}}next: {{{{pass: end.healthy, {ENDS}}}}}}}\n"
CHANGE = f"steps:\n  a: {{title: A, shell: x, {{more}}gate: Sure?, undo: {{{{none: x}}}}, next: {{{{pass: end.resolved, {ENDS}, rejected: end.escalated}}}}}}\n"


def read(more=""):
    return Play(READ.replace("{more}", more).replace("{{", "{").replace("}}", "}"))


def change(more=""):
    play = Play(CHANGE.replace("{more}", more).replace("{{", "{").replace("}}", "}"))
    assert play.opening == ["enter a", "ask a (confirm)"]
    assert play.says("a", "approve") == ["close a: approved", "start a#1 by a"]
    return play


def test_a_read_that_was_cut_off_runs_again_by_itself():
    play = read()
    assert play.dies() == ["start a#2"]
    assert play.dies() == ["start a#3"]
    assert play.came("a") == ["end healthy"]


def test_a_change_that_was_cut_off_is_a_question():
    assert change().dies() == ["ask a:doubt (doubt)"]


@pytest.mark.parametrize(
    ("answer", "then"),
    [("happened", ["close a:doubt: happened", "end resolved"]), ("did_not_happen", ["close a:doubt: did_not_happen", "end escalated"]),
     ("run_again", ["close a:doubt: run_again", "start a#2 by a:doubt"]), ("stop", ["close a:doubt: stop", "end stopped in doubt a"])],
)  # fmt: skip
def test_a_person_says_what_became_of_it(answer, then):
    play = change()
    play.dies()
    assert play.says("a:doubt", answer) == then


def test_a_word_counts_for_one_attempt():
    play = change()
    play.dies()
    play.says("a:doubt", "run_again")
    assert play.dies() == ["ask a:doubt (doubt)"], "the second attempt was cut off as well: it is asked anew"


def test_a_change_that_ended_unsure_is_a_question_too():
    assert change().came("a", "error", unsure=True) == ["ask a:doubt (doubt)"]
    assert change().came("a", "error", unsure=False) == ["end escalated"]


def test_what_is_idempotent_may_run_again_by_itself():
    play = change("idempotent: true, ")
    assert play.dies() == ["start a#2 by a"]


def test_a_read_is_tried_again_after_a_pause_that_grows():
    play = read("retry: {times: 2, every: 10s, backoff: 3}, ")
    assert play.came("a", "fail") == ["timer retry:a +11"]
    assert play.wait(9) == []
    assert play.wait(1) == ["start a#2"]
    assert play.came("a", "error") == ["timer retry:a +41"]
    assert play.wait(30) == ["start a#3"]
    assert play.came("a", "fail") == ["end escalated"]


def test_a_pause_goes_on_after_a_crash():
    play = read("retry: {times: 1, every: 10s}, ")
    play.came("a", "fail")
    assert play.dies() == []
    assert play.wait(10) == ["start a#2"]


def test_an_interruption_by_its_own_engine_is_doubt_as_well():
    play = change()
    assert play.tell(e.StepInterrupted("a", 1, 1, "Ctrl-C")) == ["ask a:doubt (doubt)"]


def test_what_cannot_be_rendered_never_starts():
    play = Play(
        f"steps:\n  a: {{title: A, shell: 'echo {{{{ facts.none }}}}', effect: read, retry: {{times: 3}}, next: {{pass: end.healthy, {ENDS}}}}}\n"
    )
    assert play.opening == ["enter a", "settled a: error", "end escalated"]
