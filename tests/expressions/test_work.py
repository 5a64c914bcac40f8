"""The bounds of one rendering."""

import pytest

from steadyhand.expressions import TemplateError
from steadyhand.expressions.work import (
    BITS,
    LARGEST,
    SIZE,
    STEPS,
    Work,
    affordable,
    power,
    product,
    short_enough,
    weight,
)


def test_steps_are_counted():
    work = Work()
    work.step(STEPS)
    with pytest.raises(TemplateError) as found:
        work.step()
    assert found.value.message == "the template does too much: more than 50,000 operations"
    assert found.value.hint == "make its loops smaller"


def test_what_is_handled_is_counted():
    work = Work()
    text = "a" * (SIZE // 2)
    work.handle(text, text)
    with pytest.raises(TemplateError) as found:
        work.handle("a")
    assert found.value.message == "the template handles too much: more than 33,554,432 characters and items in all"


def test_results_have_a_largest_size():
    affordable(LARGEST)
    with pytest.raises(TemplateError, match="would make a value of more than 4,194,304 characters or items"):
        affordable(LARGEST + 1)
    with pytest.raises(TemplateError, match="would make a number of more than 20,000 bits"):
        short_enough(BITS + 1)


@pytest.mark.parametrize(
    ("left", "right"), [("ab", LARGEST), (LARGEST, [1, 2]), pytest.param(1 << 15_000, 1 << 15_000, id="bits")]
)
def test_large_products_are_refused(left, right):
    with pytest.raises(TemplateError):
        product(left, right)


@pytest.mark.parametrize(
    ("left", "right"), [("ab", 10), (10, [1]), (10**9, 10**9), ("a", -(10**18)), (1.5, 2), ({}, "a")]
)
def test_other_products_are_not(left, right):
    product(left, right)


def test_large_powers_are_refused():
    with pytest.raises(TemplateError):
        power(9, 9**9)
    for left, right in ((2, 100), (1, 10**18), (-1, 10**18), (0, 10**18), (2.0, 10)):
        power(left, right)


def test_weights():
    assert [weight(v) for v in ("abc", [1, 2], {"a": 1}, 5, None)] == [3, 2, 1, 0, 0]
