"""The pieces of a request that its plan and its exchange share."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._request import METHODS, SAFE, one_line, pairs, replaced
from steadyhand.model import Secret, Text, plain


def test_the_methods_that_read_are_methods():
    assert set(METHODS) > SAFE == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("value", ["", "a b", "a\tb", "ü", "\udcff"])
def test_a_line(value):
    assert one_line("X", value) == value


@pytest.mark.parametrize("value", ["\n", "a\r", "\0", "\x1b", "\x7f"])
def test_no_line(value):
    with pytest.raises(BadInput, match="header X holds a line break or another control character"):
        one_line("X", value)


def test_pairs():
    found = list(pairs({"a": plain("1"), "b": [plain("2"), 3], "c": True, "d": []}))
    assert found == [("a", plain("1")), ("b", plain("2")), ("b", plain("3")), ("c", plain("true"))]


def test_texts_in_a_value_are_replaced_wherever_they_are():
    value = {"a": [Text((Secret("key"),)), 1, {"b": plain("x")}], "c": None, "d": "as it is"}
    assert replaced(value, Text.masked) == {"a": ["•••", 1, {"b": "x"}], "c": None, "d": "as it is"}
