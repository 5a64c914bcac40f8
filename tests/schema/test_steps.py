"""Steps: one kind each, and what stands beside it."""

from __future__ import annotations

import pytest

from steadyhand import model as m
from steadyhand import schema
from steadyhand.handlers import registry

from .documents import HEAD

SPECS = registry.specs()
EDGES = "    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}\n"


def read(body):
    return schema.read(f"{HEAD}steps:\n  a:\n    title: A\n{body}", "x", SPECS)


def step(body):
    loaded = read(body)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook.steps["a"]


def messages(body):
    return [d.message for d in read(body).diagnostics]


def test_each_with_batches_and_a_check_between():
    found = step("    shell: x {{ host }}\n    effect: read\n    each: {in: [p, q], as: host, batch: [1, 50%], max_failures: 1,"
                 " between: {shell: y, effect: read}}\n" + EDGES)  # fmt: skip
    assert found.each is not None
    assert (found.each.name, found.each.items, found.each.max_failures) == ("host", ["p", "q"], 1)
    assert found.each.between is not None
    assert found.each.between.effect is m.Effect.READ


def test_verify_undo_capture_and_locks():
    found = step("    shell: x\n    gate: Sure?\n    lock: [db]\n    verify: {shell: y, settle: 30s, within: 5m}\n"
                 "    undo: {shell: z, effect: change}\n    capture: {before: {shell: w}}\n"
                 "    next: {pass: end.resolved, fail: end.escalated, error: end.escalated, rejected: end.escalated}\n")  # fmt: skip
    assert found.verify is not None
    assert (found.verify.settle, found.verify.within) == (30_000_000, 300_000_000)
    assert found.undo is not None
    assert found.undo.operation is not None
    assert found.undo.operation.effect is m.Effect.CHANGE
    assert found.capture["before"].effect is m.Effect.READ
    assert found.lock == ("db",)


def test_branches_are_a_step_or_a_graph():
    body = step("    parallel:\n      limit: 2\n      branches:\n        one: {shell: x, effect: read}\n"
                "        many: {steps: {p: {title: P, shell: y, effect: read}, q: {title: Q, wait: 1s}}}\n" + EDGES).body  # fmt: skip
    assert isinstance(body, m.Parallel)
    assert body.limit == 2
    one, many = body.branches
    assert one.step is not None
    assert list(many.steps) == ["p", "q"]
    assert many.steps["q"].next == {"pass": "end.healthy"}


def test_an_answer_is_kept_under_the_name_of_the_step_unless_told_otherwise():
    named = step("    ask: {prompt: How many?, fact: many}\n    next: end.healthy\n").body
    unnamed = step("    ask: How many?\n    next: end.healthy\n").body
    assert isinstance(named, m.Ask)
    assert isinstance(unnamed, m.Ask)
    assert (named.fact, unnamed.fact) == ("many", "a")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    wait: 5s\n    expect: {x: 1}\n    next: end.healthy\n", "`wait`"),
        ("    gate: Sure?\n    each: {in: [1]}\n    next: end.healthy\n", "each"),
        ("    diagnose: {}\n" + EDGES, "diagnose"),
        ("    parallel: {b: {shell: x, next: end.healthy}}\n" + EDGES, "next"),
        ("    choose: {prompt: Which?, options: {}}\n", "options"),
        ("    shell: x\n    effect: read\n    each: {as: y}\n" + EDGES, "each"),
        ("    shell: x\n    effect: read\n    max_visits: 0\n" + EDGES, "max_visits"),
        ("    shell: x\n    undo: {none: ''}\n" + EDGES, "gives no reason"),
        ("    wait: -5s\n    next: end.healthy\n", "duration"),
        ("    ask: {prompt: x, schema: {type: strin}}\n    next: end.healthy\n", "type"),
    ],
)
def test_what_cannot_stand_together_is_said(body, message):
    loaded = read(body)
    assert loaded.runbook is None
    assert any(message in d.message for d in loaded.diagnostics), loaded.diagnostics
