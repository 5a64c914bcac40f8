"""Plain scalars mean what YAML 1.2 core says, and nothing more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.source.scalars import NUMBERS, WORDS, resolve

TABLE = [
    ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nUll", "nUll"),
    ("true", True), ("True", True), ("TRUE", True), ("false", False), ("tRue", "tRue"),
    ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("n", "n"),
    ("0", 0), ("12", 12), ("012", 12), ("-3", -3), ("+3", 3), ("0o17", 15), ("0x1F", 31), ("0b101", "0b101"),
    ("1_000", "1_000"), ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("2026-11-20", "2026-11-20"),
    ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0),
    ("-1.5E-3", -0.0015), ("1.2.3", "1.2.3"), ("-", "-"), ("+", "+"), (".", "."), ("...", "..."), ("-.inf", -math.inf),
    (".inf", math.inf), ("+.INF", math.inf), ("inf", "inf"), ("nan", "nan"), ("=", "="), ("<<", "<<"), ("10%", "10%"),
    ("v1", "v1"), ("0o8", "0o8"), ("0x", "0x"), ("1e", "1e"), ("٣", "٣"), (" 1", " 1"), ("1\n", "1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), TABLE)
def test_the_table_of_the_specification(text, value):
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


def test_not_a_number():
    assert math.isnan(resolve(".nan"))
    assert math.isnan(resolve(".NaN"))


def test_endless_digits_are_text_and_take_no_time():
    assert resolve("1" * 5000) == "1" * 5000
    assert resolve("1" * 4000) == int("1" * 4000)


@given(st.text(max_size=20))
def test_whatever_is_in_no_table_stays_as_it_is(text):
    found = resolve(text)
    if isinstance(found, str):
        assert found == text
        assert text not in WORDS
        assert not any(pattern.fullmatch(text) for pattern, _ in NUMBERS)


@given(st.integers(-(10**30), 10**30))
def test_whole_numbers_keep_every_digit(number):
    assert resolve(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(number):
    text = repr(number)
    assert resolve(text) == number
