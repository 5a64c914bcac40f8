"""The graph of a runbook: nodes, edges, labels, and every operation that it holds."""

from __future__ import annotations

import pytest

from steadyhand import graph
from steadyhand.graph.pictures import mermaid, text
from steadyhand.graph.svg import svg
from steadyhand.model import Effect

from .documents import CHANGE, END, GATED, READ, leads, steps

DIAGNOSE = (
    "    diagnose:\n      c: {cause: Cold, shell: x, fix: b}\n      d: {cause: Dark, shell: y}\n    otherwise: b\n"
    + leads(fail="end.escalated", error="end.escalated")
)


def test_edges_of_a_diagnosis_are_labelled_by_their_cause():
    runbook = steps(a=DIAGNOSE, b=READ + END)
    found = [(e.outcome, e.label, e.target) for e in graph.build(runbook).edges if e.source == "a"]
    assert found == [
        ("fail", "Cold", "b"),
        ("pass", "no cause found", "b"),
        ("fail", "fail", "end.escalated"),
        ("error", "error", "end.escalated"),
    ]


@pytest.mark.parametrize(
    ("outcome", "cause", "label"),
    [
        ("fail", "Cold", "Cold"),
        ("fail", "Dark", "fail"),
        ("fail", "", "fail"),
        ("pass", "", "no cause found"),
        ("error", "", "error"),
    ],
)
def test_the_edge_that_was_taken_has_the_label_of_the_picture(outcome, cause, label):
    step = steps(a=DIAGNOSE, b=READ + END).steps["a"]
    assert graph.label_of(step, outcome, cause) == label
    assert label in {e.label for e in graph.build(steps(a=DIAGNOSE, b=READ + END)).edges}


def test_operations_have_the_paths_of_their_attempts():
    runbook = steps(
        a=GATED + "    verify: {shell: v}\n    capture: {was: {shell: c}}\n"
        + leads(**{"pass": "p", "fail": "p", "error": "p", "rejected": "p"}),
        p="    parallel:\n      one: {shell: x, effect: read}\n      two: {steps: {q: {title: Q, shell: y, effect: read}}}\n" + leads(
            **{"pass": "d", "fail": "d", "error": "d"}),
        d=DIAGNOSE.replace("fix: b", "fix: e").replace("otherwise: b", "otherwise: e"),
        e=READ + "    each: {in: [1], between: {shell: z}}\n" + END,
    )  # fmt: skip
    assert [path for path, _ in graph.operations(runbook)] == [
        "a", "a:verify", "a:before.was", "p.one", "p.two/q", "d.c", "d.d", "e", "e:between.1",
    ]  # fmt: skip


def test_a_node_says_what_it_does_and_whether_it_asks():
    nodes = graph.build(
        steps(a=GATED + leads(**{"pass": "b", "fail": "b", "error": "b", "rejected": "b"}), b=READ + END)
    ).nodes
    assert (nodes["a"].effect, nodes["a"].asks, nodes["b"].effect, nodes["b"].asks) == (
        Effect.CHANGE,
        True,
        Effect.READ,
        False,
    )
    assert graph.build(steps(a=READ + END)).ends == ("end.healthy", "end.escalated")


def test_where_a_gate_sends_back_to_is_an_edge():
    runbook = steps(
        look=READ + leads(**{"pass": "act", "fail": "end.escalated", "error": "end.escalated"}),
        act=CHANGE + "    gate: {prompt: Sure?, back: [look]}\n" + leads(**{"pass": "end.escalated"}),
    )
    (back,) = (edge for edge in graph.build(runbook).edges if edge.outcome == "back:look")
    assert (back.source, back.target, back.label, back.defaulted) == ("act", "look", "back:look", False)
    assert "back:look" in mermaid(graph.build(runbook))
    assert "back:look" in svg(graph.build(runbook))
    assert "back:look" in text(graph.build(runbook))
