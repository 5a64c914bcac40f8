"""From a path back to what the runbook says there."""

from __future__ import annotations

import pytest

from steadyhand.core.paths import LostPath, locate
from steadyhand.graph import operations

from .playbook import ENDS, Play

BODY = f"""\
steps:
  d: {{title: D, diagnose: {{c: {{cause: C, shell: x}}}}, next: {{pass: p, {ENDS}}}}}
  p:
    title: P
    parallel: {{one: {{shell: x, effect: read}}, many: {{steps: {{s: {{title: S, shell: y, effect: read}}}}}}}}
    next: {{pass: f, {ENDS}}}
  f:
    title: F
    shell: z
    gate: Sure?
    capture: {{was: {{shell: c}}}}
    verify: {{shell: v}}
    undo: {{shell: u, effect: change}}
    next: {{pass: end.resolved, {ENDS}, rejected: end.stopped}}
"""


def test_every_operation_is_found_again_at_its_path():
    play = Play(BODY)
    found = operations(play.runbook)
    assert [path for path, _ in found] == ["d.c", "p.one", "p.many/s", "f", "f:verify", "f:undo", "f:before.was"]
    for path, operation in found:
        assert locate(play.runbook, play.state, path).operation == operation
    assert locate(play.runbook, play.state, "f:after.was").operation == dict(found)["f:before.was"]


@pytest.mark.parametrize("path", ["", "x", "d.z", "p.many/z", "d/x", "f[1]", "f:before.none"])
def test_what_is_not_there_is_lost(path):
    play = Play(BODY)
    with pytest.raises(LostPath, match="the runbook has nothing at "):
        locate(play.runbook, play.state, path)


def test_a_branch_of_steps_is_a_place_without_an_operation():
    play = Play(BODY)
    assert locate(play.runbook, play.state, "p.many").operation is None
    assert locate(play.runbook, play.state, "f:other").operation is None
