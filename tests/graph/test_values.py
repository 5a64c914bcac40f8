"""Values that are used before every path to them has set them, and names that nothing gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, given, settings

from steadyhand import graph
from steadyhand import model as m
from steadyhand.graph import Around
from steadyhand.graph.build import facts_of

from . import brute
from .documents import END, READ, SPECS, leads, steps

SAFE = {"fail": "end.escalated", "error": "end.escalated"}
COUNT = "    shell: ls | wc -l\n    effect: read\n    facts: {n: '{{ stdout | int }}'}\n"
AROUND = Around(specs=SPECS)


def using(text):
    return f"    shell: echo {text}\n    effect: read\n"


def found(runbook, code="SG010"):
    return [d.message for d in graph.check(runbook, AROUND) if d.code == code]


def needs(steps, path=""):
    """Every operation of the steps that uses a name: the path of its step, its own path, and what must have been set."""
    for one in steps.values():
        at = f"{path}{one.id}"
        body = one.body
        if isinstance(body, m.Do):
            yield from named(at, at, body.operation.params)
        elif isinstance(body, m.SetFacts):
            yield from named(at, at, body.facts)
        elif isinstance(body, m.Diagnose):
            for check in body.checks:
                yield from named(at, f"{at}.{check.id}", check.operation.params)
        elif isinstance(body, m.Parallel):
            for branch in body.branches:
                if branch.step is not None:
                    yield from needs({branch.id: branch.step}, f"{at}.")
                else:
                    yield from needs(branch.steps, f"{at}.{branch.id}/")


def named(step, where, value):
    for kind, name in re.findall(r"\{\{ (facts|steps)\.(\w+)", str(value)):
        yield step, where, kind, name


@settings(max_examples=200, deadline=None, phases=[Phase.generate])
@given(brute.runbooks())
def test_every_run_agrees(runbook):
    """A name is complained about exactly when some run comes to its use without it."""
    log = {}
    brute.explore(runbook, runbook.steps, brute.Run(), log=log)
    known = set(facts_of(runbook))
    wanted, never = set(), set()
    for step, where, kind, name in needs(runbook.steps):
        if step not in log:
            continue  # no run comes there
        if (kind == "facts" and name not in known) or (
            kind == "steps" and (name not in runbook.steps or not isinstance(runbook.steps[name].body, m.Do))
        ):
            never.add((where, f"{kind}.{name}"))
        elif any((name if kind == "facts" else f"steps.{name}.*") not in run.facts | run.results for run in log[step]):
            wanted.add((where, f"{kind}.{name}"))
    assert {told(message) for message in found(runbook)} == wanted
    assert {told(message) for message in found(runbook, "SG011")} == never


def told(message):
    parts = message.split("`")
    return parts[1], parts[3].removesuffix(".stdout")


def test_the_way_that_is_shown_never_sets_it():
    runbook = steps(
        a=READ + leads(**{"pass": "b", "fail": "c", "error": "end.escalated"}),
        b=COUNT + leads(**{"pass": "d", **SAFE}),
        c=READ + leads(**{"pass": "d", **SAFE}),
        d=using("{{ facts.n }}") + END,
    )
    assert found(runbook) == ["`d` uses `facts.n`, which is not set on the way a -fail-> c -pass-> d"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ facts.n | default(0) }}", "{{ facts.n | d(0) }}", "{% if facts.n is defined %}{{ facts.n }}{% endif %}",
        "{{ 'none' if facts.n is undefined else facts.n }}",
    ],
)  # fmt: skip
def test_a_name_that_has_a_stand_in_need_not_be_set(text):
    runbook = steps(
        a=COUNT + leads(**{"pass": "b", "fail": "end.escalated", "error": "b"}),
        b=f'    shell: "echo {text}"\n    effect: read\n' + END,
    )
    assert found(runbook) == []


def test_what_an_action_gave_is_there_when_it_is_verified_and_undone():
    change = (
        "    shell: x\n    effect: change\n    gate: Sure?\n    facts: {n: '{{ stdout }}'}\n"
        "    verify: {shell: 'test {{ facts.n }} {{ steps.a.stdout }}'}\n    undo: {shell: 'rm {{ facts.n }}'}\n"
    )
    runbook = steps(a=change + leads(**{"pass": "end.resolved", **SAFE, "rejected": "end.stopped"}))
    assert found(runbook) == []
    early = change.replace("Sure?", "'Sure, {{ facts.n }}?'")
    runbook = steps(a=early + leads(**{"pass": "end.resolved", **SAFE, "rejected": "end.stopped"}))
    assert found(runbook) == ["`a` uses `facts.n`, which is not set on the way a"]


def test_facts_of_a_set_step_see_those_before_them():
    first = "    set: {x: '{{ 1 }}', y: '{{ facts.x }}'}\n" + leads(**{"pass": "end.healthy", "error": "end.escalated"})
    assert found(steps(a=first)) == []
    turned = "    set: {y: '{{ facts.x }}', x: '{{ 1 }}'}\n" + leads(
        **{"pass": "end.healthy", "error": "end.escalated"}
    )
    assert found(steps(a=turned)) == ["`a` uses `facts.x`, which is not set on the way a"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (using("{{ facts.x }}"), "`b` uses `facts.x`, and no step sets it"),
        (using("{{ steps.a.stdot }}"), "`b` uses `steps.a.stdot`, and there is nothing of that name"),
        (using("{{ unit }}"), "`b` uses `unit`, and there is no such name there"),
        (READ + "    facts: {x: '{{ stdot }}'}\n", "`b` uses `stdot`, and there is no such name of a result there"),
        (READ + "    expect: \"inputs.limit == 'x'\"\n", "`b` uses `inputs.limit`, and there is no such input"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_gives(body, message):
    runbook = steps(a=READ + leads(**{"pass": "b", **SAFE}), b=body + END)
    assert found(runbook, "SG011") == [message]


def test_a_thousand_facts_in_a_thousand_steps():
    bodies = {
        f"s{n}": f"    shell: echo {{{{ facts.f{n - 1} }}}}\n    effect: read\n    facts: {{f{n}: '{{{{ stdout }}}}'}}\n"
        + leads(**{"pass": f"s{n + 1}", **SAFE})
        for n in range(1, 1000)
    }
    first = "    shell: x\n    effect: read\n    facts: {f0: '{{ stdout }}'}\n" + leads(**{"pass": "s1", **SAFE})
    assert found(steps(s0=first, **bodies, s1000=READ + END)) == []
