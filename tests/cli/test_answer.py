"""`steady answer`: every kind of question, what does not fit, what does not count."""

import json

import pytest

from .documents import ASKS, PEOPLE
from .steady import steady


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    assert steady(tmp_path, "run", "asks.yaml").returncode == 4
    return tmp_path


def events(folder, kind):
    said = steady(folder, "watch", "--json", "--no-wait").stdout.splitlines()
    return [row["event"] for row in map(json.loads, said) if row["type"] == kind]


@pytest.mark.parametrize("word", ["approve", "y", "yes", "app"])
def test_a_yes_may_be_short(asked, word):
    done = steady(asked, "answer", "last", "act", word, "--resume")
    assert (done.returncode, (asked / "effect").read_text()) == (0, "ops\n")


@pytest.mark.parametrize("word", ["reject", "n", "no"])
def test_a_no_is_a_no(asked, word):
    done = steady(asked, "answer", "last", "act", word, "--resume")
    assert done.returncode == 1
    assert not (asked / "effect").exists()


def test_a_word_that_is_no_answer_says_which_there_are(asked):
    done = steady(asked, "answer", "last", "act", "maybe")
    assert done.returncode == 2
    assert done.stderr == ("steady: 'maybe' is no answer to act\n  answers: approve (Approve), reject (Reject)\n")


def test_a_gate_that_is_not_open_is_named(asked):
    done = steady(asked, "answer", "last", "other", "approve")
    assert done.returncode == 2
    assert "other" in done.stderr
    assert "act" in done.stderr, "it says which are open"


def test_an_answer_to_what_was_shown_before_does_not_count(asked):
    done = steady(asked, "answer", "last", "act", "approve", "--digest", "0" * 12, "--resume")
    assert done.returncode != 0
    assert not (asked / "effect").exists()
    assert len(events(asked, "gate.refused")) == 1


def test_a_second_answer_is_refused_and_not_forgotten(asked):
    assert steady(asked, "answer", "last", "act", "approve").returncode == 0
    again = steady(asked, "answer", "last", "act", "reject")
    assert again.returncode == 1
    assert len(events(asked, "gate.refused")) == 1
    assert steady(asked, "resume", "last").returncode == 0


def test_choose_ask_and_manual(tmp_path):
    (tmp_path / "people.yaml").write_text(PEOPLE)
    assert steady(tmp_path, "run", "people.yaml").returncode == 4
    assert steady(tmp_path, "answer", "last", "pick", "left", "--resume").returncode == 4
    wrong = steady(tmp_path, "answer", "last", "number", "many")
    assert (wrong.returncode, "the answer does not fit" in wrong.stderr) == (2, True)
    too_many = steady(tmp_path, "answer", "last", "number", "10")
    assert (too_many.returncode, "the answer does not fit" in too_many.stderr) == (2, True)
    assert steady(tmp_path, "answer", "last", "number", "3", "--resume").returncode == 4
    assert "Press the button 3 times." in steady(tmp_path, "show", "last").stdout
    bare = steady(tmp_path, "answer", "last", "by_hand", "done")
    assert bare.returncode == 2
    assert "say what you saw: done <what you saw>, or --comment" in bare.stderr
    assert steady(tmp_path, "answer", "last", "by_hand", "done", "the lamp is green", "--resume").returncode == 1
    assert events(tmp_path, "gate.answered")[-1]["comment"] == "the lamp is green"


def test_nobody_answers_a_run_that_has_ended(asked):
    steady(asked, "answer", "last", "act", "approve", "--resume")
    done = steady(asked, "answer", "last", "act", "approve")
    assert done.returncode in {1, 2}
    assert done.stderr.startswith(("steady: ", "refused: "))


def test_an_empty_digest_binds_nothing_and_is_refused(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    done = steady(tmp_path, "answer", "last", "act", "approve", "--digest", "")
    assert (done.returncode, "--digest is empty" in done.stderr) == (2, True)
    assert json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"][0]["waiting_for"] == ["act"]


def test_who_has_approved_and_now_refuses_is_told_how_to_end_the_run(asked):
    assert steady(asked, "answer", "last", "act", "approve").returncode == 0
    done = steady(asked, "answer", "last", "act", "reject")
    assert done.returncode == 1
    assert "steady stop r" in done.stderr


BACK = """\
steadyhand: 1
name: back
title: Back
steps:
  look: {title: Look, max_visits: 2, shell: echo seen >> looked, effect: read, next: {pass: act, fail: end.escalated, error: end.escalated}}
  act: {title: Act, shell: touch done, effect: change, gate: {prompt: Do it?, back: [look]}, undo: {none: x}, next: {pass: end.escalated, fail: end.escalated, error: end.escalated, rejected: end.stopped}}
"""


def test_a_run_is_sent_back_with_a_reason(tmp_path):
    (tmp_path / "back.yaml").write_text(BACK)
    first = steady(tmp_path, "run", "back.yaml")
    assert "Go back to look, and say why" in first.stdout
    bare = steady(tmp_path, "answer", "last", "act", "back:look")
    assert (bare.returncode, bare.stderr) == (
        2, "steady: to go back wants a reason\n  say why: back:look <why>, or --comment\n",
    )  # fmt: skip
    done = steady(tmp_path, "answer", "last", "act", "back:look", "--comment", "the disk first", "--resume")
    assert done.returncode == 4, done.stderr
    assert (tmp_path / "looked").read_text() == "seen\nseen\n"
    assert [event["comment"] for event in events(tmp_path, "gate.answered")] == ["the disk first"]
    assert "the disk first" in steady(tmp_path, "transcript").stdout
    assert not (tmp_path / "done").exists()
