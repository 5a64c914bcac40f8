"""The words for what goes wrong."""

import pytest

from steadyhand.errors import SteadyError
from steadyhand.expressions import NotYetKnown, NulByte, Problem, TemplateError
from steadyhand.expressions.failures import listed, nearest


@pytest.mark.parametrize("error", [TemplateError("m", "h"), NulByte("m", "h"), NotYetKnown("steps.a")])
def test_every_failure_is_told_to_the_user(error):
    assert isinstance(error, TemplateError)
    assert isinstance(error, SteadyError)
    assert error.message
    assert error.hint


def test_what_is_not_known_yet_says_which_value_and_when():
    error = NotYetKnown("steps.causes.stdout")
    assert error.message == "`steps.causes.stdout` is not known yet"
    assert error.hint == "it is known only once the step that gives it has run"


def test_a_problem_is_an_error_unless_it_says_otherwise():
    assert Problem("m", 3).kind == "error"


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("hots", ["host", "port"], "host"),
        ("zzz", ["host"], ""),
        ("itn", ["min", "int"], "int"),
        ("x", [], ""),
        ("hots", ["host", 5, None], "host"),
    ],
)
def test_the_nearest_word_is_found_or_none(word, known, meant):
    assert nearest(word, known) == meant


def test_many_names_are_cut_with_their_number():
    assert listed(["b", "a"]) == "a, b"
    assert (
        listed(f"n{i:02}" for i in range(20)) == "n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11 and 8 more"
    )
