"""A plan and its digest: one spelling for one plan, and another for every other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.model.plans import Plan, canonical, digest, secrets_in
from steadyhand.model.text import Literal, Secret, Text, Value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_one_value_has_one_spelling_and_comes_back(value):
    text = canonical(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=5))
def test_the_order_of_keys_plays_no_part(value):
    assert digest(value) == digest(dict(reversed(value.items())))


@given(JSON, JSON)
def test_different_values_have_different_digests(one, other):
    if canonical(one) != canonical(other):
        assert digest(one) != digest(other)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical(value)


def plan(**more):
    given_ = {"handler": "shell", "preview": "p", "request": {"text": Text((Literal("a"),))}, "targets": ("t",), **more}
    return Plan(**given_)


def test_the_digest_covers_what_decides_the_effect_and_nothing_else():
    assert plan().digest == plan(preview="other").digest
    others = [
        plan(handler="ssh"),
        plan(targets=("u",)),
        plan(request={"text": Text((Literal("b"),))}),
        plan(request={"text": Text((Secret("a"),))}),
        plan(request={"text": Text((Value("a", "a"),))}),
    ]
    assert len({plan().digest, *(one.digest for one in others)}) == 6


def test_all_secrets_of_a_request_are_known_by_name():
    request = {"a": [Text((Secret("x"),)), {"b": Text((Literal("l"), Secret("y")))}], "c": 1, "d": "secrets.z"}
    assert secrets_in(request) == {"x", "y"}
