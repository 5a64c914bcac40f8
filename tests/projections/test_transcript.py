"""The fold from events to what people read: everything that happened is in it, in the place where it belongs."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.projections.transcript import draw

from ..core.playbook import SECOND, Play
from ..golden.make import HERE, load, read

ENDS = "fail: end.escalated, error: end.escalated"
FIX = f"""\
steps:
  look:
    title: Why?
    diagnose:
      first: {{cause: The first cause, shell: a, fix: fix}}
      second: {{cause: The second cause, shell: b, fix: fix}}
    otherwise: end.escalated
    next: {{pass: end.healthy, error: end.escalated}}
  fix:
    title: Fix it
    shell: c
    effect: change
    gate: {{prompt: Fix it?}}
    undo: {{none: it cannot be}}
    next: {{pass: check, {ENDS}}}
  check: {{title: Check, purpose: verification, shell: d, effect: read, next: {{pass: end.resolved, {ENDS}}}}}
"""


def drawn(play):
    return draw(play.recorded, play.runbook)


@pytest.fixture
def fixed():
    play = Play(FIX)
    play.came("look.second", "fail", duration=5)
    play.came("look.first", "fail")
    play.now += SECOND
    play.says("fix", "approve", "anna")
    play.came("fix", "pass")
    play.came("check", "pass")
    return play


def test_the_summary_tells_cause_change_who_and_end(fixed):
    assert drawn(fixed).summary == [
        "The cause found: The first cause.",
        "Changed: Fix it (pass, approved by anna).",
        "The run ended resolved: it was changed and verified, after 1 s.",
    ]


def test_the_path_is_what_was_walked(fixed):
    t = drawn(fixed)
    assert t.walked == {
        ("look", "The first cause", "fix"): 1, ("fix", "pass", "check"): 1, ("check", "pass", "end.resolved"): 1,
    }  # fmt: skip
    assert [(s.path, s.outcome, s.to) for s in t.sections] == [
        ("look", "fail", "fix"), ("fix", "pass", "check"), ("check", "pass", "end.resolved"),
    ]  # fmt: skip
    assert [a.label for a in t.sections[0].attempts] == ["The first cause", "The second cause"]


def test_a_question_has_what_a_yes_was_a_yes_to(fixed):
    (question,) = drawn(fixed).sections[1].gates
    assert question.digest == fixed.state.gates["fix"].opened.digest
    assert (question.result, [a.by for a in question.answers]) == ("approved", ["anna"])
    assert drawn(fixed).sections[1].attempts[0].gate == "fix"


def test_a_run_that_waits_says_for_what():
    play = Play(FIX)
    play.came("look.first", "fail")
    play.came("look.second", "pass")
    assert drawn(play).summary[-1] == "The run waits for people at: fix."
    assert drawn(play).conclusion == ""


def test_a_run_that_has_only_begun():
    assert drawn(Play(FIX)).summary == ["The run has not ended."]


def test_a_change_of_a_dry_run_is_no_change():
    play = Play(FIX, mode="dry-run")
    play.came("look.first", "fail", simulated=True)
    play.came("look.second", "pass", simulated=True)
    play.came("fix", "pass", simulated=True)
    play.came("check", "pass", simulated=True)
    assert drawn(play).summary == [
        "The cause found: The first cause.",
        "The run ended resolved: that is where the dry run came to, no change was carried out, after 0 µs.",
    ]


def test_an_attempt_that_was_cut_off_stays_beside_the_one_after_it():
    play = Play(FIX)
    play.dies()
    attempts = [(a.path, a.number, a.outcome) for a in drawn(play).sections[0].attempts]
    assert attempts == [
        ("look.first", 1, "interrupted"), ("look.second", 1, "interrupted"), ("look.first", 2, ""), ("look.second", 2, ""),
    ]  # fmt: skip


def test_what_happened_beside_the_steps():
    _, recorded = load(HERE / "1.jsonl")
    t = draw(recorded, read(recorded[0].event.texts))
    assert [text.split()[0] for _, text in t.remarks] == [
        "interrupted,", "resumed", "note", "resumed", "escalated", "anna",
    ]  # fmt: skip
    assert [a.refused for a in t.sections[1].gates[0].answers] == ["eve has none of the roles", ""]
    assert [s.path for s in t.sections if "/" in s.path] == ["inner/ask"]
    assert t.sections[4].attempts[0].outcome == "interrupted"
    assert [q.kind for q in t.sections[4].gates] == ["confirm", "doubt"]


def test_every_event_is_counted(fixed):
    assert drawn(fixed).events == len(fixed.recorded)
    assert draw([], fixed.runbook).events == 0


def test_any_beginning_of_a_run_can_be_drawn():
    _, recorded = load(HERE / "1.jsonl")
    book = read(recorded[0].event.texts)
    seen = 0
    for end in range(1, len(recorded) + 1):
        t = draw(recorded[:end], book)
        assert t.events == end
        attempts = sum(len(s.attempts) for s in t.sections)
        assert attempts >= seen
        seen = attempts


def test_an_answer_to_a_question_that_never_was_is_not_lost():
    play = Play(FIX)
    play.tell(e.AnswerRefused("nowhere", "eve", "approve", "no such gate"))
    assert drawn(play).remarks[-1][1] == "an answer of eve to nowhere was refused: no such gate"


def test_where_people_were_and_how_the_alert_stands():
    play = Play(FIX, via="web", origin="10.0.0.9", alert={"name": "Slow"})
    play.tell(e.NoteAdded("anna", "seen", "web", "10.0.0.9"), e.StopRequested("anna", "over", "web", "10.0.0.9"))
    t = drawn(play)
    assert (t.starter, t.cause) == ("starter (web, 10.0.0.9)", "Slow: firing")
    assert [text for _, text in t.remarks] == [
        "note by anna (from 10.0.0.9): seen", "anna (from 10.0.0.9) asked for a stop: over",
    ]  # fmt: skip
    here = drawn(Play(FIX, via="cli"))
    assert (here.starter, here.cause) == ("starter", "")
