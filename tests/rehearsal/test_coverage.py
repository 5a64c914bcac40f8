"""What was walked: of what the author wrote, three numbers, and what is missing by name."""

from __future__ import annotations

from steadyhand.rehearsal.coverage import Part, arrow, coverage, edges
from steadyhand.rehearsal.rehearse import rehearse
from steadyhand.rehearsal.world import planner

from .documents import SPECS, book, case

FIXED = """
inputs: {who: web}
steps: {look.disk: {stdout: "95"}, look.mail: pass, clean: {exit_code: 0, stdout: "7"}, check: pass}
answers: {clean: [{answer: approve, by: anna}, {answer: approve, by: bo}]}
"""
HEALTHY = "inputs: {who: web}\nsteps: {look.disk: {stdout: '5'}, look.mail: pass}"


def of(*texts):
    reports = [rehearse(book(), case(text), SPECS, planner) for text in texts]
    return coverage(book(), [(r.path, r.walked) for r in reports])


def test_nothing_is_walked_without_a_test():
    found = of()
    assert (found.steps.walked, found.edges.walked, found.conclusions.walked) == (0, 0, 0)
    assert found.steps.missing == ("look", "clean", "check")
    assert found.conclusions.missing == ("escalated", "stopped", "resolved")


def test_walks_are_added_up():
    half, both = of(FIXED), of(FIXED, HEALTHY)
    assert half.steps == Part(3, 3)
    assert half.edges.walked == 3
    assert half.conclusions.missing == ("escalated", "stopped")
    assert both.edges.walked == 4
    assert both.percent == 100 * 4 // both.edges.of
    assert "clean -rejected-> end.stopped" in both.edges.missing
    assert of(FIXED, FIXED).taken["clean", "pass", "check"] == 2


def test_a_step_where_the_run_waits_has_been_entered():
    waiting = of(FIXED.split("answers", maxsplit=1)[0].replace("clean:", "check:").replace(", check: pass", ""))
    assert waiting.steps.missing == ("check",)


def test_a_run_that_is_stopped_takes_no_edge_there():
    stopped = of(FIXED.replace('stdout: "7"', 'stdout: "7", after: 10m') + "stop: {after: 1m}")
    assert stopped.conclusions.walked == 0
    assert all(target != "end.stopped" for _, _, target in stopped.taken)


def test_edges_that_nobody_wrote_are_not_asked_for():
    assert ("look", "fail", "end.escalated") not in edges(book())
    assert arrow(edges(book())[0]) == "look -The disk is full-> clean"


def test_of_nothing_all_was_walked():
    assert Part(0, 0).percent == 100
