"""Text from outside that is read as a program."""

from __future__ import annotations

import pytest

from steadyhand import graph, schema
from steadyhand.graph import Around, trust
from steadyhand.model import Input

from .documents import END, HEAD, SPECS

INPUTS = (
    "inputs: {said: {type: string, from: alert.labels.x}, held: {type: string, pattern: '^[a-z0-9-]+$', from: alert.labels.y},"
    " typed: {type: string}, count: {type: integer, from: alert.labels.z}}\n"
)


def found(params, before=""):
    text = f"{HEAD}{INPUTS}steps:\n{before}  a:\n    title: A\n    shell: {params}\n    effect: read\n{END}"
    loaded = schema.read(text, "x.yaml", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return [d.message.split("`")[3] for d in graph.check(loaded.runbook, Around(specs=SPECS)) if d.code == "SG015"]


@pytest.mark.parametrize(
    "params",
    [
        "ls {{ inputs.said | raw }}", "eval {{ inputs.said }}", "sh -c {{ inputs.said }}", "true; bash -xc {{ inputs.said }}",
        "python3 -c {{ inputs.said }}", "cd / && perl -e {{ inputs.said }}",
        '{argv: [sh, -c, "echo {{ inputs.said }}"]}', '{argv: [/bin/bash, -c, "{{ inputs.said }}"]}',
        '{argv: [sudo, python3, -c, "print({{ inputs.said }})"]}', '{argv: [awk, "/{{ inputs.said }}/", file]}',
        '{argv: [psql, -h, db, -Atc, "select {{ inputs.said }}"]}',
    ],
)  # fmt: skip
def test_places_that_quoting_does_not_reach(params):
    assert found(params) == ["inputs.said"]


@pytest.mark.parametrize(
    "params",
    [
        "ls {{ inputs.said }}", "sh -c {{ inputs.held }}", "sh -c {{ inputs.typed }}", "sh -c {{ inputs.count }}",
        "psql -h {{ inputs.said }} -c 'select 1'", '{argv: [echo, "{{ inputs.said }}"]}',
        '{argv: [sh, -c, \'echo "$1"\', sh, "{{ inputs.said }}"]}', '{argv: [psql, -h, "{{ inputs.said }}", -c, select 1]}',
        '{argv: [awk, "/x/", "{{ inputs.said }}"]}', "{text: cat, stdin: '{{ inputs.said }}'}", "sh -c {{ alert.x | int }}",
    ],
)  # fmt: skip
def test_places_that_it_does_and_values_that_do_no_harm(params):
    assert found(params) == []


def test_what_a_step_printed_is_not_trusted_and_facts_are_as_their_values():
    before = (
        "  look:\n    title: Look\n    shell: x\n    effect: read\n    facts: {t: '{{ stdout }}', n: '{{ stdout | int }}'}\n"
        "    next: {pass: more, fail: end.escalated, error: end.escalated}\n"
        "  more:\n    title: More\n    set: {again: 'x{{ facts.t }}'}\n    next: {pass: a}\n"
    )
    assert found("sh -c {{ facts.t }}", before) == ["facts.t"]
    assert found("sh -c {{ facts.again }}", before) == ["facts.again"]
    assert found("sh -c {{ facts.n }}", before) == []
    assert found("sh -c {{ steps.look.stdout }}", before) == ["steps.look.stdout"]
    assert found("sh -c {{ steps.look.exit_code }}", before) == []


@pytest.mark.parametrize(
    ("schema_", "held"),
    [
        ({"type": "string"}, False), ({"type": "integer"}, True), ({"enum": ["a"]}, True), ({"format": "hostname"}, True),
        ({"format": "uri"}, False), ({"pattern": "^[a-z]+$"}, True), ({"pattern": "[a-z]+"}, False), ({"pattern": "^.*$"}, False),
        ({"pattern": "^[^x]+$"}, False), ({"pattern": "^a|b$"}, False), ({"pattern": r"^v\d+\.\d+$"}, True),
        ({"pattern": r"^\S+$"}, False),
    ],
)  # fmt: skip
def test_a_schema_may_hold_an_input_to_harmless_characters(schema_, held):
    assert trust.confined(Input("x", schema_)) is held
