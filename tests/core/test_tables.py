"""The life of an attempt, as a table: what is in it happens, and everything else is refused."""

from __future__ import annotations

from itertools import product

import pytest

from steadyhand import events as e
from steadyhand.core import tables
from steadyhand.core.tables import ATTEMPT, IllegalEvent, Phase

from .playbook import ENDS, Play

EVENTS = sorted({name for _, name in ATTEMPT})


def at(phase):
    """A run whose step `a` is in that phase."""
    play = Play(
        f"steps:\n  a: {{title: A, shell: x, gate: Sure?, undo: {{none: x}}, next: {{pass: w, {ENDS}, rejected: end.stopped}}}}\n  w: {{title: W, gate: Wait?, next: {{approved: end.healthy, rejected: end.stopped}}}}\n"
    )
    if phase is not Phase.NEW:
        play.says("a", "approve")
    if phase is Phase.SETTLED:
        play.came("a")
    if phase is Phase.INTERRUPTED:
        play.dies()
    return play


def event(name, phase):
    return {
        "step.intended": e.StepIntended("a", 1, 1 if phase is Phase.NEW else 2, "shell", "read", False, "0" * 64, "x"),
        "step.settled": e.StepSettled("a", 1, 1, "pass"),
        "step.interrupted": e.StepInterrupted("a", 1, 1, "x"),
        "facts.set": e.FactsSet("a", 1, {}),
        "run.resumed": e.RunResumed("two", 9),
    }[name]


@pytest.mark.parametrize(("phase", "name"), list(product(Phase, EVENTS)), ids=lambda v: getattr(v, "value", v))
def test_a_pair_that_is_not_in_the_table_cannot_happen(phase, name):
    play = at(phase)
    before = play.state
    known = (phase, name) in ATTEMPT or name == "run.resumed"
    moved = event(name, phase)
    if name == "step.settled" and (phase, name) in ATTEMPT and phase is not Phase.RUNNING:
        moved = e.StepSettled("a", 1, 0, "error")
    one = e.Recorded("r1", before.seq + 1, play.now, "me", max(before.epoch, 9), moved)
    if known:
        after = before.after(one).leaves.get("a")
        if (phase, name) in ATTEMPT:
            assert after is not None
            assert after.phase is ATTEMPT[phase, name]
    else:
        with pytest.raises(IllegalEvent):
            before.after(one)
        assert play.state is before


def test_the_tables_speak_of_events_that_exist():
    names = {kind.__struct_config__.tag for kind in e.Event.__args__}
    assert {name for _, name in ATTEMPT} | tables.AFTER_THE_END <= names
    assert {kind for kind, _ in tables.RESULTS} <= set(tables.OPTIONS)
    assert set(tables.CALLED.values()) <= set(tables.WORST)
