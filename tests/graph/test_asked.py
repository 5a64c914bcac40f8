"""How often a person is asked on the way through a runbook."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import schema
from steadyhand.graph.asked import Asked, asked, steps_of
from steadyhand.handlers import registry

SPECS = registry.specs()


def book(steps, **calls):
    text = f"steadyhand: 1\nname: x\ntitle: X\nsteps:\n{steps}"
    loaded = schema.read(text, "x", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return replace(loaded.runbook, calls=calls)


READ = "  {id}: {{title: T, shell: 'true', effect: read, next: {{pass: {to}, fail: {no}, error: end.escalated}}}}\n"
ASK = "  {id}: {{title: T, gate: {{prompt: Go?}}, next: {{approved: {to}, rejected: {no}}}}}\n"


def read(name, to, no="end.escalated"):
    return READ.format(id=name, to=to, no=no)


def ask(name, to, no="end.escalated"):
    return ASK.format(id=name, to=to, no=no)


@pytest.mark.parametrize(
    ("steps", "least", "most"),
    [
        (read("a", "end.healthy"), 0, 0),
        (read("a", "end.healthy", "b") + ask("b", "end.stopped"), 0, 1),
        (ask("a", "b") + ask("b", "end.stopped", "c") + ask("c", "end.stopped"), 1, 3),
        (ask("a", "b", "c") + ask("b", "d") + read("c", "d") + read("d", "end.healthy"), 1, 2),
        (ask("a", "b") + read("b", "end.healthy", "a").replace("}}", "}, max_visits: 3}"), 1, 1),
        ("  p:\n    title: P\n    parallel:\n      x: {gate: {prompt: X?}}\n      y: {shell: 'true', effect: read}\n    next: {pass: a, fail: end.escalated, error: end.escalated}\n" + ask("a", "end.stopped"), 1, 2),
    ],
)  # fmt: skip
def test_on_the_shortest_and_on_the_longest_way(steps, least, most):
    assert asked(book(steps)) == Asked(least, most)


def test_a_called_runbook_asks_as_well():
    inner = book(ask("a", "end.healthy"))
    outer = book(
        "  c: {title: C, call: inner, next: {pass: a, fail: a, error: a}}\n" + ask("a", "end.stopped"), inner=inner
    )
    assert asked(outer) == Asked(2, 2)
    assert [step.id for step in steps_of(outer)] == ["c", "a", "a"]


def test_a_long_runbook_is_no_trouble():
    steps = "".join(ask(f"s{n}", f"s{n + 1}") for n in range(2000)) + read("s2000", "end.healthy")
    assert asked(book(steps)) == Asked(1, 2000)
