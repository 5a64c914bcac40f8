"""Types, as far as schemas tell them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import graph, schema
from steadyhand.graph import Around, kinds

from .documents import END, HEAD, READ, SPECS, leads, steps

INPUTS = (
    "inputs: {text: {type: string}, number: {type: integer}, list: {type: array}, any: {}, word: {enum: [a, b]},"
    " many: {type: [string, integer]}}\n"
)
AROUND = Around(specs=SPECS)


def read(*bodies):
    body = "".join(f"  s{n}:\n    title: S\n{one}" for n, one in enumerate(bodies))
    loaded = schema.read(f"{HEAD}{INPUTS}steps:\n{body}", "x.yaml", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook


def found(*bodies):
    return [d.message for d in graph.check(read(*bodies), AROUND) if d.code == "SG012"]


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("inputs.text > 5", "`inputs.text` (text) cannot be compared with 5 (a number) by `>`"),
        ("5 <= stdout", "5 (a number) cannot be compared with `stdout` (text) by `<=`"),
        ("inputs.list < 5", "`inputs.list` (a list) cannot be compared with 5 (a number) by `<`"),
        ("inputs.text + 1 == 2", "`+` cannot be used with `inputs.text` (text) and 1 (a number)"),
        ("exit_code - inputs.word == 2", "`-` cannot be used with `exit_code` (a number) and `inputs.word` (text)"),
        ("stdout | int > 5", ""), ("inputs.number > exit_code", ""), ("inputs.any > 5", ""), ("inputs.many > 5", ""),
        ("inputs.text == 5", ""), ("inputs.text < stdout", ""), ("inputs.text ~ 1 == 'x1'", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_or_computed(expression, wrong):
    said = found(READ + f'    expect: "{expression}"\n' + END)
    assert said == ([f"in `s0`, {wrong}"] if wrong else [])


def test_a_fact_is_of_the_type_of_what_it_is_set_to():
    first = "    shell: x\n    effect: read\n    facts: {n: '{{ stdout | int }}', t: '{{ stdout }}'}\n"
    on = leads(**{"pass": "s1", "fail": "s1", "error": "end.escalated"})
    assert found(first + on, READ + '    expect: "facts.n > 5"\n' + END) == []
    assert found(first + on, READ + '    expect: "facts.t > 5"\n' + END) == [
        "in `s1`, `facts.t` (text) cannot be compared with 5 (a number) by `>`"
    ]


@pytest.mark.parametrize(("items", "wrong"), [("inputs.text", "text"), ("inputs.list", ""), ("inputs.any", "")])
def test_a_wave_goes_through_a_list(items, wrong):
    said = found(f'    each: {{in: "{{{{ {items} }}}}"}}\n' + READ + END)
    assert said == ([f"`each.in` of `s0` is {wrong}, and no list"] if wrong else [])


@pytest.mark.parametrize(
    ("matcher", "wrong"),
    [
        ('{number: {lt: "{{ inputs.text }}"}}', "text"), ('{lt: "{{ inputs.list }}"}', "a list"),
        ('{number: {lt: "{{ inputs.number }}"}}', ""), ('{lt: "{{ inputs.text | int }}"}', ""),
        ('{equals: "{{ inputs.text }}"}', ""), ('{any: [{lt: "{{ inputs.text }}"}]}', "text"),
    ],
)  # fmt: skip
def test_a_bound_is_a_number(matcher, wrong):
    said = found(READ + f"    expect: {{stdout: {matcher}}}\n" + END)
    assert [bool(wrong)] * len(said) == [True] * bool(wrong)
    assert all(one.endswith(f"which is {wrong} and no number") for one in said)


def test_what_a_called_runbook_is_given():
    called = replace(steps(a=READ + END), name="inner", inputs=read(READ + END).inputs)

    def said(given):
        outer = read(f"    call: {{runbook: inner, inputs: {given}}}\n" + END)
        return [d.message for d in graph.check(replace(outer, calls={"inner": called}), AROUND) if d.code == "SG016"]

    every = "text: x, number: 3, list: [a], any: 1, word: a, many: 3"
    assert said(f"{{{every}}}") == []
    assert said("{" + every.replace("text: x, ", "") + "}") == ["`s0` does not give the input `text` of runbook inner"]
    assert said("{" + every.replace("number: 3", "number: '{{ inputs.text }}'") + "}") == [
        "`s0` gives text for the input `number` of runbook inner"
    ]
    assert said(f"{{{every}, txt: x}}") == ["`s0` gives the input `txt`, which runbook inner does not have"]


@pytest.mark.parametrize(
    ("given", "kind"),
    [({"type": "integer"}, "number"), ({"enum": [1, 2]}, "number"), ({"enum": [1, "a"]}, ""), ({}, ""), ({"type": ["string"]}, "")],
)  # fmt: skip
def test_the_type_that_a_schema_allows(given, kind):
    assert kinds.schema_kind(given) == kind
