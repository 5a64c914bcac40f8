"""Values between JSON and PostgreSQL."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.expressions import render_text
from steadyhand.handlers._sql_values import dumped, loaded, number
from steadyhand.model import Syntax

from .databases import done, pg

__all__ = ["pg"]


@pytest.mark.parametrize(
    ("value", "bind", "kind"),
    [
        (None, None, 0), ("a", b"a", 0), (True, b"t", 16), (False, b"f", 16), (5, b"5", 23), (2**31, b"2147483648", 20),
        (2**63, b"9223372036854775808", 1700), (1.5, b"1.5", 1700), ([], b"{}", 0), ([1, None], b'{"1",NULL}', 1007),
        ([1, 2**40], b'{"1","1099511627776"}', 1016), ([1, 1.5], b'{"1","1.5"}', 1231), ([True], b"{t}", 1000),
        (['a"b\\', "NULL"], b'{"a\\"b\\\\","NULL"}', 0), ([[1], [2]], b'{{"1"},{"2"}}', 1007), ({"a": 1}, b'{"a": 1}', 0),
        ([{"a": 1}], b'[{"a": 1}]', 0), ([1, "a"], b'[1, "a"]', 0), ([[{}]], b"[[{}]]", 0),
    ],
)  # fmt: skip
def test_a_value_is_bound_as_its_literal_would_be_read(value, bind, kind):
    assert dumped(value) == (bind, kind)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (None, 25, None), ("t", 16, True), ("5", 20, 5), ("1.50", 1700, 1.5), ("0.00", 1700, 0.0), ("NaN", 1700, "NaN"),
        ("-Infinity", 701, "-Infinity"), ("1e+20", 701, 1e20), ("1e+305", 701, "1e+305"),
        ("12345678901234567890.5", 1700, "12345678901234567890.5"), ('{"a": 1}', 3802, {"a": 1}),
        ("[1e999]", 114, ["1e999"]), ("\\xdead", 17, "dead"), ("2026-11-20 10:00:00+00", 1184, "2026-11-20T10:00:00+00:00"),
        ("2026-11-20 10:00:00.5+05:30", 1184, "2026-11-20T10:00:00.5+05:30"), ("2026-11-20 10:00:00", 1114, "2026-11-20T10:00:00"),
        ("infinity", 1114, "infinity"), ("0044-03-15 00:00:00 BC", 1114, "0044-03-15 00:00:00 BC"),
        ("{1,NULL,3}", 1007, [1, None, 3]), ("{{t,f},{f,t}}", 1000, [[True, False], [False, True]]), ("{}", 1009, []),
        ('{a,"b,c","d\\"e","NULL"}', 1009, ["a", "b,c", 'd"e', "NULL"]), ("[0:1]={1,2}", 1007, "[0:1]={1,2}"),
        ("1 day", 1186, "1 day"), ("10.0.0.0/8", 650, "10.0.0.0/8"),
    ],
)  # fmt: skip
def test_a_value_is_loaded_with_nothing_lost(text, kind, value):
    assert loaded(None if text is None else text.encode(), kind) == value


def test_numbers_that_fit_are_numbers():
    assert (number("-12"), number("0.1"), number("-0")) == (-12, 0.1, 0)
    assert number("9" * 2000) == "9" * 2000


def test_half_a_character_cannot_be_bound():
    with pytest.raises(BadInput, match="half a character"):
        dumped("\ud800")


def test_what_goes_there_comes_back(pg):
    for value in [5, 2**40, 1.25, True, [1, 2], [1.5, 2], [[1, 2], [3, 4]]]:
        statement = render_text("select {{ x }} as x", {"x": value}, Syntax.SQL)
        assert done(pg.target(), query=statement).values["value"] == value
    for value, kind in [(["a", 'b"', "c\\d", "NULL", ""], "text[]"), ({"a": [1, None]}, "jsonb"), ("ü", "text")]:
        statement = render_text(f"select cast({{{{ x }}}} as {kind}) as x", {"x": value}, Syntax.SQL)
        assert done(pg.target(), query=statement).values["value"] == value
