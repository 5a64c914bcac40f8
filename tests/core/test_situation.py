"""Who must be asked before a step acts, by mode."""

from __future__ import annotations

import pytest

from steadyhand.core.situation import Situation
from steadyhand.model import Gate, Mode

from .playbook import ENDS, Play

BODY = f"""\
steps:
  r: {{title: R, shell: x, effect: read, next: {{pass: c, {ENDS}}}}}
  c: {{title: C, shell: x, undo: {{none: x}}, next: {{pass: g, {ENDS}}}}}
  g: {{title: G, shell: x, gate: {{prompt: Sure?, auto: true}}, undo: {{none: x}}, next: {{pass: w, {ENDS}, rejected: end.stopped}}}}
  w: {{title: W, wait: 1s, next: end.healthy}}
"""
ASKED = {
    Mode.GUIDED: "cg", Mode.STEP: "rcg", Mode.AUTO: "c", Mode.DIAGNOSE: "cg", Mode.DRY_RUN: "",
}  # fmt: skip


@pytest.mark.parametrize("mode", Mode)
def test_who_is_asked(mode):
    play = Play(BODY, mode.value)
    here = Situation(play.runbook, play.state, mode)
    asked = "".join(name for name, step in play.runbook.steps.items() if here.asks(step) is not None)
    assert asked == ASKED[mode]


def test_a_change_without_a_gate_is_asked_of_anybody():
    play = Play(BODY)
    assert Situation(play.runbook, play.state, Mode.AUTO).asks(play.runbook.steps["c"]) == Gate()
