"""What is wrong with an expectation, before anything has been seen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.expressions import check_expect, judge
from steadyhand.expressions.matchers import COMPARISONS, OPERATORS

ALL = "there are equals, contains, matches, number, lt, le, gt, ge, eq, in, length, exists, not, any, all"


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"exit_code": 0, "stdout": "ok", "anything": [1, 2]},
        {"stdout": {"number": {"lt": 5, "ge": "{{ inputs.low }}"}, "contains": "a", "matches": "^a+$"}},
        {"duration": {"lt": "500ms"}, "status": {"in": [200, 204]}},
        {"duration": "{{ inputs.limit }}"},
        {"json": {"path": "$.a[?@.b == 1]", "equals": {"any": "thing"}, "default": 5}},
        {"json": [{"path": "$.a"}, {"path": "{{ inputs.path }}", "exists": True}]},
        {"headers": {"content-type": {"contains": "json", "default": ""}, "x": "y"}},
        {"stdout": {"any": ["a", {"not": {"contains": "b"}}], "all": [{"length": {"gt": 1}}]}},
        {"pass": {"exit_code": 0}, "fail": "exit_code == 1"},
        {"stdout": {"length": 5, "eq": 5, "number": 5, "matches": "{{ inputs.pattern }}"}},
    ],
)
def test_what_is_right_has_no_problems(expect):
    assert check_expect(expect) == []


@pytest.mark.parametrize(
    ("expect", "where", "message", "hint"),
    [
        (
            {"stdout": {"contain": "a"}},
            ("stdout", "contain"),
            "there is no matcher `contain`",
            "did you mean `contains`?",
        ),
        (
            {"stdout": {"mathces": "a"}},
            ("stdout", "mathces"),
            "there is no matcher `mathces`",
            "did you mean `matches`?",
        ),
        ({"stdout": {"zzz": 1}}, ("stdout", "zzz"), "there is no matcher `zzz`", ALL),
        ({"json": {"path": "$.a", "zzz": 1}}, ("json", "zzz"), "there is no matcher `zzz`", f"{ALL}, default"),
        ({"stdout": {"default": 1}}, ("stdout", "default"), "there is no matcher `default`", ALL),
        (
            {"x": {"zzz": {"a": 1}}},
            ("x", "zzz"),
            "there is no matcher `zzz`",
            "to compare a whole map, write it under `equals:`",
        ),
        ({"x": {"number": {"lte": 5}}}, ("x", "number", "lte"), "there is no comparison `lte`", "did you mean `le`?"),
        (
            {"x": {"number": {"zz": 5}}},
            ("x", "number", "zz"),
            "there is no comparison `zz`",
            "there are lt, le, gt, ge, eq",
        ),
        ({"x": {"number": {}}}, ("x", "number"), "a comparison is missing", "write `{lt: 5}`"),
        ({"x": {"lt": "5"}}, ("x", "lt"), "this is compared as a number, and is none", "write a number, as in `lt: 5`"),
        (
            {"x": {"number": {"lt": True}}},
            ("x", "number", "lt"),
            "this is compared as a number, and is none",
            "write a number, as in `lt: 5`",
        ),
        (
            {"duration": {"lt": 5}},
            ("duration", "lt"),
            "this is compared as a duration, and is none",
            "write it with its unit: `500ms`, `5s`, `1h30m`",
        ),
        (
            {"duration": 5},
            ("duration",),
            "this is compared as a duration, and is none",
            "write it with its unit: `500ms`, `5s`, `1h30m`",
        ),
        (
            {"x": {"matches": "("}},
            ("x", "matches"),
            "`(` is not a regular expression: missing ), unterminated subpattern at position 0",
            "",
        ),
        ({"x": {"matches": 5}}, ("x", "matches"), "a regular expression is a text", "put it in quotes"),
        ({"x": {"in": "a"}}, ("x", "in"), "`in` takes a list", "write `in: [200, 204]`"),
        (
            {"x": {"any": "a"}},
            ("x", "any"),
            "`any` takes a list of matchers",
            "write `any: [{contains: a}, {contains: b}]`",
        ),
        ({"x": {"all": [1, {"has": 1}]}}, ("x", "all", 1, "has"), "there is no matcher `has`", ALL),
        (
            {"x": {"not": {"match": "a"}}},
            ("x", "not", "match"),
            "there is no matcher `match`",
            "did you mean `matches`?",
        ),
        ({"x": {"exists": "yes"}}, ("x", "exists"), "`exists` is true or false", "write `exists: true`"),
        (
            {"x": {"contains": None}},
            ("x", "contains"),
            "`contains` needs something to look for",
            "write `contains: 'text'`",
        ),
        (
            {"json": [{"path": "a"}]},
            ("json", 0, "path"),
            "the path `a` cannot be read at character 1: a path begins with `$`",
            "",
        ),
        ({"json": {"path": 5}}, ("json", "path"), "a path is a text", "write `$.name`"),
        ({"stdout": "{{ a | uper }}"}, ("stdout",), "there is no filter `uper`", "did you mean `upper`?"),
        (
            {"x": {"number": {"lt": "{{ a | uper }}"}}},
            ("x", "number", "lt"),
            "there is no filter `uper`",
            "did you mean `upper`?",
        ),
        ({"x": {"equals": "{{ a | uper }}"}}, ("x", "equals"), "there is no filter `uper`", "did you mean `upper`?"),
        ({"json": {"path": "{{ a | uper }}"}}, ("json", "path"), "there is no filter `uper`", "did you mean `upper`?"),
        ({"headers": {"a": {"is": 1}}}, ("headers", "a", "is"), "there is no matcher `is`", "did you mean `equals`?"),
        ({"pass": "a | uper", "fail": {}}, ("pass",), "there is no filter `uper`", "did you mean `upper`?"),
        (
            {"pass": 5},
            ("pass",),
            "an expectation is a map of matchers or an expression",
            "write `{exit_code: 0}`, for one",
        ),
    ],
)
def test_what_is_wrong_is_located(expect, where, message, hint):
    assert check_expect(expect) == [(where, message, hint)]


def test_a_subject_that_the_handler_does_not_give():
    results = ("stdout", "stderr", "exit_code")
    assert check_expect({"sdtout": 1, "json": {"path": "$.a"}}, results) == [
        (("sdtout",), "the result has no `sdtout`", "did you mean `stdout`?")
    ]
    assert check_expect({"rows": 1}, ["count"]) == [(("rows",), "the result has no `rows`", "there are count")]


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["{{ a", "$.a", "5s", "("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*OPERATORS, *COMPARISONS, "path", "default", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["stdout", "json", "headers", "duration", "pass", "fail"]), ANY, max_size=3))
def test_whatever_stands_there_is_checked_and_judged(expect):
    found = check_expect(expect)
    assert all(message and message.isprintable() for _, message, _ in found)
    verdict = judge(expect, {"stdout": "a", "json": {}, "headers": {}, "duration": 5}, {})
    missing = ("there is no matcher", "there is no comparison")
    if not found:
        assert not any(f.actual.startswith(missing) for f in verdict.findings)
