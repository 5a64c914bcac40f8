"""The inputs of a run: declared, typed, complete, or refused with every reason at once."""

from __future__ import annotations

import pytest

from steadyhand.errors import UsageError
from steadyhand.schema import foreseen, inputs_of

from ..core.playbook import runbook

BOOK = runbook(
    "inputs:\n  host: {type: string, pattern: '^[a-z]+$', description: Where}\n  many: {type: integer, default: 3}\n"
    "steps:\n  a: {title: A, shell: a, effect: read, next: {pass: end.healthy, fail: end.escalated, error: end.escalated}}\n"
)


def test_texts_become_values_and_defaults_are_filled_in():
    assert inputs_of(BOOK, {"host": "web"}) == {"host": "web", "many": 3}
    assert inputs_of(BOOK, {"host": "web", "many": "5"}) == {"host": "web", "many": 5}


def test_values_stay_values():
    assert inputs_of(BOOK, {"host": "web", "many": 5}, texts=False)["many"] == 5
    with pytest.raises(UsageError, match="many: "):
        inputs_of(BOOK, {"host": "web", "many": "5"}, texts=False)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(UsageError) as caught:
        inputs_of(BOOK, {"many": "x", "hots": "web"})
    assert caught.value.message.startswith("the inputs do not fit: ")
    for said in ("hots: the runbook has no such input", "host: a value is needed (Where)", "many: "):
        assert said in caught.value.message
    assert caught.value.hint == "inputs of x: host, many; give -i NAME=VALUE"


def test_what_is_missing_may_be_left_for_later():
    assert inputs_of(BOOK, {}, partial=True) == {"many": 3}


def test_a_value_that_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="host: "):
        inputs_of(BOOK, {"host": "web; rm -rf /"})


def test_what_is_rendered_later_is_not_judged_before():
    book = runbook("inputs: {n: {type: integer}, m: {type: array}}\nsteps: {a: {wait: 1s, next: end.healthy}}\n")
    assert list(foreseen(book, {"n": "{{ facts.n }}", "m": ["{{ facts.n }}"]})) == []
    assert list(foreseen(book, {"n": "x", "m": []})) == [
        "the input n of runbook x does not fit: 'x' must be of type integer"
    ]
