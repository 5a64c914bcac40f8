"""What stands under `steps.`, by what a step is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand.graph import shapes

from .documents import END, READ, SPECS, steps

BODIES = {
    "do": "    shell: x\n    effect: change\n    gate: Sure?\n    facts: {n: '{{ stdout }}'}\n    capture: {c: {shell: y}}\n"
    "    verify: {shell: z}\n    undo: {shell: w}\n    next: {pass: why, fail: end.escalated, error: end.escalated}\n",
    "why": "    diagnose: {c: {cause: C, shell: x}}\n" + END,
    "all": "    parallel: {p: {shell: x, effect: read}, q: {steps: {inner: {shell: x, effect: read}}}}\n" + END,
    "sum": "    set: {total: 1}\n    next: {pass: wave}\n",
    "wave": "    each: {in: [1]}\n" + READ + END,
    "ask": "    gate: Sure?\n    next: {approved: far, rejected: end.stopped}\n",
    "far": "    teleport: {to: x}\n    effect: read\n" + END,
    "call": "    call: other\n" + END,
}


@pytest.fixture(scope="module")
def known():
    other = steps(look="    shell: x\n    effect: read\n    facts: {m: '{{ stdout }}'}\n" + END)
    return shapes.Shapes(replace(steps(**BODIES), calls={"other": other}), SPECS)


@pytest.mark.parametrize(
    ("name", "bit"),
    [
        ("steps.do.stdout", "steps.do.*"), ("steps.do.n", "steps.do.*"), ("steps.do.outcome", "steps.do"),
        ("steps.do.verify.exit_code", "steps.do.verify.*"), ("steps.do.before.c.stdout", ""), ("steps.do.undo.stdout", ""),
        ("steps.why.c.stdout", "steps.why.c.*"), ("steps.all.p.stdout", "steps.all.p.*"),
        ("steps.all.q.inner.stdout", "steps.all.q.inner.*"), ("steps.all.q.conclusion", ""), ("steps.sum.total", "steps.sum.*"),
        ("steps.wave.items", "steps.wave.*"), ("steps.far.anything", "steps.far.*"), ("steps.call.conclusion", "steps.call.conclusion"),
        ("steps.call.facts.m", "steps.call.facts.m"), ("steps.call.look.stdout", "steps.call.look.*"), ("steps.do", ""),
    ],
)  # fmt: skip
def test_what_a_name_needs(known, name, bit):
    found = known.of(name)
    assert (found.bit, found.problem) == (bit, "")


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("steps.do.stdot", "`steps.do.stdot`, and there is nothing of that name", "did you mean `stdout`?"),
        ("steps.do.before.d", "`steps.do.before.d`, and there is nothing of that name", "there are c"),
        ("steps.why.stdout", "`steps.why.stdout`, and there is nothing of that name", "there are c"),
        ("steps.inner.stdout", "`steps.inner`, and that step is inside a branch", "write `steps.all.q.inner`"),
        ("steps.all.q.iner", "`steps.all.q.iner`, and there is no such step", "did you mean `inner`?"),
        ("steps.wave.stdout", "`steps.wave.stdout`, and there is nothing of that name", "there are items"),
        ("steps.call.facts.n", "`steps.call.facts.n`, and there is nothing of that name", "there are m"),
        ("steps.ask.outcome", "`steps.ask.outcome`, and a step of that kind has no results",
         "its outcome decides where the run goes, and is no value"),
    ],
)  # fmt: skip
def test_what_there_can_never_be(known, name, problem, hint):
    found = known.of(name)
    assert (found.problem, found.hint) == (problem, hint)
