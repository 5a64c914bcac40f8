"""What an expression says, for those who prove something of it."""

from __future__ import annotations

import pytest

from steadyhand.expressions import reading
from steadyhand.expressions.reading import Said

KINDS = {"stdout": "string", "exit_code": "number", "inputs.list": "array"}


def kinds(name):
    return KINDS.get(name, "")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{{ facts.a }}", ("facts.a",)), ("{{ facts.a | default(1) }}", ()), ("{{ facts.a | int | default(1) }}", ("facts.a",)),
        ("{{ facts.a if facts.a is defined else facts.b }}", ("facts.b",)), ("{{ facts.get('a') }}", ("facts",)),
        ("plain", ()),
    ],
)  # fmt: skip
def test_names_that_must_be_there(source, names):
    assert reading.needed(source) == names


def test_names_of_an_expression():
    assert reading.needed("facts.a > 1 and facts.b | default(0) > 1", expression=True) == ("facts.a",)
    assert reading.needed("facts.a", expression=True) == ("facts.a",)


def test_names_that_go_unquoted():
    assert reading.raw_names("ls {{ inputs.a | raw }} {{ inputs.b }}") == ("inputs.a",)
    assert set(reading.raw_names("ls {{ ('-' ~ inputs.a) | raw }}")) >= {"inputs.a"}
    assert reading.raw_names("raw {{ inputs.a }}") == ()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("{{ stdout }}", "string"), ("{{ stdout | int }}", "number"), ("{{ stdout | int(0) }}", ""), ("{{ exit_code }}", "number"),
        ("x{{ exit_code }}", "string"), ("{{ exit_code == 1 }}", "boolean"), ("{{ [1, 2] }}", "array"), ("{{ {'a': 1} }}", "object"),
        ("{{ exit_code + 1 }}", "number"), ("{{ 'a' ~ 1 }}", "string"), ("{{ other }}", ""), ("{{ none }}", "null"),
        ("{% if stdout %}1{% endif %}", ""), ("{{ -exit_code }}", "number"), ("{{ stdout.split() }}", ""),
    ],
)  # fmt: skip
def test_the_type_of_a_template(source, kind):
    assert reading.kind_of(source, kinds) == kind


def test_clashes_are_told_with_names_and_types():
    assert list(reading.clashes("stdout > 1 and exit_code < 2 and inputs.list + 1 == 2", kinds, expression=True)) == [
        "`stdout` (text) cannot be compared with 1 (a number) by `>`",
        "`+` cannot be used with `inputs.list` (a list) and 1 (a number)",
    ]
    assert list(reading.clashes("{{ stdout }}", kinds)) == []


def test_an_expression_as_a_formula():
    assert reading.formula("a == 1") == Said("is", subject="a", name="equals", operand=1)
    assert reading.formula("1 < a.b") == Said("is", subject="a.b", name="gt", operand=1)
    assert reading.formula("not a in [1, -2]") == Said("not", (Said("is", subject="a", name="in", operand=[1, -2]),))
    assert reading.formula("a | int >= 2") == Said("is", subject="a | int", name="ge", operand=2)
    assert reading.formula("a") == Said("open", subject="a")
    assert reading.formula("1 == 2") == Said("any")
    assert reading.formula("1 / 0") is None
    assert reading.formula("a ==") is None


def test_what_is_not_understood_stays_open_and_is_told_apart():
    one, other = reading.formula("'x' in stdout"), reading.formula("'y' in stdout")
    assert one is not None
    assert other is not None
    assert (one.op, other.op) == ("open", "open")
    assert one.subject != other.subject


def test_words_for_types():
    assert [reading.worded(k) for k in ("string", "number", "x")] == ["text", "a number", "x"]
    assert [reading.json_kind(v) for v in ("", 1, True, None, [], {})] == [
        "string", "number", "boolean", "null", "array", "object",
    ]  # fmt: skip
