"""The fold: it refuses what cannot have happened, and may be split anywhere."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.core import State, fold
from steadyhand.core.tables import IllegalEvent

from .playbook import ENDS, Play

ONE = f"steps:\n  a: {{title: A, shell: x, effect: read, facts: {{f: '{{{{ stdout }}}}'}}, next: {{pass: end.healthy, {ENDS}}}}}\n"


def recorded(seq, event, epoch=1, at=5):
    return e.Recorded("r1", seq, at, "me", epoch, event)


def test_it_may_be_split_anywhere():
    play = Play(ONE)
    play.dies()
    play.came("a", facts={"f": 1})
    for cut in range(len(play.recorded) + 1):
        assert fold(play.recorded[cut:], fold(play.recorded[:cut])) == play.state
    assert play.state.facts[""] == {"f": 1}
    assert play.state.stream == "r1"


@pytest.mark.parametrize(
    ("event", "seq", "epoch", "why"),
    [
        (e.NoteAdded("a", "b", "c"), 9, 1, "follows number"),
        (e.RunStarted("x", "0", "guided", "a", {}, {}, {}, "d"), 4, 1, "a run starts once"),
        (e.NoteAdded("a", "b", "c"), 4, 0, "its driver was replaced"),
        (e.StepSettled("a", 1, 0, "error"), 4, 1, "an attempt at a still runs"),
        (e.StepIntended("a", 1, 2, "shell", "read", False, "0" * 64, "x"), 4, 1, "the attempt at a is running"),
        (e.GateAnswered("g", 1, "a", "approve", "0", "x"), 4, 1, "gate g is not open"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, tuple) or hasattr(v, "__struct_fields__") else None,
)  # fmt: skip
def test_what_cannot_follow_is_refused_and_changes_nothing(event, seq, epoch, why):
    play = Play(ONE)
    assert play.state.seq == 3
    with pytest.raises(IllegalEvent, match=why):
        play.state.after(recorded(seq, event, epoch))


def test_nothing_begins_without_a_beginning():
    with pytest.raises(IllegalEvent):
        State().after(recorded(1, e.NoteAdded("a", "b", "c")))


def test_after_the_end_only_notes_and_the_like():
    play = Play(ONE)
    play.came("a")
    assert (
        play.tell(e.NoteAdded("a", "seen", "cli"), e.AnswerRefused("g", "a", "approve", "too late", "", "cli", ""))
        == []
    )
    with pytest.raises(IllegalEvent, match="already concluded"):
        play.tell(e.StopRequested("a", "b", "c"))


@pytest.mark.parametrize(("path", "attempt"), [("a", 1), ("a", 3), ("b", 1)])
def test_an_outcome_of_an_attempt_that_is_not_the_current_one_is_kept_and_nothing_follows(path, attempt):
    play = Play(ONE)
    play.dies()
    assert play.state.leaves["a"].attempt == 2
    before = play.state
    assert play.tell(e.StepSettled(path, 1, attempt, "pass")) == []
    assert (play.state.leaves, play.state.seq) == (before.leaves, before.seq + 1)
