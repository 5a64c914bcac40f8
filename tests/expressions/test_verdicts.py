"""Judging a result: pass, fail, or could not tell, and why."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.expressions import SecretRef, Truncated, Unknown, judge
from steadyhand.expressions.matchers import COMPARISONS, OPERATORS
from steadyhand.model import Finding, Verdict

SEEN = {
    "exit_code": 0,
    "stdout": "17\n",
    "stderr": "",
    "status": 200,
    "headers": {"Content-Type": "application/json", "Set-Cookie": ["a=1", "b=2"]},
    "json": {"database": "up", "pools": [{"n": 1, "ok": True}, {"n": 2, "ok": False}], "none": None},
    "duration": 700_000,
    "rows": [[1, "a"]],
}
NAMES = {"inputs": {"limit": 5, "word": "17"}, "secrets": {"pw": SecretRef("pw")}, "facts": {}}


def judged(expect, seen=SEEN, **named):
    return judge(expect, seen, NAMES, **named)


@pytest.mark.parametrize(
    ("expect", "outcome", "reason"),
    [
        ({"exit_code": 0}, "pass", "exit_code: 0, as expected"),
        ({"stdout": "17", "status": 200}, "pass", "all 2 expectations hold"),
        ({"stdout": {"number": {"lt": 5}}}, "fail", "stdout: expected a number less than 5, found 17"),
        ({"stdout": 5, "status": 500, "exit_code": 0}, "fail", 'stdout: expected 5, found "17" (and 1 more)'),
        (
            {"stderr": {"number": {"lt": 5}}},
            "error",
            'stderr: expected a number less than 5, but "" is not a number',
        ),
        (
            {"rowz": 5},
            "error",
            "rowz: expected 5, but there is no `rowz`; there are duration, exit_code, headers, json, rows, status, stderr, stdout",
        ),
        ({"rowz": 5, "exit_code": 1}, "fail", "exit_code: expected 1, found 0"),
        ({"duration": {"lt": "500ms"}}, "fail", "duration: expected a duration less than 500ms, found 700ms"),
        ({"rows": {"length": 1}}, "pass", "rows: a length of 1, as expected"),
        (
            {"headers": {"content-type": {"contains": "json"}}},
            "pass",
            'header content-type: "application/json", as expected',
        ),
        ({"headers": {"set-cookie": "a=1, b=2"}}, "pass", 'header set-cookie: "a=1, b=2", as expected'),
        ({"headers": {"x-a": "1"}}, "error", 'header x-a: expected "1", but there is no header `x-a`'),
        ({"headers": {"x-a": {"exists": False}}}, "pass", "header x-a: not there, as expected"),
        (
            {"headers": {"x-a": {"default": 1, "contains": "a"}}},
            "error",
            'header x-a: expected to contain "a", but 1 is a number, which contains nothing',
        ),
        ({"headers": {"x-a": {"default": "1", "equals": "1"}}}, "pass", 'header x-a: "1", as expected'),
        ({"json": {"path": "$.database", "equals": "up"}}, "pass", 'json $.database: "up", as expected'),
        ({"json": {"path": "$.database", "equals": "down"}}, "fail", 'json $.database: expected "down", found "up"'),
        ({"json": {"path": "$.zz", "equals": 1}}, "error", "json $.zz: expected 1, but `$.zz` was not found"),
        ({"json": {"path": "$.zz", "default": 1, "equals": 1}}, "pass", "json $.zz: 1, as expected"),
        ({"json": {"path": "$.zz", "exists": False}}, "pass", "json $.zz: not there, as expected"),
        ({"json": {"path": "$.none"}}, "pass", "json $.none: null, as expected"),
        ({"json": {"path": "$.zz"}}, "fail", "json $.zz: expected to be there, found not there"),
        ({"json": {"path": "$.pools[*].n", "equals": [1, 2]}}, "pass", "json $.pools[*].n: [1, 2], as expected"),
        (
            {"json": {"path": "$.pools[?@.ok == false].n", "length": 1}},
            "pass",
            "json $.pools[?@.ok == false].n: a length of 1, as expected",
        ),
        (
            {"json": [{"path": "$.database", "equals": "up"}, {"path": "$.pools[0].n", "lt": 5}]},
            "pass",
            "all 2 expectations hold",
        ),
        (
            {"json": {"contains": "database"}},
            "pass",
            'json: {"database": "up", "pools": [{"n": 1, "ok": true}, {"n": 2, "ok": false}], "none": null}, as expected',
        ),
        (
            {"json": {"path": "$.[", "equals": 1}},
            "error",
            "json $.[: expected 1, but the path `$.[` cannot be read at character 3: a name is missing; write `['a name']` for one with other characters",
        ),
        ({}, "pass", "nothing was expected"),
        # templates
        ({"stdout": "{{ inputs.word }}"}, "pass", 'stdout: "17", as expected'),
        ({"stdout": {"number": {"gt": "{{ inputs.limit }}"}}}, "pass", "stdout: 17, as expected"),
        (
            {"stdout": {"number": {"gt": "{{ status }}"}}},
            "fail",
            "stdout: expected a number greater than 200, found 17",
        ),
        (
            {"stdout": "{{ inputs.wrod }}"},
            "error",
            "the expectation cannot be rendered: `inputs.wrod` does not exist; `inputs` has limit, word",
        ),
        (
            {"stdout": "{{ secrets.pw }}"},
            "error",
            "the expectation cannot be rendered: `secrets.pw` is a secret, and this value would be kept and shown",
        ),
        # expressions
        (
            "exit_code == 0 and stdout | int > inputs.limit",
            "pass",
            '`exit_code == 0 and stdout | int > inputs.limit` is true, with exit_code = 0, stdout = "17\\n", inputs.limit = 5',
        ),
        (
            "stdout | int < inputs.limit",
            "fail",
            '`stdout | int < inputs.limit` is false, with stdout = "17\\n", inputs.limit = 5',
        ),
        ("stderr | int < 5", "error", '`stderr | int < 5` cannot be told: "" is not a whole number'),
        (
            "nothing.here",
            "error",
            "`nothing.here` cannot be told: `nothing` does not exist here; there are duration, exit_code, facts, headers, inputs, json, rows, secrets, status, stderr, stdout",
        ),
        ("json.pools[1].ok", "fail", "`json.pools[1].ok` is false, with json.pools.1.ok = false"),
        ("1 <", "error", None),
        ("rows", "pass", '`rows` is [[1, "a"]], with rows = [[1, "a"]]'),
        (
            "secrets.pw == 'x'",
            "error",
            "`secrets.pw == 'x'` cannot be told: `secrets.pw` is a secret, and a secret cannot be transformed: pass it whole",
        ),
        # the total form
        ({"pass": {"stdout": "17"}, "fail": {"stdout": "18"}}, "pass", '`pass` holds: stdout: "17", as expected'),
        ({"pass": {"stdout": "18"}, "fail": {"stdout": "17"}}, "fail", '`fail` holds: stdout: "17", as expected'),
        (
            {"pass": "exit_code == 1", "fail": "exit_code == 2"},
            "error",
            "neither `pass` nor `fail` holds: pass: `exit_code == 1` is false, with exit_code = 0; fail: `exit_code == 2` is false, with exit_code = 0",
        ),
        ({"pass": {"stdout": "18"}}, "error", 'it does not hold: pass: stdout: expected "18", found "17"'),
        ({"pass": {"stdout": "{{ zz }}"}, "fail": {"exit_code": 0}}, "fail", "`fail` holds: exit_code: 0, as expected"),
        (5, "error", "the expectation is neither a map of matchers nor an expression"),
    ],
)
def test_outcomes_and_reasons(expect, outcome, reason):
    verdict = judged(expect)
    assert verdict.outcome == outcome
    if reason is not None:
        assert verdict.reason == reason


def test_findings_stand_side_by_side():
    assert judged({"stdout": {"number": {"lt": 5}, "contains": "1"}, "exit_code": 0}).findings == (
        Finding("stdout", "a number less than 5", "17", False),
        Finding("stdout", 'to contain "1"', '"17"', True),
        Finding("exit_code", "0", "0", True),
    )


def test_an_expression_shows_the_values_of_its_names():
    expect = "stdout | int < inputs.limit and (secrets.pw is defined) and gone is not defined"
    assert judged(expect).findings == (
        Finding(
            "expression",
            expect,
            "false",
            False,
            {"stdout": '"17\\n"', "inputs.limit": "5", "secrets.pw": "•••", "gone": "not there"},
        ),
    )


def test_the_findings_of_the_total_form_say_which_part_they_are_of():
    findings = judged({"pass": {"exit_code": 1}, "fail": {"exit_code": 0}}).findings
    assert [(f.subject, f.holds) for f in findings] == [("pass: exit_code", False), ("fail: exit_code", True)]


GUARD = {"exit_code": (0, "the command exited {actual}: its output is no evidence")}


@pytest.mark.parametrize(
    ("expect", "outcome"),
    [
        ({"stdout": "17"}, "error"),
        ({"stdout": "18"}, "error"),
        ({"stdout": "17", "exit_code": 1}, "pass"),
        ({"stdout": "17", "exit_code": {"in": [0, 1]}}, "pass"),
        ({"pass": {"exit_code": 1}, "fail": {"stdout": "17"}}, "pass"),
        ({"pass": {"stdout": "18"}, "fail": {"stdout": "17"}}, "error"),
        ("stdout | int == 17", "error"),
        ("exit_code == 1", "pass"),
        ("exit_code < 2 and stdout | int == 17", "pass"),
    ],
)
def test_output_is_no_evidence_when_the_command_failed_unless_that_is_spoken_of(expect, outcome):
    verdict = judged(expect, {**SEEN, "exit_code": 1}, unless_spoken=GUARD)
    assert verdict.outcome == outcome
    if outcome == "error":
        assert verdict.reason == "the command exited 1: its output is no evidence"
        assert verdict.findings[0] == Finding("exit_code", "0", "1", None)


def test_a_guard_that_holds_or_has_no_value_changes_nothing():
    assert judged({"stdout": "17"}, unless_spoken=GUARD).outcome == "pass"
    assert judged({"stdout": "17"}, {"stdout": "17"}, unless_spoken=GUARD).outcome == "pass"


CUT = {"stdout": Truncated("begin", 5_000_000), "exit_code": 0}


@pytest.mark.parametrize(
    ("expect", "outcome"),
    [
        ({"stdout": {"contains": "begin"}}, "pass"),
        ({"stdout": {"contains": "end"}}, "error"),
        ({"stdout": {"not": {"contains": "begin"}}}, "fail"),
        ({"stdout": {"not": {"contains": "end"}}}, "error"),
        ({"stdout": "begin"}, "error"),
        ({"json": {"path": "$.a"}}, "error"),
        ("'begin' in stdout", "error"),
        ("exit_code == 0", "pass"),
    ],
)
def test_nothing_is_concluded_from_what_was_not_seen(expect, outcome):
    assert judged(expect, CUT).outcome == outcome


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"stdout": '{"a": 1}'}, None),
        ({"body": '{"a": 1}', "stdout": "no"}, None),
        ({"stdout": "<html>"}, 'json $.a: expected 1, but stdout is not JSON: "<html>"'),
        (
            {"stdout": "[" * 100_000},
            'json $.a: expected 1, but stdout is not JSON: "' + "[" * 200 + '"… (100,000 characters)',
        ),
        ({"stdout": None}, "json $.a: expected 1, but stdout is not JSON: null"),
        ({"status": 5}, "json $.a: expected 1, but there is no `json`; there are status"),
        ({}, "json $.a: expected 1, but there is no `json`; there is nothing"),
        (
            {"body": Truncated("{", 9)},
            "json $.a: expected 1, but body is not whole: only the first 1 of 9 bytes were kept",
        ),
    ],
)
def test_json_is_read_from_text_where_the_handler_gave_none(seen, reason):
    verdict = judged({"json": {"path": "$.a", "equals": 1}}, seen)
    assert (verdict.outcome, verdict.reason) == (("error", reason) if reason else ("pass", "json $.a: 1, as expected"))


def test_whether_something_is_there_cannot_be_told_of_what_could_not_be_read():
    for seen in ({"stdout": "<html>"}, {"stdout": Truncated("{", 9)}, {"status": 5}):
        assert judged({"json": {"path": "$.a", "exists": False}}, seen).outcome == "error"
        assert judged({"json": {"path": "$.a", "default": 1, "equals": 1}}, seen).outcome == "error"
    assert judged({"headers": {"a": {"exists": False}}}, {"status": 5}).reason == (
        "header a: expected not to be there, but there are no headers"
    )


def test_what_is_not_known_yet_cannot_be_told():
    verdict = judge("x.n > 5", {"x": Unknown("steps.x")}, {})
    assert (verdict.outcome, verdict.reason) == ("error", "`x.n > 5` cannot be told: `steps.x.n` is not known yet")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["{{ a }}", "{{ b", "$.a", "$..", "5s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*OPERATORS, *COMPARISONS, "path", "default", "pass", "fail"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
VALUES = (
    JSON
    | st.builds(Truncated, st.text(max_size=5), st.integers(0, 99))
    | st.sampled_from([SecretRef("s"), Unknown("u"), b"", object()])
)
SUBJECTS = st.sampled_from(["stdout", "json", "object", "headers", "duration", "exit_code", "pass", "fail", "a"])


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(SUBJECTS, JSON, max_size=3) | st.sampled_from(["a == 1", "stdout", "json.a", "headers | length"]),
    st.dictionaries(SUBJECTS, VALUES, max_size=4),
)
def test_a_verdict_is_always_given(expect, seen):
    verdict = judge(expect, seen, {"b": 1}, unless_spoken={"exit_code": (0, "{actual}")})
    assert isinstance(verdict, Verdict)
    assert verdict.outcome in {"pass", "fail", "error"}
    answers = {f.holds for f in verdict.findings}
    if verdict.outcome == "fail" and "fail" not in expect:
        assert False in answers
    if verdict.outcome == "pass" and "pass" not in expect:
        assert answers <= {True}
