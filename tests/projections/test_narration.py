"""A run line by line: aligned, without noise, and with nothing from outside that could look like a line of ours."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.model import Finding
from steadyhand.projections.narration import narrate

from ..core.playbook import runbook
from ..events.test_codec import KINDS, values
from ..golden.make import HERE, HOSTILE, load, read

ENDS = "fail: end.escalated, error: end.escalated"
BOOK = runbook(
    "steps:\n  look: {title: Look around, shell: a, effect: read, next: {pass: end.healthy, fail: end.escalated, error: end.escalated}}\n"
)


def told(event, mode=""):
    return narrate(e.Recorded("r1", 1, 0, "me", 1, event), BOOK, mode)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__struct_config__.tag)
def test_no_event_makes_more_than_one_line_that_begins_with_a_time(kind):
    @given(values(msgspec.inspect.type_info(kind)))
    def forges_nothing(event):
        lines = told(event)
        assert all(line.isprintable() for line in lines)
        assert all(line.startswith("00:00:00  ") for line in lines[:1])
        assert all(line.startswith(" " * 10) for line in lines[1:])

    forges_nothing()


def test_hostile_text_everywhere_forges_nothing():
    _, recorded = load(HERE / "1.jsonl")
    book = read(recorded[0].event.texts)
    for one in recorded:
        for number, line in enumerate(narrate(one, book)):
            assert line.isprintable()
            assert line.startswith(" " * 10) == bool(number)


def test_a_step_begins_with_its_title_and_shows_the_beginning_of_a_long_command():
    assert told(e.StepEntered("look", 1)) == ("00:00:00  look              Look around (shell)",)
    intended = e.StepIntended("look", 1, 2, "shell", "read", False, "d", "a\n  b\nc\nd\ne")
    assert told(intended) == (
        "00:00:00  look              $ a (attempt 2)",
        "                                b",
        "                              c",
        "                              … (2 more lines)",
    )


def test_a_finding_is_told_once():
    one = Finding("stdout", "5", "6", False)
    settled = e.StepSettled("look", 1, 1, "fail", "stdout: expected 5, found 6", findings=(one,), duration=2_000)
    assert told(settled) == ("00:00:00  look              fail in 2 ms: stdout: expected 5, found 6",)
    more = msgspec.structs.replace(settled, findings=(one, Finding("exit_code", "0", "1", False, {"x": "y"})))
    assert [line.strip() for line in told(more)[1:]] == [
        "stdout: expected 5, actual 6", "exit_code: expected 0, actual 1", "x = y",
    ]  # fmt: skip


def test_what_is_unsure_is_said():
    lines = told(e.StepSettled("look", 1, 1, "error", "lost", hint="look for it", unsure=True))
    assert [line.strip() for line in lines[1:]] == ["it may have had its effect all the same", "look for it"]


def test_each_kind_of_question_says_what_may_be_answered():
    confirm = e.GateOpened("g", "look", "confirm", 1, "Do it?\nReally?", {"approve": "Approve", "reject": "Reject"},
                           "d" * 64, preview="rm x", roles=("oncall", "dba"), quorum=2)  # fmt: skip
    assert [line[10:] for line in told(confirm)] == [
        "g                 ? Do it?",
        "                    Really?",
        "                    rm x",
        "                  2 approvals needed, answers: approve, reject, from oncall or dba; a yes is to dddddddddddd",
    ]
    choose = msgspec.structs.replace(confirm, kind="choose", options={"a": "Restart", "b": "Roll back"}, preview="")
    assert [line.strip() for line in told(choose)[2:]] == [
        "answers, from oncall or dba:", "a               Restart", "b               Roll back",
    ]  # fmt: skip
    ask = msgspec.structs.replace(confirm, kind="ask", schema={"type": "integer", "minimum": 1}, roles=())
    assert told(ask)[-1].strip() == "a value: type integer, minimum 1"


def test_an_answer_is_told_with_its_value_and_its_comment():
    answer = e.GateAnswered("g", 1, "anna", "answer", "d", "cli", {"many": 4}, HOSTILE)
    assert told(answer)[0].startswith("00:00:00  g                 anna: many = 4 (a 02:13:20 look pass\\u001b[2J")


def test_where_a_run_can_be_sent_back_to_stands_under_the_question():
    options = {"approve": "Approve", "reject": "Reject", "back:look": "Go back to look"}
    opened = e.GateOpened("g", "g", "confirm", 1, "Really?", options, "d" * 64)
    assert [line.strip() for line in told(opened)[1:]] == [
        "answers: approve, reject, back:look; a yes is to dddddddddddd",
        "back:look       Go back to look, and say why",
    ]


def test_where_somebody_was_is_told_when_it_was_not_here():
    assert told(e.GateAnswered("g", 1, "anna", "approve", "d", "web", origin="10.0.0.9"))[0].endswith(
        "anna from 10.0.0.9: approve"
    )
    assert "of eve from 10.0.0.9 refused" in told(e.AnswerRefused("g", "eve", "x", "why", origin="10.0.0.9"))[0]
    assert told(e.StopRequested("anna", origin="10.0.0.9"))[0].endswith("anna from 10.0.0.9 asked for a stop")
    assert told(e.NoteAdded("anna", "seen", "web", "10.0.0.9"))[0].endswith("note by anna from 10.0.0.9: seen")
    started = e.RunStarted("x", "d", "guided", "anna", {}, {}, {}, "one", via="web", origin="10.0.0.9")
    assert told(started)[0].endswith("started by anna (web, 10.0.0.9)")
    assert told(msgspec.structs.replace(started, via="cli", origin=""))[0].endswith("started by anna")


def test_an_alert_that_changes_is_told():
    assert told(e.AlertChanged("resolved", "am"))[0].endswith("the alert is resolved (says am)")
    assert told(e.AlertChanged("firing"))[0].endswith("the alert is firing")


def test_the_end():
    assert told(e.RunConcluded("resolved")) == ("00:00:00  resolved: it was changed and verified",)
    assert told(e.RunConcluded("resolved"), "dry-run")[0].endswith("no change was carried out")
    assert told(e.RunConcluded("stopped", reason="enough", in_doubt=("look",))) == (
        "00:00:00  stopped by a person (enough)",
        "          IN DOUBT: nobody knows whether the change look happened",
    )


@pytest.mark.parametrize("event", [e.TimerSet("k", 1), e.TimerFired("k"), e.CancelRequested("look", 1, "r")])
def test_what_nobody_needs_at_night(event):
    assert told(event) == ()


@given(st.text())
def test_a_note_keeps_all_its_lines(text):
    shown = told(e.NoteAdded("anna", text))
    assert len(shown) == max(1, len(text.splitlines()))


TELLS = runbook("steps:\n  tell: {title: Tell, notify: It is slow, next: {pass: end.healthy}}\n")


def heard(event):
    return narrate(e.Recorded("r1", 1, 0, "me", 1, event), TELLS)


def test_whoever_watches_reads_all_of_a_message():
    text = "\n".join(str(number) for number in range(20))
    lines = heard(e.StepIntended("tell", 1, 1, "notify", "read", False, "d", f"console: {text}"))
    assert len(lines) == 20
    assert lines[0].endswith("$ console: 0")
    assert lines[-1].endswith("19")


def test_a_notification_that_was_lost_is_said_plainly():
    values = {"sent": ["team"], "failed": {"oncall": "slack: 503, after 4 tries"}}
    lines = heard(e.StepSettled("tell", 1, 1, "fail", "failed: expected {}", values=values))
    assert lines[-1].strip() == "NOT DELIVERED: oncall (slack): 503, after 4 tries"
    lines = heard(e.StepSettled("tell[a]", 1, 1, "error", "oncall (slack): gone"))
    assert lines[-1].strip() == "NOT DELIVERED: oncall (slack): gone"
    assert len(heard(e.StepSettled("tell", 1, 1, "pass", "", values={"sent": ["x"], "failed": {}}))) == 1
    assert len(heard(e.StepSettled("tell", 1, 1, "pass", "not carried out: dry run", simulated=True))) == 1
    assert not any("NOT DELIVERED" in line for line in told(e.StepSettled("look", 1, 1, "error", "gone")))


def test_the_cause_that_a_check_has_found_is_said():
    book = runbook(
        "steps:\n  look: {title: Look, diagnose: {full: {cause: The disk is full, shell: a}, idle: {cause: It idles, shell: b}},"
        f" next: {{pass: end.healthy, {ENDS}}}}}\n"
    )

    def lines(path, outcome):
        return narrate(e.Recorded("r1", 1, 0, "me", 1, e.StepSettled(path, 1, 1, outcome)), book)

    assert lines("look.full", "fail")[1].strip() == "found: The disk is full"
    assert len(lines("look.full", "pass")) == len(lines("look.full", "error")) == len(lines("other.x", "fail")) == 1
