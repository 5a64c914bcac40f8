"""Rendered text that remembers where each piece came from."""

from __future__ import annotations

from steadyhand.model.text import MASK, Literal, Secret, Text, Value, plain

TEXT = Text((Literal("curl -H "), Secret("token"), Literal(" "), Value("a b", "'a b'"), Secret("token")))


def test_a_person_never_sees_a_secret():
    assert TEXT.masked() == f"curl -H {MASK} 'a b'{MASK}"


def test_secrets_by_name_in_order():
    assert TEXT.secrets == ("token", "token")
    assert plain("nothing").secrets == ()


def test_text_that_nothing_was_put_into():
    assert plain("a").parts == (Literal("a"),)
    assert plain("a").masked() == "a"
