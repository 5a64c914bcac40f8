"""What is proved of a graph: exact texts with a counter-example, and a checker by brute force that agrees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand import graph
from steadyhand.errors import Severity

from .documents import CHANGE, END, GATED, READ, leads, steps

SAFE = {"fail": "end.escalated", "error": "end.escalated"}
REFUSED = {**SAFE, "rejected": "end.escalated"}

CASES = [
    ("SG001", {"a": READ + END, "b": READ + END}, "b", "warning", "no path leads to step `b`", "lead an edge to it, or remove it"),
    ("SG002", {"a": READ + leads(**{"pass": "b", **SAFE}), "b": "    wait: 1s\n    max_visits: 3\n" + leads(**{"pass": "b"})}, "b", "error",
     "no path leads from step `b` to an end: a -pass-> b", "give one of its outcomes an end"),
    ("SG003", {"a": READ + leads(**{"pass": "b", **SAFE}), "b": READ + leads(**{"pass": "end.healthy", "fail": "a", "error": "end.escalated"})},
     "a", "error", "the loop a -> b -> a has no bound", "give one step of the loop `max_visits: 3`, or lead the edge elsewhere"),
    ("SG004", {"a": READ + leads(**{"pass": "end.healthy", "fail": "b", "error": "b"}), "b": CHANGE + leads(**{"pass": "end.escalated", **SAFE})},
     "b", "warning", "no gate guards the change `b`: a -fail-> b", "add `gate: {prompt: ..., roles: [...]}`"),
    ("SG005", {"a": GATED + leads(**{"pass": "b", **REFUSED}), "b": READ + leads(**{"pass": "end.resolved", **SAFE})},
     "a", "warning", "after the change `a` the run may end resolved unverified: a -pass-> b -pass-> end.resolved",
     "add `verify:`, or a step with `purpose: verification` on the way"),
    ("SG006", {"a": GATED + leads(**{"pass": "end.escalated", "rejected": "end.escalated"})}, "a", "warning",
     "the change `a` has no edge for `fail` and `error`", "write `next: {fail: end.escalated, error: end.escalated}`, or a step"),
    ("SG007", {"a": "    shell: x\n    gate: Sure?\n" + leads(**{"pass": "end.escalated", **REFUSED})}, "a", "warning",
     "the change `a` has no undo", "add `undo:` with an action, or `undo: {none: why}`"),
    ("SG008", {"a": GATED + leads(**{"pass": "b", **REFUSED}), "b": READ + END}, "a", "warning",
     "after the change `a` the run may end healthy: a -pass-> b -pass-> end.healthy", "end in end.resolved or end.escalated after a change"),
    ("SG009", {"a": "    diagnose: {b: {cause: B, shell: b, fix: c}}\n    otherwise: c\n" + leads(**{"pass": "end.healthy", "error": "end.escalated"}),
               "c": READ + END}, "a", "warning", "step `a` never leaves by `pass`: `otherwise` says what follows", "remove one of the two"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "bodies", "where", "weight", "message", "hint"), CASES, ids=[c[0] for c in CASES])
def test_a_finding_shows_the_way_that_breaks_the_promise(code, bodies, where, weight, message, hint):
    runbook = steps(**bodies)
    found = [d for d in graph.check(runbook) if d.code == code]
    assert [(d.message, d.hint, d.severity.value) for d in found] == [(message, hint, weight)]
    assert found[0].span == runbook.steps[where].span
    assert found[0].text.strip() == f"{where}:"


def test_a_branch_is_looked_at_like_a_graph_of_its_own():
    nested = """\
    parallel:
      many:
        steps:
          first: {shell: rm x, effect: change, gate: Sure?, next: {pass: second, rejected: end.stopped}}
          second: {wait: 1s, next: {pass: first}}
"""
    found = [(d.code, d.message) for d in graph.check(steps(all=nested + leads(**{"pass": "end.escalated", **SAFE})))]
    assert found == [
        ("SG003", "the loop all.many/first -> all.many/second -> all.many/first has no bound"),
        ("SG006", "the change `all.many/first` has no edge for `fail` and `error`"),
        ("SG007", "the change `all.many/first` has no undo"),
    ]


def test_edges_that_a_branch_or_a_called_runbook_never_takes_lead_nowhere():
    passes = "    parallel: {p: {steps: {x: {wait: 1s}}}}\n"
    runbook = steps(a=passes + leads(**{"pass": "end.healthy", "fail": "b", "error": "end.escalated"}), b=READ + END)
    assert [d.code for d in graph.check(runbook)] == ["SG001"]


def test_nothing_is_found_where_nothing_is_wrong():
    runbook = steps(
        look=READ + leads(**{"pass": "end.healthy", "fail": "act", "error": "end.escalated"}),
        act=GATED + leads(**{"pass": "check", **REFUSED}),
        check=READ + "    purpose: verification\n" + leads(**{"pass": "end.resolved", "fail": "look", "error": "end.escalated"})
        + "    max_visits: 2\n",
    )  # fmt: skip
    assert [d.code for d in graph.check(runbook)] == ["SG008"], "the way back may end healthy after the change"


# --- brute force


KINDS = ["read", "verification", "change", "gated", "verified", "gate"]


@st.composite
def runbooks(draw):
    count = draw(st.integers(1, 5))
    names = [f"s{n}" for n in range(count)]
    targets = st.sampled_from([*names, *names, "end.healthy", "end.resolved", "end.escalated"])
    bodies = {}
    for name in names:
        kind = draw(st.sampled_from(KINDS))
        bound = "    max_visits: 2\n" if draw(st.booleans()) else ""
        body = {
            "read": READ, "verification": READ + "    purpose: verification\n", "change": CHANGE, "gated": GATED,
            "verified": CHANGE + "    gate: Sure?\n    verify: {shell: y}\n", "gate": "    gate: Sure?\n",
        }[kind]  # fmt: skip
        outcomes = {"gate": ["approved", "rejected"], "gated": ["pass", "fail", "error", "rejected"],
                    "verified": ["pass", "fail", "error", "rejected"]}.get(kind, ["pass", "fail", "error"])  # fmt: skip
        bodies[name] = body + bound + leads(**{o: draw(targets) for o in outcomes})
    return steps(**bodies)


def edges(runbook):
    return [(s.id, outcome, to) for s in runbook.steps.values() for outcome, to in s.next.items()]


def ways(all_edges, start, allowed=lambda edge: True):
    """Every way from a step that takes no edge twice from the same step: as lists of edges, longer ones after shorter."""
    todo = [(start, ())]
    while todo:
        at, way = todo.pop()
        yield at, way
        met = {start, *(e[2] for e in way)}
        todo.extend((e[2], (*way, e)) for e in all_edges if e[0] == at and allowed(e) and e[2] not in met)


@settings(max_examples=300, deadline=None)
@given(runbooks())
def test_brute_force_agrees(runbook):
    found = {}
    for d in graph.check(runbook):
        step = next(s.id for s in runbook.steps.values() if s.span == d.span)
        found.setdefault(d.code, set()).add(step)
    every = edges(runbook)
    first = next(iter(runbook.steps))
    reachable = {at for at, _ in ways(every, first)}
    names = set(runbook.steps)
    assert found.get("SG001", set()) == names - reachable

    ending = {n for n in names if any(at.startswith("end.") for at, _ in ways(every, n))}
    assert found.get("SG002", set()) == (names & reachable) - ending

    free = {n for n in names & reachable if not runbook.steps[n].max_visits}
    inner = [e for e in every if e[0] in free and e[2] in free]
    looping = {
        n
        for n in free
        if any(
            (at, o, n) in inner for at, _ in ways(inner, n) for o in ("pass", "fail", "error", "approved", "rejected")
        )
    }
    assert bool(found.get("SG003")) == bool(looping)
    assert found.get("SG003", set()) <= looping


def test_a_thousand_steps_in_a_chain_a_fan_and_a_knot():
    chain = {f"s{n}": READ + leads(**{"pass": f"s{n + 1}", **SAFE}) for n in range(1000)}
    assert graph.check(steps(**chain, s1000=READ + END)) == ()
    knot = {f"s{n}": READ + leads(**{"pass": f"s{(n * 7 + 1) % 300}", "fail": f"s{(n * 13 + 5) % 300}", "error": "end.escalated"})
            for n in range(300)}  # fmt: skip
    assert "SG003" in {d.code for d in graph.check(steps(**knot))}
    changing = {f"s{n}": CHANGE + leads(**{"pass": f"s{n + 1}", **SAFE}) for n in range(500)}
    found = graph.check(steps(**changing, s500=READ + END))
    assert sum(d.code == "SG004" for d in found) == 500
    assert all(d.severity is Severity.WARNING for d in found)
