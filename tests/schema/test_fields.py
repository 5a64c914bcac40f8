"""One key of a document, as data."""

from __future__ import annotations

import re

import pytest

from steadyhand.schema.fields import NAME, SLUG, Field


def test_a_key_is_not_required_unless_said():
    field = Field("title", "text", "What it is called.", "Orders")
    assert (field.required, field.choices, field.of, field.least) == (False, (), "", None)


@pytest.mark.parametrize(
    ("text", "slug", "name"),
    [("a-b", True, False), ("a_1", True, True), ("A", False, True), ("_a", False, True), ("1a", False, False), ("", False, False)],
)  # fmt: skip
def test_ids_and_names(text, slug, name):
    assert bool(re.search(SLUG, text)) is slug
    assert bool(re.search(NAME, text)) is name
