"""Our part of JSON Schema agrees with the reference validator; sentences, and texts of the command line."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.schema.values import FORMATS, KEYWORDS, from_text, problems, schema_problems

SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 1.0, -2.0]) | st.text("ab1-", max_size=4)
)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("abc"), v, max_size=3), max_leaves=6
)


def schemas(depth: int = 2):
    inner = schemas(depth - 1) if depth else st.just({})
    types = st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"])
    natural = st.integers(0, 3)
    parts = {
        "type": types | st.lists(types, min_size=1, max_size=2, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "pattern": st.sampled_from(["^a", "b$", "^[a-b]*$", "1|-", "^$", "a.b"]),
        "minLength": natural, "maxLength": natural, "minItems": natural, "maxItems": natural,
        "minimum": st.integers(-3, 3), "maximum": st.integers(-3, 3),
        "exclusiveMinimum": st.integers(-3, 3), "exclusiveMaximum": st.integers(-3, 3),
        "multipleOf": st.sampled_from([1, 2, 0.5]), "uniqueItems": st.booleans(),
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "items": inner, "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
        "additionalProperties": st.booleans() | inner,
    }  # fmt: skip
    return st.fixed_dictionaries({}, optional=parts)


@settings(max_examples=400)
@given(schemas(), VALUES)
def test_it_agrees_with_the_reference(schema, value):
    assert schema_problems(schema) == ()
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (problems(schema, value) == ()) == expected


def test_every_keyword_is_covered_above_or_below():
    drawn = {"type", "enum", "const", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum",
             "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "required", "items", "properties",
             "additionalProperties"}  # fmt: skip
    assert drawn | {"format", "title", "description", "examples", "default", "$comment"} == KEYWORDS


FITS = {
    "hostname": (
        ["db1", "db1.example", "a-b.c:9100", "1.2.3.4"],
        ["-a", "a_b", "a b", "", "a..b", "x" * 64, "a\n", "٣"],
    ),
    "ipv4": (["1.2.3.4", "255.255.255.255"], ["256.1.1.1", "1.2.3", "1.2.3.4\n", "٣.1.1.1"]),
    "ipv6": (["::1", "fe80::1"], ["1.2.3.4", "::g", "fe80::1%eth0"]),
    "ip": (["1.2.3.4", "::1"], ["x"]),
    "uri": (["https://a/b?c=d", "mailto:a@b"], ["a b", "/path", "http://a b"]),
    "email": (["a@b.c"], ["a", "a@b", "a b@c.d"]),
    "date": (["2026-11-20"], ["2026-13-01", "20-11-20", "2026-11-20\n"]),
    "date-time": (["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.5+01:00"], ["2026-11-20", "2026-11-20T10:00:00"]),
    "duration": (["5s", "1h30m"], ["5", "s", "5 s"]),
    "slug": (["a-b", "a1"], ["A", "-a", "a_b", "a\n"]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name):
    good, bad = FITS[name]
    assert [v for v in good if problems({"format": name}, v)] == []
    assert [v for v in bad if not problems({"format": name}, v)] == []


SENTENCES = [
    ({"type": "integer"}, "x", "'x' must be of type integer"),
    ({"type": ["integer", "null"]}, "x", "'x' must be of type integer or null"),
    ({"enum": ["a", "b"]}, "c", "'c' must be one of ['a', 'b']"),
    ({"pattern": "^v[0-9]+$"}, "2", "'2' must match '^v[0-9]+$'"),
    ({"minimum": 1}, 0, "0 must be at least 1"),
    ({"maxLength": 2}, "abc", "'abc' must have at most 2 characters"),
    ({"format": "hostname"}, "a b", "'a b' must be a 'hostname'"),
    ({"items": {"type": "integer"}}, [1, "x"], "[1]: 'x' must be of type integer"),
    ({"properties": {"a": {"const": 1}}}, {"a": 2}, "a: 2 must be 1"),
    ({"additionalProperties": False}, {"b": 1}, "b is not among the keys allowed"),
    ({"type": "boolean"}, 1, "1 must be of type boolean"),
    ({"maxLength": 3}, "x" * 200, "'" + "x" * 76 + "... must have at most 3 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "sentence"), SENTENCES)
def test_sentences(schema, value, sentence):
    assert problems(schema, value) == (sentence,)


def test_the_end_of_a_text_is_its_end():
    """A label that ends in a line end does not slip through a pattern."""
    assert problems({"pattern": "^[a-z]+$"}, "abc\n")
    assert problems({"pattern": r"^\d+$"}, "٣")
    assert not problems({"pattern": r"^[$]\$$"}, "$$")


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"type": "strin"}, "type"), ({"format": "hostnam"}, "format"), ({"pattern": "["}, "pattern"), ({"enum": []}, "enum"),
        ({"minLength": -1}, "minLength"), ({"multipleOf": 0}, "multipleOf"), ({"required": "a"}, "required"),
        ({"items": []}, "items"), ({"properties": {"a": {"tpye": "x"}}}, "tpye"), ({"oneOf": []}, "oneOf"), ({"$ref": "#"}, "$ref"),
    ],
)  # fmt: skip
def test_a_schema_that_would_not_be_checked_is_refused(schema, keyword):
    assert [k for k, _ in schema_problems(schema)] == [keyword]


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "5", "5"), ({}, "5", "5"), ({"type": "integer"}, "5", 5), ({"type": "number"}, "1.5", 1.5),
        ({"type": "boolean"}, "true", True), ({"type": "array"}, '["a", 1]', ["a", 1]), ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": ["integer", "string"]}, "x", "x"), ({"type": "null"}, "null", None),
    ],
)  # fmt: skip
def test_words_of_the_command_line(schema, text, value):
    found = from_text(schema, text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", "x"), ("integer", "1.5"), ("boolean", "yes"), ("array", "a"), ("object", "[")]
)
def test_words_that_do_not_fit(kind, text):
    with pytest.raises(ValueError, match=r"\w"):
        from_text({"type": kind}, text)
