"""Where steps lead: outcomes by kind, what is written, and the defaults of the format."""

from __future__ import annotations

import pytest

from steadyhand import schema
from steadyhand.handlers import registry
from steadyhand.schema.edges import POSITIVE, back_of, outcomes

from .documents import HEAD

SPECS = registry.specs()
LAST = "  z:\n    title: Z\n    wait: 1s\n    next: end.healthy\n"


def steps(body, *, last=True):
    loaded = schema.read(f"{HEAD}steps:\n  a:\n    title: A\n{body}{LAST if last else ''}", "x", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook.steps["a"]


KINDS = [
    ("    shell: x\n    effect: read\n", ["pass", "fail", "error"]),
    ("    shell: x\n    gate: Sure?\n", ["pass", "fail", "error", "rejected"]),
    ("    shell: x\n    gate: {prompt: Sure?, within: 5m}\n", ["pass", "fail", "error", "rejected", "expired"]),
    ("    gate: Sure?\n", ["approved", "rejected"]),
    ("    gate: {prompt: Sure?, within: 5m}\n", ["approved", "rejected", "expired"]),
    ("    choose: {prompt: Which?, options: {b: B, c: C}}\n    next: {b: z, c: z}\n", ["b", "c"]),
    ("    choose: {prompt: Which?, options: {b: B}, within: 5m}\n    next: {b: z}\n", ["b", "expired"]),
    ("    ask: How many?\n", ["pass", "error"]),
    ("    manual: Press it.\n", ["pass", "fail"]),
    ("    set: {x: 1}\n", ["pass"]),
    ("    wait: 5s\n", ["pass"]),
    ("    call: other\n", ["pass", "fail", "error"]),
    ("    parallel: {b: {shell: x, effect: read}}\n", ["pass", "fail", "error"]),
    ("    diagnose: {c: {cause: C, shell: x}}\n", ["pass", "fail", "error"]),
    ("    shell: x\n    effect: read\n    each: {in: [1]}\n", ["pass", "fail", "error"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), KINDS)
def test_outcomes_of_each_kind(body, expected):
    assert [o for o in outcomes(steps(body)) if o in expected] == expected


def test_what_is_not_written_goes_on_or_escalates_and_is_known_to_be_default():
    step = steps("    shell: x\n    effect: read\n    next: {fail: end.broken}\n")
    assert step.next == {"pass": "z", "fail": "end.broken", "error": "end.escalated"}
    assert step.defaulted == {"pass", "error"}


def test_a_bare_edge_is_the_positive_one():
    assert steps("    gate: Sure?\n    next: end.stopped\n").next["approved"] == "end.stopped"
    assert steps("    wait: 5s\n    next: end.healthy\n").next == {"pass": "end.healthy"}
    assert POSITIVE == {"gate": "approved", "choose": ""}


def test_a_diagnosis_leads_on_by_its_causes():
    step = steps("    diagnose: {c: {cause: C, shell: x, fix: z}}\n    otherwise: end.healthy\n")
    assert set(step.next) == {"error"}


def test_where_a_person_may_go_back_to_is_an_edge_that_nobody_writes():
    step = steps("    shell: x\n    gate: {prompt: Sure?, back: [z]}\n    next: {fail: z}\n")
    assert step.gate.back == ("z",)
    assert step.next["back:z"] == "z"
    assert "back:z" not in step.defaulted
    assert back_of(step) == ("z",)
    alone = steps("    gate: {prompt: Sure?, back: [z]}\n    next: {approved: z, rejected: z}\n")
    assert alone.next == {"approved": "z", "rejected": "z", "back:z": "z"}
    assert back_of(steps("    wait: 1s\n")) == ()


def test_an_edge_for_it_cannot_be_written():
    text = f"{HEAD}steps:\n  a:\n    title: A\n    gate: {{prompt: Sure?, back: [z]}}\n    next: {{approved: z, rejected: z, 'back:z': z}}\n{LAST}"
    (found,) = schema.read(text, "x", SPECS).diagnostics
    assert (found.code, found.message) == ("SH303", "step `a` cannot end in `back:z`")
