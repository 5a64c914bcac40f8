"""A value in a query is one string, number or duration, whatever is in it."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.expressions.quoting import as_json
from steadyhand.handlers._promql import query_of
from steadyhand.model import Literal, Secret, Text, Value


def query(*parts):
    made = []
    for part in parts:
        if isinstance(part, str):
            made.append(Literal(part))
        elif isinstance(part, Secret):
            made.append(part)
        else:
            (value,) = part
            made.append(Value(value if isinstance(value, str) else as_json(value), as_json(value)))
    return query_of(Text(tuple(made)))


def test_a_value_stands_with_its_quotes():
    assert query("up{app=", ["shop"], "} > ", [0.5]) == 'up{app="shop"} > 0.5'
    assert query("up{app=", ['"} or vector(1) # \\'], "}") == 'up{app="\\"} or vector(1) # \\\\"}'


def test_a_duration_stands_without():
    assert query("rate(x[", ["5m"], "])") == "rate(x[5m])"
    assert query("max_over_time(x[1h:", ["1m30s"], "] offset ", ["1d"], ")") == "max_over_time(x[1h:1m30s] offset 1d)"
    with pytest.raises(BadInput, match="stands where PromQL takes a duration"):
        query("rate(x[", ["5m]) or vector(1"], "])")


@pytest.mark.parametrize("before", ['up{a="', "up{a='", "up{a=`", 'up{a="\\"', 'up{b="x",a="'])
def test_not_inside_quotes(before):
    with pytest.raises(BadInput, match=r"inside . quotes"):
        query(before, ["x"], '"}')


def test_quotes_that_are_closed_are_no_hindrance():
    assert query('up{a="\\"",b=\'"\',c=`\\`,d=', ["x"], "}") == 'up{a="\\"",b=\'"\',c=`\\`,d="x"}'
    assert query("# it's\nup{a=", ["x"], "}") == '# it\'s\nup{a="x"}'


@pytest.mark.parametrize("value", [True, None, [1], {"a": 1}])
def test_what_is_neither_text_nor_number(value):
    with pytest.raises(BadInput, match="neither a text nor a number"):
        query("up == ", [value])


def test_raw_text_and_secrets_have_no_place():
    with pytest.raises(BadInput, match="neither a text nor a number"):
        query_of(Text((Literal("up == "), Value("x or y", "x or y"))))
    with pytest.raises(BadInput, match="a secret cannot stand in a query"):
        query("up{a=", Secret("token"), "}")
    with pytest.raises(BadInput, match="is empty"):
        query(" ")


def test_what_is_not_known_yet_is_shown():
    assert (
        query_of(Text((Literal("up{a="), Value("<facts.a>", "<facts.a>", known=False), Literal("}"))))
        == "up{a=<facts.a>}"
    )
