"""Paths that no test walks: each edge has one, shortest first, and what is written for it takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.rehearsal import coverage
from steadyhand.rehearsal.documents import Case
from steadyhand.rehearsal.explore import MOST, explore, routes
from steadyhand.rehearsal.rehearse import rehearse
from steadyhand.rehearsal.sampling import sampled
from steadyhand.rehearsal.world import planner

from .documents import ENDS, SPECS, book, runbook, wide

ROOT = Path(__file__).resolve().parents[2]


def explored(runbook_, taken=()):
    found, more = explore(runbook_, dict.fromkeys(taken, 1), Case("", None, sampled(runbook_)), SPECS, planner)
    return found, more


@pytest.mark.parametrize("make", [book, wide])
def test_every_edge_has_a_test_that_walks_it(make):
    found, more = explored(make())
    assert more == 0
    assert [one.why for one in found if one.case is None] == []
    listed = [edge for one in found for edge in one.edges]
    assert sorted(listed) == sorted(map(coverage.arrow, coverage.edges(make())))
    for one in found:
        report = rehearse(make(), one.case, SPECS, planner)
        assert report.problems == ()
        assert set(one.edges) <= set(map(coverage.arrow, report.walked))


def test_the_shortest_come_first_and_what_is_walked_is_left_out():
    found, _ = explored(book(), [("look", "pass", "end.healthy"), ("look", "error", "end.escalated")])
    lengths = [len(one.path) for one in found]
    assert lengths == sorted(lengths)
    assert not [one for one in found if "look -error-> end.escalated" in one.edges]


def test_nothing_is_left_when_all_is_walked():
    assert explored(book(), coverage.edges(book())) == ((), 0)


def test_facts_that_later_steps_need_are_given():
    facts = f"""\
steps:
  count: {{title: Count, shell: count, effect: read, facts: {{many: "{{{{ stdout | int }}}}", hosts: "{{{{ stdout }}}}"}}, next: {{pass: wave, {ENDS}}}}}
  wave: {{title: Wave, shell: "look {{{{ item }}}} {{{{ facts.many + 1 }}}}", effect: read, each: {{in: "{{{{ facts.hosts }}}}"}}, next: {{pass: last, {ENDS}}}}}
  last: {{title: Last, shell: "last {{{{ steps.count.stdout }}}}", effect: read, next: {{pass: end.healthy, {ENDS}}}}}
"""
    found, _ = explored(runbook(facts))
    assert [one.why for one in found if one.case is None] == []
    assert any("facts" in str(one.case.steps) for one in found)


def test_a_loop_is_walked_back_and_left():
    loop = """\
steps:
  try: {title: Try, shell: a, effect: read, max_visits: 3, next: {pass: end.healthy, fail: again, error: end.escalated}}
  again: {title: Again, wait: 5s, next: {pass: try}}
"""
    found, _ = explored(runbook(loop))
    (back,) = [one for one in found if "again -pass-> try" in one.edges]
    assert back.case is not None
    assert back.path == ("try", "again", "try")
    assert [came.outcome for came in back.case.steps["try"]] == ["fail", "pass"]


def test_what_no_script_can_reach_is_said_with_the_reason():
    never = f"""\
steps:
  five: {{title: Five, set: {{n: 5}}, expect: "n == 5", next: {{pass: end.healthy, {ENDS}}}}}
"""
    found, _ = explored(runbook(never))
    unreached = {one.edges[0]: one.why for one in found if one.case is None}
    assert unreached == {
        "five -fail-> end.escalated": "it leads to five -> healthy",
        "five -error-> end.escalated": "it comes only of a text that cannot be rendered, which no script decides",
    }


def test_the_list_is_bounded():
    many = "steps:\n" + "".join(
        f"  s{n}: {{title: S, shell: a, effect: read, next: {{pass: {f's{n + 1}' if n < 39 else 'end.healthy'}, {ENDS}}}}}\n"
        for n in range(40)
    )
    found, more = explored(runbook(many))
    assert len(found) == MOST
    assert more == len(routes(runbook(many), {})) - MOST > 0


def test_a_run_is_sent_back_where_a_gate_allows_it():
    looping = f"""\
steps:
  look: {{title: L, max_visits: 3, shell: l, effect: read, next: {{pass: act, {ENDS}}}}}
  act: {{title: A, shell: a, effect: change, gate: {{prompt: Sure?, back: [look]}}, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}
"""
    found, _ = explored(runbook(looping))
    assert [one.why for one in found if one.case is None] == []
    assert any("act -back:look-> look" in one.edges for one in found)
