"""Plain values that fit a schema, for tests that nobody has written yet."""

from __future__ import annotations

import pytest

from steadyhand.rehearsal.sampling import NoSample, sample, sampled
from steadyhand.schema.values import problems

from .documents import book, runbook


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"type": "string", "format": "hostname"},
        {"type": "string", "pattern": "^[a-z0-9-]+$"},
        {"type": "string", "pattern": "^v[0-9.]+$"},
        {"type": "string", "pattern": "^/"},
        {"type": "string", "minLength": 60},
        {"type": "string", "enum": ["blue"]},
        {"type": "integer", "minimum": 7},
        {"type": "integer", "exclusiveMaximum": -5},
        {"type": "integer", "multipleOf": 7, "minimum": 2},
        {"type": "number", "minimum": 0.5, "maximum": 0.6},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        {"const": 5},
        {"type": ["null", "string"]},
    ],
)
def test_what_is_found_fits(schema):
    assert not problems(schema, sample(schema))


def test_what_the_author_says_comes_first():
    assert sample({"type": "string", "default": "orders"}) == "orders"
    assert sample({"type": "string", "examples": ["shop"]}) == "shop"
    assert sample({"type": "string"}, ("db1.example",)) == "db1.example"


def test_nothing_is_made_up_where_nothing_plain_fits():
    with pytest.raises(NoSample):
        sample({"type": "string", "pattern": "^[QZ]{7}$"})


def test_a_run_is_given_what_it_needs_and_no_more():
    assert sampled(book()) == {"who": "web"}
    named = runbook(
        "inputs: {url: {type: string}}\nsteps: {a: {title: A, shell: a, effect: read, next: {pass: end.healthy}}}\n"
    )
    assert sampled(named) == {"url": "https://shop.example/"}
    none = runbook(
        "inputs: {a: {type: string, pattern: '^[QZ]{7}$'}}\nsteps: {a: {title: A, shell: a, effect: read, next: {pass: end.healthy}}}\n"
    )
    with pytest.raises(NoSample, match="a"):
        sampled(none)
