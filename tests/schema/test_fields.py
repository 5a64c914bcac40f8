"""What a table is made of."""

import re

import pytest

from steadyhand.schema.fields import NAME, SLUG, Field


@pytest.mark.parametrize(
    ("word", "slug", "name"),
    [("a-b1", True, False), ("a_b", True, True), ("A", False, True), ("1a", False, False), ("", False, False)],
)
def test_slugs_and_names(word, slug, name):
    assert (bool(re.match(SLUG, word)), bool(re.match(NAME, word))) == (slug, name)


def test_a_field_is_optional_and_plain_unless_it_says_more():
    field = Field("title", "text", "What it is called.", "Orders")
    assert (field.required, field.of, field.choices, field.short, field.least) == (False, "", (), False, None)
