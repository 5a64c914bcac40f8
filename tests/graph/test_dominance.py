"""Who was asked before a change, and what was shown after it."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings

from steadyhand import graph
from steadyhand import model as m
from steadyhand.graph import dominance, ways

from . import brute
from .documents import CHANGE, END, GATED, READ, leads, steps

SAFE = {"fail": "end.escalated", "error": "end.escalated"}
REFUSED = {**SAFE, "rejected": "end.escalated"}
PROOF = READ + "    purpose: verification\n"


def found(runbook, code):
    return {d.message.split("`")[1] for d in graph.check(runbook) if d.code == code}


@settings(max_examples=200, deadline=None, phases=[Phase.generate])
@given(brute.runbooks())
def test_every_run_agrees(runbook):
    """What was asked and shown, over all runs of random runbooks with branches and calls."""
    seen, ends = brute.explore(runbook, runbook.steps, brute.Run())
    unasked = {
        name
        for name, run in seen
        if not run.yes and isinstance(runbook.steps[name].body, m.Do) and runbook.steps[name].gate is None
        and brute.effect(runbook.steps[name]) is not m.Effect.READ
    }  # fmt: skip
    assert {name for name in found(runbook, "SG004") if "." not in name} == unasked
    unproved = {
        path.partition(".")[0].partition("/")[0] for end, run in ends if end == "end.resolved" for path in run.unproved
    }
    assert found(runbook, "SG005") == unproved
    acted = {name for end, run in ends if end == "end.healthy" for name in run.acted}
    assert found(runbook, "SG008") == acted


def test_a_yes_to_another_change_is_none_to_this_one():
    runbook = steps(
        a=GATED + leads(**{"pass": "c", "fail": "b", "error": "b", "rejected": "end.stopped"}),
        b=CHANGE + leads(**{"pass": "c", **SAFE}),
        c=PROOF + leads(**{"pass": "end.resolved", **SAFE}),
    )
    assert [d.message for d in graph.check(runbook) if d.code == "SG004"] == [
        "no gate guards the change `b`: a -fail-> b"
    ]


def test_the_way_that_is_shown_goes_around_the_gate():
    runbook = steps(
        a=READ + leads(**{"pass": "g", "fail": "x", "error": "x"}),
        x=READ + leads(**{"pass": "b", **SAFE}),
        g="    gate: Sure?\n" + leads(approved="b", rejected="end.stopped"),
        b=CHANGE + leads(**{"pass": "c", **SAFE}),
        c=PROOF + leads(**{"pass": "end.resolved", **SAFE}),
    )
    assert [d.message for d in graph.check(runbook) if d.code == "SG004"] == [
        "no gate guards the change `b`: a -fail-> x -pass-> b"
    ]


def test_a_gate_before_branches_is_asked_for_all_of_them():
    branch = "    parallel: {x: {shell: rm x, effect: change, undo: {none: no}}}\n"
    bare = steps(a=branch + leads(**{"pass": "c", **SAFE}), c=PROOF + leads(**{"pass": "end.resolved", **SAFE}))
    asked = steps(
        a=branch + "    gate: Sure?\n" + leads(**{"pass": "c", **REFUSED}),
        c=PROOF + leads(**{"pass": "end.resolved", **SAFE}),
    )
    assert (found(bare, "SG004"), found(asked, "SG004")) == ({"a.x"}, set())


@pytest.mark.parametrize(("verify", "codes"), [("    verify: {shell: y}\n", set()), ("", {"a"})])
def test_a_change_that_proves_itself_needs_no_more(verify, codes):
    runbook = steps(a=GATED + verify + leads(**{"pass": "end.resolved", **REFUSED}))
    assert found(runbook, "SG005") == codes


def test_a_verification_that_failed_proves_nothing():
    runbook = steps(
        a=GATED + "    verify: {shell: y}\n" + leads(**{**REFUSED, "pass": "end.resolved", "fail": "end.resolved"})
    )
    assert found(runbook, "SG005") == {"a"}


def test_a_refusal_is_no_change():
    runbook = steps(a=GATED + leads(**{"pass": "end.escalated", **SAFE, "rejected": "end.healthy"}))
    assert found(runbook, "SG008") == set()


def test_what_a_person_changes_is_to_be_verified_too():
    by_hand = "    manual: Move the cable\n"
    assert found(steps(a=by_hand + leads(**{"pass": "end.resolved", **SAFE})), "SG005") == {"a"}
    runbook = steps(a=by_hand + leads(**{"pass": "b", **SAFE}), b=PROOF + leads(**{"pass": "end.resolved", **SAFE}))
    assert found(runbook, "SG005") == set()


def test_a_thousand_changes_in_a_chain_take_no_time_at_all():
    bodies = {f"s{n}": GATED + leads(**{"pass": f"s{n + 1}", **REFUSED}) for n in range(1000)}
    runbook = steps(**bodies, s1000=READ + END)
    proof = dominance.Proof(runbook)
    scope = ways.of_runbook(runbook)
    assert proof.whole()["end.healthy"] == {(True, True, True)}
    assert len(ways.towards("end.healthy", scope.edges)) == 1001
    assert len(found(runbook, "SG008")) == 1000
