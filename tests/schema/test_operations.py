"""Operations: parameters against the handler's specification, effects, what stands beside the kind."""

from __future__ import annotations

import pytest

from steadyhand import model as m
from steadyhand import schema
from steadyhand.handlers import registry

from .documents import HEAD

SPECS = registry.specs()
EDGES = "    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}\n"


def operation(body):
    loaded = schema.read(f"{HEAD}steps:\n  a:\n    title: A\n{body}{EDGES}", "x", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    found = loaded.runbook.steps["a"].body
    assert isinstance(found, m.Do)
    return found.operation


def test_a_bare_value_is_the_parameter_it_stands_for():
    assert operation("    shell: uptime\n").params == operation("    shell: {text: uptime}\n").params


@pytest.mark.parametrize(
    ("body", "effect"),
    [
        ("    shell: x\n", "change"), ("    shell: x\n    effect: read\n", "read"),
        ("    shell: x\n    effect: destructive\n", "destructive"), ("    http: http://a/\n", "read"),
        ("    http: {url: http://a/, method: HEAD}\n", "read"), ("    http: {url: http://a/, method: POST}\n", "change"),
        ("    http: {url: http://a/, method: DELETE}\n", "destructive"),
        ("    http: {url: http://a/, method: GET}\n    effect: change\n", "change"),
        ("    kubectl: {get: pods}\n", "read"), ("    kubectl: {events: , types: [Warning]}\n", "read"),
        ("    kubectl: {exec: pod/x, argv: [df]}\n", "change"), ("    kubectl: {exec: pod/x, argv: [df]}\n    effect: read\n", "read"),
        ("    kubectl: {rollout: restart, resource: deployment/x, wait: 2m}\n", "change"),
    ],
)  # fmt: skip
def test_effects_are_inferred_where_they_can_be_known(body, effect):
    assert operation(body).effect.value == effect


def test_nothing_is_a_value_where_the_kind_says_so():
    assert operation("    kubectl: {events: , types: [Warning]}\n").params == {"events": None, "types": ["Warning"]}


def test_what_stands_beside_the_kind():
    found = operation("    ssh: x\n    effect: read\n    target: db\n    timeout: 5s\n    retry: {times: 3, every: 2s, backoff: 2}\n"
                      "    facts: {n: '{{ stdout | int }}'}\n    expect: {stdout: x}\n    confine: false\n")  # fmt: skip
    assert (found.target, found.timeout, found.confine) == ("db", 5_000_000, False)
    assert (found.retry.times, found.retry.every, found.retry.backoff) == (3, 2_000_000, 2)
    assert found.facts == {"n": "{{ stdout | int }}"}
    assert found.expect == {"stdout": "x"}


def test_the_timeout_may_stand_among_the_parameters_as_in_the_design():
    assert operation("    http: {url: http://a/, timeout: 5s}\n").timeout == 5_000_000


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("{json: {path: '$.[', equals: 1}}", "path"), ("{stdout: {matches: '(a+)+'}}", "for ever"),
        ("{duration: fast}", "duration"), ("{stdout: {number: {lt: x}}}", "number"), ("[a]", "map"),
        ("'stdout =='", "expression"), ("{headers: {x: {equal: 1}}}", "`headers`"),
    ],
)  # fmt: skip
def test_expectations_that_could_not_be_judged_are_refused(expect, message):
    text = f"{HEAD}steps:\n  a:\n    title: A\n    shell: x\n    effect: read\n    expect: {expect}\n{EDGES}"
    loaded = schema.read(text, "x", SPECS)
    assert loaded.runbook is None
    assert any(message in d.message for d in loaded.diagnostics), loaded.diagnostics


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("    notify: {message: x, action: resolve, audience: customers, severity: SEV2}\n", ""),
        ("    notify: {message: x, action: '{{ inputs.x }}'}\n", ""),
        ("    notify: {message: x, action: close}\n", "`action` cannot be 'close'"),
        ("    http: {url: http://a/, method: get}\n", ""),
    ],
)
def test_words_are_taken_as_they_are_listed_and_capitals_in_any_case(body, wrong):
    found = schema.read(f"{HEAD}steps:\n  a:\n    title: A\n{body}{EDGES}", "x", SPECS).diagnostics
    assert [d.message for d in found if d.code == "SH201"] == ([wrong] if wrong else [])
