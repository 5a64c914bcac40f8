"""What is written is read again as the same, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.rehearsal.documents import Case, Stop, read_tests
from steadyhand.rehearsal.world import Came, Said
from steadyhand.rehearsal.writing import came, duration, flow, quoted, written
from steadyhand.source import builtin, parse, parse_duration

NO_HALVES = st.characters(blacklist_categories=("Cs",))
TEXTS = st.text(NO_HALVES, max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def read_again(text):
    root, found = parse(text, "x")
    assert found == (), found
    return builtin(root)


@given(VALUES)
def test_any_value_comes_back(value):
    assert read_again(f"a: {flow(value)}\n") == {"a": value}


@pytest.mark.parametrize(
    "text", ["no", "null", "012", "1e3", "~", "", " x", "a: b", "#x", "x #y", "- x", "\ufeff", "\x7f", "é 漢 🙂"]
)
def test_text_stays_text(text):
    assert read_again(f"a: {flow(text)}\n") == {"a": text}


def test_half_a_character_cannot_be_written_down():
    assert quoted("a\udcff") == '"a\ufffd"'


@given(st.integers(0, 10**13))
def test_a_duration_is_exact(microseconds):
    assert parse_duration(duration(microseconds)) == microseconds


def came_of(values):
    outcomes = st.sampled_from(["", "pass", "fail"])
    plain = st.builds(Came, outcomes, values, TEXTS, st.just(False), st.integers(0, 10**9), facts=st.none() | values)
    wrong = st.builds(
        Came,
        st.just("error"),
        values,
        TEXTS,
        st.booleans(),
        st.integers(0, 10**9),
        error=st.sampled_from(["", "Refused", "Bug"]),
    )
    return plain | wrong | st.just(Came(crash=True, after=3))


NAMES = st.sampled_from(["stdout", "exit_code", "reason", "after", "values", "x y"])
SAIDS = st.builds(
    Said,
    st.sampled_from(["approve", "answer"]),
    st.sampled_from(["somebody", "bo"]),
    st.integers(0, 10**9),
    VALUES,
    TEXTS,
)


@given(
    st.dictionaries(
        TEXTS.filter(bool),
        st.lists(came_of(st.dictionaries(NAMES, VALUES, max_size=3)), min_size=1, max_size=3),
        max_size=3,
    ),
    st.dictionaries(
        TEXTS.filter(bool), st.lists(st.lists(SAIDS, max_size=2).map(tuple) | SAIDS, min_size=1, max_size=3), max_size=2
    ),
    TEXTS.filter(bool),
)
def test_a_whole_case_comes_back(steps, answers, name):
    case = Case(
        name,
        None,
        inputs={"a": 1},
        mode="auto",
        by="anna b",
        steps={path: tuple(turns) for path, turns in steps.items()},
        answers={gate: tuple(turns) for gate, turns in answers.items()},
        crash_after=(3,),
        roles={"oncall": ("anna",)},
        contacts={"team": "#team"},
        stop=Stop("anna", 5, "no: more"),
        expect={"conclusion": "resolved", "path": ["a"], "attempts": {"a": 1}},
    )
    document, found = read_tests(written("x.yaml", [case], "About\nit."), "x")
    assert found == ()
    (again,) = document.cases
    for field in ("name", "inputs", "mode", "by", "steps", "crash_after", "roles", "contacts", "stop", "expect"):
        assert getattr(again, field) == getattr(case, field), field
    assert {g: _all(t) for g, t in again.answers.items()} == {g: _all(t) for g, t in case.answers.items()}
    assert document.runbook == "x.yaml"


def _all(turns):
    """A turn of one says the same with and without a list around it."""
    return [turn if isinstance(turn, tuple) else (turn,) for turn in turns]


def test_what_one_word_says_is_one_word():
    assert [came(one) for one in (Came("pass"), Came("error", unsure=True), Came(crash=True))] == [
        "pass",
        "unsure",
        "crash",
    ]
    assert came(Came("", {"stdout": "x", "reason": "OK"}, after=2_000_000)) == {
        "stdout": "x", "values": {"reason": "OK"}, "after": "2s",
    }  # fmt: skip
