"""The forms in which a value is looked for, each made here with the standard library, so that no mistake is shared."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.driver.forms import SHORTEST, WRAPPED, forms

texts = st.one_of(
    st.text("aB3'\"%\\\\/+&<> $`é😀\n", min_size=4, max_size=40),
    st.text(st.characters(codec="utf-8"), min_size=4, max_size=40),
)


@given(texts)
def test_json_is_found_inside_of_json(text):
    for inner in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        for outer in (json.dumps(inner), json.dumps(inner, ensure_ascii=False)):
            assert outer[3:-3].encode() in forms(text.encode())


@given(st.binary(min_size=12, max_size=60), st.integers(0, 130), st.sampled_from([64, 76]))
def test_base64_is_found_whatever_line_it_is_broken_over(value, before, width):
    whole = base64.b64encode(b"x" * before + value)
    first = -(-before * 8 // 6)
    core = whole[first : (before + len(value)) * 8 // 6]
    at = width - first % width
    lines = [core[:at], *(core[i : i + width] for i in range(at, len(core), width))]
    assert b"\n".join(line for line in lines if line) in forms(value)


@pytest.mark.parametrize("value", [b"", b"a", b"abc"])
def test_what_is_too_short_has_no_form_that_would_be_found_everywhere(value):
    assert not [form for form in forms(value) if len(form) < SHORTEST]


def test_a_very_long_value_has_not_a_form_for_every_place_of_a_break():
    assert len(forms(b"ab" * WRAPPED)) < len(forms(b"ab" * (WRAPPED // 2)))
