"""Values as evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import SecretRef, Truncated, Unknown, shown
from steadyhand.expressions.shown import pattern


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ok", '"ok"'),
        ("a\nb\x1b[2J", '"a\\nb\\u001b[2J"'),
        ("\u2028\u202e\x7f\udcff", '"\\u2028\\u202e\\u007f\\udcff"'),
        ("é 中", '"é 中"'),
        (5, "5"),
        (None, "null"),
        (True, "true"),
        ([1, {"a": "b"}], '[1, {"a": "b"}]'),
        ("x" * 300, f'"{"x" * 200}"… (300 characters)'),
        (["x"] * 300, "[" + '"x", ' * 39 + '"x",… (300 items)'),
        ({str(i): i for i in range(100)}, None),
        (Truncated("abc", 5_000_000), '"abc"… (5,000,000 bytes)'),
        (SecretRef("pw"), "•••"),
        ([SecretRef("pw")], "(`secrets.pw` is a secret, and a secret cannot be transformed: pass it whole)"),
        (Unknown("steps.a"), "⟨steps.a⟩"),
        (float("nan"), "(`the value` is not a finite number (nan))"),
    ],
)
def test_values_are_short_and_on_one_line(value, text):
    if text is None:
        assert shown(value).endswith("… (100 names)")
    else:
        assert shown(value) == text


@given(st.text(st.characters(codec=None, categories=None)) | st.integers() | st.lists(st.text()))
def test_nothing_in_them_acts_on_a_terminal(value):
    assert shown(value).isprintable()
    assert len(shown(value)) < 450


def test_patterns():
    assert pattern("a\n+") == "/a\\u000a+/"
