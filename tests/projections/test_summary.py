"""What happened, in a few plain sentences."""

from __future__ import annotations

from steadyhand.projections.sections import Answered, Attempt, Question, Section, Transcript
from steadyhand.projections.summary import summary


def transcript(*sections, **more):
    made = Transcript("r1", "x", "X", "d", "guided", "sam", started=0, ended=2_000_000, **more)
    made.sections.extend(sections)
    return made


def changed(outcome="pass", *attempts, **more):
    yes = Question("fix", "confirm", "Sure?", "", "", "change", (), (), (), 1, {}, 0, result="approved")
    yes.answers.append(Answered(1, "kim", "approve", "cli", "", None))
    section = Section("fix", "Fix it", "shell", 1, 0, outcome=outcome, gates=[yes], **more)
    section.attempts.extend(attempts or [Attempt("fix", "fix", 1, "shell", "change", "x", 0, outcome="pass")])
    return section


def test_a_change_that_held():
    assert list(summary(transcript(changed(), conclusion="resolved"))) == [
        "Changed: Fix it (pass, approved by kim).",
        "The run ended resolved: it was changed and verified, after 2 s.",
    ]


def test_a_run_that_waits_or_goes_on():
    open_gate = Question("fix", "confirm", "Sure?", "", "", "change", (), (), (), 1, {}, 0)
    waiting = Section("fix", "Fix it", "shell", 1, 0, gates=[open_gate])
    assert list(summary(transcript(waiting))) == ["The run waits for people at: fix."]
    assert list(summary(transcript())) == ["The run has not ended."]


def test_causes_are_said_once():
    found = Section("causes", "Why", "diagnose", 1, 0, decided="the disk is full")
    assert next(iter(summary(transcript(found, found)))) == "The cause found: the disk is full."


def test_a_change_that_did_not_prove_itself_is_not_called_good():
    verify = Attempt("fix:verify", "fix", 1, "shell", "read", "x", 0, outcome="fail")
    undo = Attempt("fix:undo", "fix", 1, "shell", "change", "x", 0, outcome="pass")
    did = Attempt("fix", "fix", 1, "shell", "change", "x", 0, outcome="pass")
    said = next(iter(summary(transcript(changed("fail", did, verify, undo)))))
    assert said == "Changed: Fix it (fail: it did not prove itself, and was undone, approved by kim)."
    said = next(iter(summary(transcript(changed("fail", did, verify)))))
    assert said == "Changed: Fix it (fail: it did not prove itself, approved by kim)."


def test_a_wave_tells_how_many_failed():
    items = [
        Attempt(f"fix[h{n}]", "fix", 1, "shell", "change", "x", 0, outcome="fail" if n == 4 else "pass")
        for n in range(7)
    ]
    assert (
        next(iter(summary(transcript(changed("fail", *items)))))
        == "Changed: Fix it (fail: 1 of 7 did not pass, approved by kim)."
    )
