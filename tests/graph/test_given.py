"""What a step gives to those after it, by the outcome by which it is left."""

from __future__ import annotations

import pytest

from steadyhand.graph import given
from steadyhand.graph.build import edges_of

from .documents import END, READ, leads, steps

FACT = "facts: {n: '{{ stdout }}'}"
READING = f"    shell: x\n    effect: read\n    {FACT}\n"
SAFE = {"fail": "end.escalated", "error": "end.escalated"}


def after(body, outcome, label="", **more):
    runbook = steps(a=body, **more)
    gifts = given.Gifts(runbook.calls)
    edge = next(e for e in edges_of(runbook.steps["a"]) if e.outcome == outcome and (not label or e.label == label))
    names = gifts.after(runbook.steps["a"], "", edge)
    return None if names is None else set(names)


READ_GIVES = {"steps.a", "steps.a.*", "facts.n"}


@pytest.mark.parametrize(("outcome", "names"), [("pass", READ_GIVES), ("fail", READ_GIVES), ("error", {"steps.a"})])
def test_a_read(outcome, names):
    assert after(READING + END, outcome) == names


def test_a_refused_change_gives_nothing():
    body = f"    shell: x\n    gate: Sure?\n    {FACT}\n" + leads(
        **{"pass": "end.escalated", **SAFE, "rejected": "end.stopped"}
    )
    assert after(body, "rejected") == set()


def test_a_wave_over_what_may_be_nothing_sets_no_fact():
    over = "    each: {in: ITEMS}\n" + READING
    assert after(over.replace("ITEMS", "[x, y]") + END, "pass") == {"steps.a.*", "facts.n"}
    assert after(over.replace("ITEMS", '"{{ facts.list }}"') + END, "pass") == {"steps.a.*"}


def test_a_diagnosis_gives_what_the_cause_that_was_found_shows():
    checks = "".join(f"      {k}: {{cause: {k}, shell: x, facts: {{{k}: '{{{{ stdout }}}}'}}, fix: b}}\n" for k in "pq")
    body = f"    diagnose:\n{checks}" + leads(**{"pass": "end.healthy", "error": "end.escalated"})
    ran = {"steps.a.p", "steps.a.q"}
    assert after(body, "pass", b=READ + END) == ran | {"steps.a.p.*", "steps.a.q.*", "facts.p", "facts.q"}
    assert after(body, "fail", "q", b=READ + END) == ran | {"steps.a.q.*", "facts.q"}
    assert after(body, "error", b=READ + END) == ran


def test_branches_give_together_what_each_is_certain_to_give():
    body = f"    parallel: {{p: {{shell: x, effect: read, {FACT}}}, q: {{shell: y, effect: read}}}}\n" + END
    assert after(body, "pass") >= {"facts.n", "steps.a.p.*", "steps.a.q.*"}
    assert after(body, "fail") >= {"facts.n", "steps.a.p.*", "steps.a.q.*"}
    assert after(body, "error") == {"steps.a.p", "steps.a.q"}


def test_an_outcome_that_the_branches_never_have():
    assert after("    parallel: {p: {steps: {x: {wait: 1s}}}}\n" + END, "fail") is None


def test_an_answer_is_a_fact():
    body = "    ask: {prompt: How many?, fact: n}\n" + leads(**{"pass": "end.healthy", "error": "end.escalated"})
    assert (after(body, "pass"), after(body, "error")) == ({"facts.n"}, set())
