"""A field asks for what the schema wants."""

from __future__ import annotations

import pytest

from steadyhand.projections.fields import field_of, written


@pytest.mark.parametrize(
    ("schema", "shape", "rule", "choices"),
    [
        ({"type": "string", "minLength": 2, "maxLength": 9}, "text", "at least 2 characters, at most 9 characters", ()),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "number", "a whole number, 1 to 5", ()),
        ({"type": "number", "minimum": 0.5}, "number", "at least 0.5", ()),
        ({"type": "integer", "maximum": 5}, "number", "a whole number, at most 5", ()),
        ({"type": "boolean"}, "choice", "", ("true", "false")),
        ({"enum": ["a", 2]}, "choice", "", ("a", "2")),
        ({"type": "array"}, "json", "a list, as JSON", ()),
        ({"type": "object"}, "json", "a map, as JSON", ()),
        ({"type": ["null", "integer"]}, "number", "a whole number", ()),
        ({"type": "string", "pattern": "^a", "format": "hostname"}, "text", "fits /^a/, hostname", ()),
        ({}, "text", "", ()),
    ],
)
def test_what_a_field_asks_for(schema, shape, rule, choices):
    field = field_of("name", schema)
    assert (field.shape, field.rule, field.choices) == (shape, rule, choices)


def test_bounds_and_words():
    field = field_of(
        "n", {"type": "integer", "minimum": 0, "maximum": 9, "description": "How many"}, "7", required=True
    )
    assert (field.least, field.most, field.step, field.about, field.value, field.required) == (
        "0",
        "9",
        "1",
        "How many",
        "7",
        True,
    )
    assert field_of("n", {"maxLength": 3}).longest == "3"
    assert written({"a": "ü"}) == '{"a": "ü"}'
