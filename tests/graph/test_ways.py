"""Graphs of steps within each other, and the ways through them."""

from __future__ import annotations

from steadyhand.graph import ways

from .documents import END, READ, leads, steps

SAFE = {"fail": "end.escalated", "error": "end.escalated"}
NESTED = """\
    parallel:
      alone: {shell: x, effect: read}
      many:
        steps:
          first: {shell: x, effect: read, next: {pass: second, fail: end.escalated, error: end.escalated}}
          second: {shell: x, effect: read}
"""


def chain(count):
    bodies = {f"s{n}": READ + leads(**{"pass": f"s{n + 1}", **SAFE}) for n in range(count)}
    return steps(**bodies, **{f"s{count}": READ + END})


def test_the_shortest_way_is_shown():
    runbook = steps(
        a=READ + leads(**{"pass": "b", "fail": "c", "error": "end.escalated"}),
        b=READ + leads(**{"pass": "c", **SAFE}),
        c=READ + END,
    )
    scope = ways.of_runbook(runbook)
    assert ways.way(scope, "a") == "a"
    assert ways.way(scope, "c") == "a -fail-> c"


def test_a_branch_is_a_graph_of_its_own_and_its_way_begins_outside():
    runbook = steps(a=READ + leads(**{"pass": "all", **SAFE}), all=NESTED + END)
    top, alone, many = ways.every(ways.of_runbook(runbook))
    assert (top.prefix, alone.prefix, many.prefix) == ("", "all.", "all.many/")
    assert (alone.alone, many.alone, alone.first, many.first) == (True, False, "alone", "first")
    assert ways.way(alone, "alone") == "a -pass-> all, in it all.alone"
    assert ways.way(many, "second") == "a -pass-> all, in it all.many/first -pass-> all.many/second"


def test_a_branch_of_a_step_that_is_never_reached_is_left_out():
    runbook = steps(a=READ + END, all=NESTED + END)
    assert len(ways.every(ways.of_runbook(runbook))) == 1


def test_backwards_from_an_end():
    runbook = chain(3)
    scope = ways.of_runbook(runbook)
    found = ways.towards("end.healthy", scope.edges)
    assert set(found) == {"s0", "s1", "s2", "s3"}
    first = scope.following["s1"][0]
    assert ways.onward(first, found, "end.healthy") == "s1 -pass-> s2 -pass-> s3 -pass-> end.healthy"


def test_one_cycle_for_each_knot():
    edges = {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["c"], "e": []}
    assert [sorted(c) for c in ways.cycles(edges, lambda n: edges[n])] == [["a", "b"], ["c", "d"]]


def test_a_long_chain_needs_no_recursion():
    scope = ways.of_runbook(chain(5000))
    assert ways.way(scope, "s5000").count("->") == 5000
