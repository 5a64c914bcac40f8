"""A parameter is a text, and a text is bytes, in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import BadInput
from steadyhand.handlers._texts import bytes_of, text_of
from steadyhand.model import Secret, Text, plain


@pytest.mark.parametrize(
    ("value", "text"), [("x", "x"), (3, "3"), (1.5, "1.5"), (True, "true"), (False, "false"), ("True", "True")]
)
def test_what_a_placeholder_gave_is_text(value, text):
    assert text_of(value) == plain(text)


def test_a_text_stays_as_it_is():
    secret = Text((Secret("key"),))
    assert text_of(secret) is secret


@given(st.binary())
def test_any_bytes_come_back(data):
    assert bytes_of(data.decode("utf-8", "surrogateescape"), "it") == data


def test_half_a_character_has_no_bytes():
    with pytest.raises(BadInput) as caught:
        bytes_of("a\ud800", "the body")
    assert caught.value.message == "the body holds half a character (a lone surrogate), which has no bytes"
    assert caught.value.hint == "correct it where it comes from: an escape such as \\ud800 in JSON"
