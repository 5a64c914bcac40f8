"""Expectations that can never hold, and those that always do: claimed only where no value says otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand import expressions, graph
from steadyhand.graph import expectations

from .documents import END, READ, steps

NEVER = [
    {"stdout": {"number": {"lt": 5, "gt": 9}}},
    {"stdout": {"lt": 5, "gt": 9}},
    {"exit_code": "0"},
    {"exit_code": {"gt": 255}},
    {"exit_code": {"in": [300, 400]}},
    {"status": 42},
    {"stdout": {"equals": "up", "not": {"equals": "up"}}},
    {"stdout": {"equals": "up", "contains": "down"}},
    {"stdout": {"contains": "x", "not": {"contains": "x"}}},
    {"stdout": {"in": ["a", "b"], "matches": "c"}},
    {"stdout": {"length": {"lt": 5, "gt": 9}}},
    {"stdout": {"all": [{"equals": "a"}, {"equals": "b"}]}},
    {"stdout": {"any": [{"lt": 1, "gt": 2}, {"equals": "a", "not": "a"}]}},
    {"json": {"path": "$.a", "equals": 1, "gt": 3}},
    {"json": {"path": "$.a", "exists": False, "equals": 1}},
    {"json": [{"path": "$.a", "equals": 1}, {"path": "$.a", "equals": 2}]},
    {"headers": {"Server": {"equals": "a", "not": {"equals": "a"}}}},
    {"duration": {"lt": "1s", "gt": "2s"}},
    {"stdout": {"equals": "a"}, "exit_code": {"lt": 0}},
    "exit_code < 1 and exit_code > 1",
    "exit_code == 0 and exit_code == 1",
    "not (exit_code == 0 or exit_code != 0)",
    "false",
    "stdout | int > 5 and stdout | int < 5",
    "5 < status and status < 5",
    "stdout in ['a'] and stdout == 'b'",
]
ALWAYS = [
    {"exit_code": {"ge": 0}},
    {"exit_code": {"any": [{"lt": 5}, {"ge": 5}]}},
    {"status": {"ge": 100, "lt": 600}},
    {"stdout": {"contains": ""}},
    {"stdout": {"matches": ".*"}},
    {"stdout": {"any": [{"contains": "x"}, {"not": {"contains": "x"}}]}},
    {"stdout": {"length": {"ge": 0}}},
    {"duration": {"ge": "0s"}},
    {"stdout": {"exists": True}},
    "true or exit_code == 0",
    "exit_code == 0 or exit_code != 0",
    "exit_code >= 0",
    "1 < 2",
]
OPEN = [
    {"stdout": {"number": {"lt": "{{ inputs.limit }}", "gt": 9}}},
    {"stdout": {"contains": "a", "matches": "b"}},
    {"stdout": {"number": {"ge": 0}}},
    {"exit_code": {"ge": 0}, "stdout": {"contains": "x"}},
    {"exit_code": {"gt": 0}},
    {"json": {"path": "$.a"}},
    {"json": {"path": "$.a", "default": 1, "equals": 1}},
    {"stdout": {"matches": "^$"}},
    {"stdout": {"equals": 5}},
    {"json": {"path": "$.a", "length": {"ge": 0}}},
    "exit_code == 0",
    "'x' in stdout or 'y' in stdout",
    "json.a > 5 and json.b < 5",
    "facts.x",
    "stdout | int > 5 or stdout | int < 5",
]


@pytest.mark.parametrize("expect", NEVER, ids=str)
def test_it_can_never_hold(expect):
    assert list(expectations.verdicts(expect)) == [("", expectations.NEVER)]


@pytest.mark.parametrize("expect", ALWAYS, ids=str)
def test_it_always_holds(expect):
    assert list(expectations.verdicts(expect)) == [("", expectations.ALWAYS)]


@pytest.mark.parametrize("expect", OPEN, ids=str)
def test_nothing_is_claimed(expect):
    assert list(expectations.verdicts(expect)) == []


def test_each_part_of_the_total_form_is_looked_at():
    expect = {"pass": {"exit_code": 0}, "fail": {"exit_code": {"lt": 0}}}
    assert list(expectations.verdicts(expect)) == [("fail", expectations.NEVER)]
    runbook = steps(a=READ + "    expect: {pass: {exit_code: 0}, fail: {exit_code: {lt: 0}}}\n" + END)
    assert [d.message for d in graph.check(runbook)] == [
        "the part `fail` of `a` can never hold: exit_code: a number less than 0"
    ]


def test_every_expectation_of_a_step_is_looked_at():
    wrong = "expect: {exit_code: {lt: 0}}"
    runbook = steps(
        a=f"    shell: x\n    gate: Sure?\n    verify: {{shell: y, {wrong}}}\n    undo: {{none: no}}\n"
        "    next: {pass: b, fail: end.escalated, error: end.escalated, rejected: end.escalated}\n",
        b=f"    diagnose: {{c: {{cause: C, shell: x, {wrong}}}}}\n" + END,
    )
    found = [d.message.split("`")[1] for d in graph.check(runbook) if d.code == "SG013"]
    assert found == ["a:verify", "b.c"]


# --- brute force: any value that says otherwise disproves a claim

NUMBERS = st.sampled_from([-1, 0, 0.5, 1, 2, 3])
TEXTS = st.sampled_from(["", "a", "ab", "b", "1", "2"])
SIMPLE = st.one_of(
    st.fixed_dictionaries({"equals": st.one_of(TEXTS, NUMBERS)}),
    st.fixed_dictionaries({"contains": TEXTS}),
    st.fixed_dictionaries({"matches": st.sampled_from(["a", "^a", "b$", ".*", "[12]"])}),
    st.fixed_dictionaries({"in": st.lists(st.one_of(TEXTS, NUMBERS), min_size=1, max_size=2)}),
    st.fixed_dictionaries({"length": st.dictionaries(st.sampled_from(["lt", "ge"]), NUMBERS, min_size=1)}),
    st.dictionaries(st.sampled_from(["lt", "le", "gt", "ge"]), NUMBERS, min_size=1, max_size=2),
    st.fixed_dictionaries({"exists": st.booleans()}),
)
MATCHERS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)
VALUES = {
    "stdout": ["", "a", "ab", "b", "ba", "1", "2", "0.5", "1.5", "12", "zzzz", "-1", "a\n", "3", "0", "100"],
    "exit_code": list(range(256)),
    "status": [100, 200, 599],
    "json": ["", "a", "ab", 0, 1, 2, 1.5, -1, None, True, [], [1], ["a"], {}, {"a": 1}, "1", 3, 0.5, "zz", 100],
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(VALUES)), MATCHERS)
def test_no_value_disproves_what_is_claimed(subject, matcher):
    expect = {subject: matcher}
    outcomes = {expressions.judge(expect, {subject: value}, {}).outcome for value in VALUES[subject]}
    claims = [verdict for _, verdict in expectations.verdicts(expect)]
    if expectations.NEVER in claims:
        assert "pass" not in outcomes
    if expectations.ALWAYS in claims:
        assert outcomes == {"pass"}
    if subject == "exit_code" and not {"contains", "matches", "length"} & set(str(matcher).replace("'", " ").split()):
        assert bool(claims) == (("pass" not in outcomes) or outcomes == {"pass"}), "all values there are were tried"


EXPRESSIONS = st.recursive(
    st.builds(
        "exit_code {} {}".format, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.sampled_from([-1, 0, 1, 2, 255])
    ),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner), st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_expressions_over_a_number_are_decided(source):
    values = {expressions.evaluate(source, {"exit_code": number}) for number in range(256)}
    wanted = {frozenset({True}): ["always"], frozenset({False}): ["never"]}.get(frozenset(map(bool, values)), [])
    assert [verdict for _, verdict in expectations.verdicts(source)] == wanted
