"""Matchers: what is expected, what was seen, and whether it can be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import Truncated
from steadyhand.expressions.matchers import COMPARISONS, OPERATORS, Nothing, Told, Unit, describe, described, held, hold

GONE = Nothing("there is no `x`")
CUT = Truncated("begin middle", 5_000_000)
WHY = "only the first 12 of 5,000,000 bytes were kept"
S, P, D = Unit.STREAM, Unit.PLAIN, Unit.DURATION


@pytest.mark.parametrize(
    ("matcher", "value", "unit", "expected", "holds", "actual"),
    [
        # equality
        ("ok", "ok\n", S, '"ok"', True, '"ok"'),
        ("ok\n", "ok", S, '"ok\\n"', True, '"ok"'),
        ("ok", "ok\r\n", S, '"ok"', True, '"ok"'),
        ("ok", "ok\n\n", S, '"ok"', False, '"ok\\n"'),
        (17, "17\n", S, "17", True, '"17"'),
        (True, "true", S, "true", True, '"true"'),
        (200, 200, P, "200", True, "200"),
        (200, 200.0, P, "200", True, "200.0"),
        (200, "200", P, "200", False, '"200"'),
        (1, True, P, "1", False, "true"),
        (None, None, P, "null", True, "null"),
        ({"equals": {"a": [1]}}, {"a": [1]}, P, '{"a": [1]}', True, '{"a": [1]}'),
        ({"equals": "500ms"}, 500_000, D, "500ms", True, "500ms"),
        ("begin middle", CUT, S, '"begin middle"', None, WHY),
        ("x", GONE, P, '"x"', None, "there is no `x`"),
        # contents
        ({"contains": "mid"}, "begin middle\n", S, 'to contain "mid"', True, '"begin middle"'),
        ({"contains": "zz"}, "begin\n", S, 'to contain "zz"', False, '"begin"'),
        ({"contains": 5}, "a5", P, "to contain 5", True, '"a5"'),
        ({"contains": "mid"}, CUT, S, 'to contain "mid"', True, '"begin middle"'),
        ({"contains": "zz"}, CUT, S, 'to contain "zz"', None, WHY),
        ({"contains": 2}, [1, 2], P, "to contain 2", True, "[1, 2]"),
        ({"contains": True}, [1, 2], P, "to contain true", False, "[1, 2]"),
        ({"contains": "a"}, {"a": 1}, P, 'to contain "a"', True, '{"a": 1}'),
        ({"contains": 1}, {"a": 1}, P, "to contain 1", False, '{"a": 1}'),
        ({"contains": 1}, 5, P, "to contain 1", None, "5 is a number, which contains nothing"),
        ({"contains": None}, "a", P, "to contain null", None, "`the value` is null: null cannot stand in a text"),
        # patterns
        ({"matches": "^b.*e$"}, "begin middle\n", S, "to match /^b.*e$/", True, '"begin middle"'),
        ({"matches": "^x"}, "begin", S, "to match /^x/", False, '"begin"'),
        ({"matches": "2.."}, 204, P, "to match /2../", True, '"204"'),
        ({"matches": "beg"}, CUT, S, "to match /beg/", True, '"begin middle"'),
        ({"matches": "middle"}, CUT, S, "to match /middle/", None, WHY),
        ({"matches": "beg$|beg"}, CUT, S, "to match /beg$|beg/", None, WHY),
        ({"matches": "zz"}, CUT, S, "to match /zz/", None, WHY),
        ({"matches": "a"}, None, P, "to match /a/", None, "`the value` is null: null cannot stand in a text"),
        (
            {"matches": "("},
            "a",
            P,
            "to match /(/",
            None,
            "`(` is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        (
            {"matches": "a"},
            "a" * 2_000_000,
            P,
            "to match /a/",
            None,
            "a text of 2,000,000 characters is too long for a regular expression",
        ),
        # numbers
        ({"number": {"lt": 5}}, " 3\n", S, "a number less than 5", True, "3"),
        ({"number": {"lt": 5}}, "17\n", S, "a number less than 5", False, "17"),
        ({"number": {"lt": 5}}, "psql: error\n", S, "a number less than 5", None, '"psql: error" is not a number'),
        ({"number": {"lt": 5}}, "", S, "a number less than 5", None, '"" is not a number'),
        ({"number": {"gt": 1, "le": 2.5}}, "2.5", S, "a number greater than 1 and at most 2.5", True, "2.5"),
        ({"number": {"ge": 1, "eq": 2}}, "1", S, "a number at least 1 and equal to 2", False, "1"),
        ({"number": 5}, "5", S, "a number equal to 5", True, "5"),
        ({"number": {"lt": 5}}, True, P, "a number less than 5", None, "true is not a number"),
        ({"number": {"lt": 5}}, "nan", S, "a number less than 5", None, '"nan" is not a number'),
        ({"number": {"lt": 5}}, "٣", S, "a number less than 5", None, '"٣" is not a number'),
        ({"number": {"lt": 5}}, CUT, S, "a number less than 5", None, WHY),
        ({"number": {"lt": "x"}}, "1", S, "a number less than x", None, '"x" is not a number'),
        ({"number": {"lte": 5}}, "1", S, "a number lte 5", None, "there is no comparison `lte`"),
        ({"lt": 5}, 3, P, "a number less than 5", True, "3"),
        (
            {"gt": 9007199254740992},
            "9007199254740993",
            S,
            "a number greater than 9007199254740992",
            True,
            "9007199254740993",
        ),
        ({"eq": 5}, 5.0, P, "a number equal to 5", True, "5.0"),
        ({"lt": "500ms"}, 700_000, D, "a duration less than 500ms", False, "700ms"),
        ({"le": "1m30s"}, 90_000_000, D, "a duration at most 1m30s", True, "1m30s"),
        ({"lt": "fast"}, 700_000, D, "a duration less than fast", None, '"fast" is not a duration'),
        # choice, length, presence
        ({"in": [200, 204]}, 204, P, "one of 200, 204", True, "204"),
        ({"in": ["a", "b"]}, "c\n", S, 'one of "a", "b"', False, '"c"'),
        ({"in": []}, 1, P, "one of ", False, "1"),
        ({"in": 5}, 5, P, "one of 5", None, "`in` takes a list"),
        ({"in": list(range(30))}, 5, P, f"one of {', '.join(map(str, range(20)))}, …", True, "5"),
        ({"length": 2}, [1, 2], P, "a length of 2", True, "a length of 2"),
        ({"length": {"gt": 2}}, "ab\n", S, "a length greater than 2", False, "a length of 2"),
        ({"length": 0}, {}, P, "a length of 0", True, "a length of 0"),
        ({"length": 1}, 5, P, "a length of 1", None, "5 is a number, which has no length"),
        ({"length": 1}, CUT, S, "a length of 1", None, WHY),
        ({"exists": True}, GONE, P, "to be there", False, "not there"),
        ({"exists": False}, GONE, P, "not to be there", True, "not there"),
        ({"exists": False}, None, P, "not to be there", False, "null"),
        ({"exists": True}, Nothing("it is not JSON", absent=False), P, "to be there", None, "it is not JSON"),
        ({"exists": "yes"}, 1, P, "to be there", None, "`exists` is true or false"),
        ({"exists": True}, CUT, S, "to be there", True, '"begin middle"… (5,000,000 bytes)'),
        # composition
        ({"not": {"contains": "a"}}, "b", S, 'not to contain "a"', True, '"b"'),
        ({"not": 5}, 5, P, "not 5", False, "5"),
        ({"not": {"contains": "zz"}}, CUT, S, 'not to contain "zz"', None, WHY),
        ({"not": {"contains": "beg"}}, CUT, S, 'not to contain "beg"', False, '"begin middle"'),
        ({"any": [1, {"gt": 5}]}, 7, P, "any of (1; a number greater than 5)", True, "7"),
        ({"any": [1, {"gt": 5}]}, 3, P, "any of (1; a number greater than 5)", False, "3"),
        ({"any": [1, {"gt": 5}]}, "x", P, "any of (1; a number greater than 5)", None, '"x" is not a number'),
        ({"any": []}, 1, P, "any of ()", None, "`any` takes a list of matchers"),
        ({"all": [{"gt": 1}, {"lt": 9}]}, 5, P, "all of (a number greater than 1; a number less than 9)", True, "5"),
        ({"all": [{"gt": 1}, 9]}, 5, P, "all of (a number greater than 1; 9)", False, "5"),
        ({"all": 5}, 5, P, "all of (5)", None, "`all` takes a list of matchers"),
        ({"any": [{"exists": False}, "a"]}, GONE, P, 'any of (not to be there; "a")', True, "not there"),
        ({"contains": "a", "length": 3}, "xyz", P, 'to contain "a" and a length of 3', False, '"xyz"'),
        ({"gt": 1, "contains": 1}, "x", P, "a number greater than 1 and to contain 1", False, '"x"'),
        ({"nothing": 1}, 1, P, "nothing 1", None, "there is no matcher `nothing`"),
        ({}, 1, P, "", True, "1"),
    ],
)
def test_a_matcher_explains_itself(matcher, value, unit, expected, holds, actual):
    assert described(matcher, unit) == expected
    assert held(matcher, value, unit) == Told(holds, actual)


def test_a_long_text_is_shown_around_what_was_found():
    text = "start\n" + "x" * 300 + " needle " + "y" * 300 + "\nend"
    told = hold("contains", "needle", text, S)
    assert told == Told(True, f'"{"x" * 59} needle {"y" * 59}" (in 618 characters)')
    assert hold("matches", "^end", text, S).holds is False


def test_deep_values_are_refused_and_not_a_crash():
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert hold("equals", deep, [deep]).holds is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda i: (
        st.lists(i, max_size=3) | st.dictionaries(st.sampled_from([*OPERATORS, *COMPARISONS, "a"]), i, max_size=3)
    ),
    max_leaves=6,
)
SEEN = JSON | st.builds(Truncated, st.text(), st.integers(0)) | st.just(GONE)


@given(st.sampled_from(OPERATORS), JSON, SEEN, st.sampled_from(Unit))
def test_nothing_raises(name, operand, value, unit):
    assert describe(name, operand, unit).isprintable()
    assert hold(name, operand, value, unit).actual.isprintable()


@given(st.sampled_from(OPERATORS), JSON, SEEN, st.sampled_from(Unit))
def test_not_turns_what_can_be_told_and_only_that(name, operand, value, unit):
    holds = hold(name, operand, value, unit).holds
    assert hold("not", {name: operand}, value, unit).holds is (None if holds is None else not holds)


@given(JSON)
def test_every_value_equals_itself_and_is_one_of_itself(value):
    if "nan" not in repr(value):
        assert hold("equals", value, value).holds is True
        assert hold("in", [1, value], value).holds is True
