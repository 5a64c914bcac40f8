"""Regular expressions that end."""

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import TemplateError
from steadyhand.expressions.patterns import LONGEST, compiled, looks_ahead, searchable

HINT = r"put something that the inner one cannot match between its turns, as in `(\d+\.)+`"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"(a|a)*b",
        r"(?:a|ab)*c",
        r"(\w+\s?)*$",
        r"([a-zA-Z]+)*x",
        r"(.*,)*x",
        r"((a+)b?)+c",
        r"(a{2,}){20,}",
        r"(?:\d+)+?x",
        r"(a|)*b",
        r"(?i:(ab|AB)*)c",
        r"(?=(a+)+b)",
        r"([^x]+)+y",
        r"(\S+\w)*!",
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern):
    with pytest.raises(TemplateError) as found:
        compiled(pattern)
    assert found.value.message == (
        f"the regular expression `{pattern}` could take for ever: "
        "a repetition inside a repetition can split the same text in too many ways"
    )
    assert found.value.hint == HINT


@pytest.mark.parametrize(
    "pattern",
    [
        r"^ok$",
        r"error.*timeout",
        r"(\d+\.)+\d+",
        r"(?:[a-z]+-)*[a-z]+",
        r"(\w+\s)*end",
        r"(a|b)*c",
        r"(?:foo|bar)+",
        r"(?:(?:\d{1,3}\.){3}\d{1,3})",
        r"\b\w+\b",
        r"(a+){2}",
        r'("[^"]*",)*',
        r"(?:a++)+b",
        r"(?:ab|cd)*",
        r"x{0,100}",
        r"[^\d]+\D\S\W\s",
        r"(a)(?(1)b|c)",
        r"(?<!a)b",
        r"é+[à-ü]+",
    ],
)
def test_ordinary_patterns_are_not(pattern):
    assert compiled(pattern) == re.compile(pattern)


@pytest.mark.parametrize("pattern", [r"(\d+\.)+\d+", r"(?:[a-z]+-)*[a-z]+x", r"(\w+\s)*end", r'("[^"]*",)*x'])
def test_what_is_let_through_does_end(pattern):
    text = "1." * 20 + "a-" * 20 + "a " * 20 + '"",' * 20
    start = time.monotonic()
    for end in ("!", "", "\n"):
        compiled(pattern).search(text + end)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing ), unterminated subpattern at position 0"),
        ("*", "nothing to repeat at position 0"),
        (r"\1", "invalid group reference 1 at position 1"),
    ],
)
def test_what_is_no_pattern_is_said(pattern, why):
    with pytest.raises(TemplateError) as found:
        compiled(pattern)
    assert found.value.message == f"`{pattern}` is not a regular expression: {why}"


@pytest.mark.parametrize("pattern", ["[[:digit:]]+", "[[a]", "a[b--c]", "[^a&&b]", "[a||b]", "[]~~]", r"\[[[]"])
def test_a_set_within_a_set_is_refused(pattern):
    with pytest.raises(TemplateError) as found:
        compiled(pattern)
    assert (
        found.value.message == f"`{pattern}` holds a set within a set, which does not mean here what it does elsewhere"
    )
    assert found.value.hint == r"write `\d`, `\s` or `\w` for `[:digit:]` and the like, and `\[` for a bracket in a set"


@pytest.mark.parametrize("pattern", [r"[\[]", "[]a]", "[^]a]+", r"\[[a]\]", "a--b||", "[a-z-]", "[^[]", r"[\]]--"])
def test_other_sets_are_not(pattern):
    assert compiled(pattern) == re.compile(pattern)


@given(st.text("[]^-&|a\\~") | st.text(max_size=12))
def test_any_text_is_a_pattern_or_refused_and_nothing_is_printed(text):
    with suppress(TemplateError):
        compiled(text)


def test_a_deep_pattern_is_refused_and_not_a_crash():
    with pytest.raises(TemplateError):
        compiled("(" * 5000 + ")" * 5000)


def test_long_text_is_refused():
    assert searchable("a" * LONGEST)
    with pytest.raises(TemplateError, match="a text of 1,048,577 characters is too long for a regular expression"):
        searchable("a" * (LONGEST + 1))


@pytest.mark.parametrize(("pattern", "answer"), [("a$", True), (r"a\b", True), ("(a(?=b))", True), ("(a|b)+", False)])
def test_whether_a_match_depends_on_what_follows(pattern, answer):
    assert looks_ahead(pattern) is answer
