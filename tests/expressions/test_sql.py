"""Where a placeholder stands in a statement of SQL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import sql
from steadyhand.expressions.sql import BARE, COMMENT, DOLLAR, GLUED, MYSQL, NAME, POSTGRESQL, QUOTED, STRING, TYPED


def contexts(text, dialect):
    pieces = [piece for part in text.split("@@") for piece in (part, None)][:-1]
    return list(sql.contexts(pieces, dialect))


@pytest.mark.parametrize(
    ("text", "pg", "my"),
    [
        ("select @@", BARE, BARE),
        ("where a=@@", BARE, BARE),
        ("f(@@, 1)", BARE, BARE),
        ("a[@@]", BARE, BARE),
        ("a[1:@@]", BARE, BARE),
        ("@@::int", BARE, BARE),
        ("-@@", BARE, BARE),
        ("'a' || @@", BARE, BARE),
        ("'@@'", STRING, STRING),
        ("'it''s @@'", STRING, STRING),
        ("'it''s' || @@", BARE, BARE),
        (r"'a\' || @@ || '", BARE, STRING),
        (r"e'a\' || @@ || '", STRING, STRING),
        ('"@@"', QUOTED, STRING),
        ("`@@`", GLUED, QUOTED),
        ("-- @@\n", COMMENT, COMMENT),
        ("--@@\n", COMMENT, BARE),
        ("1 -- x\n + @@", BARE, BARE),
        ("# @@", BARE, COMMENT),
        ("/* @@ */", COMMENT, COMMENT),
        ("/* /* */ @@ */", COMMENT, BARE),
        ("/*! @@ */", COMMENT, COMMENT),
        ("$$ @@ $$", DOLLAR, BARE),
        ("$a$ $$ @@ $a$", DOLLAR, BARE),
        ("$a$ x $a$ = @@", BARE, BARE),
        ("from @@", NAME, NAME),
        ("insert into @@ values (1)", NAME, NAME),
        ("update @@ set a = 1", NAME, NAME),
        ("order by @@", NAME, NAME),
        ("extract(epoch from @@)", BARE, BARE),
        ("a is distinct from @@", BARE, BARE),
        ("on duplicate key update @@", BARE, BARE),
        ("a::@@", NAME, NAME),
        ("t_@@", GLUED, GLUED),
        ("@@_t", GLUED, GLUED),
        ("t.@@", GLUED, GLUED),
        ("@@.t", GLUED, GLUED),
        ("'a'@@", GLUED, GLUED),
        ("@@'a'", GLUED, GLUED),
        ("interval @@", TYPED, BARE),
        ("data #>> @@", BARE, COMMENT),
    ],
)  # fmt: skip
def test_the_context_of_a_placeholder(text, pg, my):
    assert contexts(text, POSTGRESQL) == [pg]
    assert contexts(text, MYSQL) == [my]
    assert contexts(text, "") == [pg if pg and my else BARE]


def test_the_words_of_a_statement():
    found = sql.read(['select Ab, "Cd""e", \'x\' from t where a = ', None, " and b >= 1.5e3"], POSTGRESQL)
    assert [(t.kind, t.text) for t in found.tokens] == [
        ("word", "select"), ("word", "ab"), ("sign", ","), ("identifier", 'cd"e'), ("sign", ","), ("text", "'x'"),
        ("word", "from"), ("word", "t"), ("word", "where"), ("word", "a"), ("sign", "="), ("hole", sql.MARK),
        ("word", "and"), ("word", "b"), ("sign", ">"), ("sign", "="), ("number", "1.5e3"),
    ]  # fmt: skip
    assert sql.read(["a /*! b */"], MYSQL).tokens[-1].kind == "code"


@pytest.mark.parametrize(
    ("text", "left"), [("'a", STRING), ('"a', QUOTED), ("/* a", COMMENT), ("$x$ a $$", DOLLAR), ("'a'", "")]
)
def test_what_was_never_closed(text, left):
    assert sql.read([text], POSTGRESQL).open == left


@given(st.lists(st.one_of(st.none(), st.text(alphabet="ab '\"`$-/*#\\;e\n{}:.%0_\ue000é")), max_size=8))
def test_any_text_is_read_to_its_end(pieces):
    for dialect in sql.DIALECTS:
        found = sql.read(pieces, dialect)
        assert len(found.contexts) == sum(piece is None for piece in pieces)
    assert len(sql.contexts(pieces)) == sum(piece is None for piece in pieces)


def test_the_string_around_a_placeholder():
    assert sql.around(["select '%", None, "%'"], 0, POSTGRESQL) == (f"%{sql.MARK}%", "select")
    assert sql.around(["interval ", None], 0, POSTGRESQL) == ("", "interval")
    assert sql.fixed(f"%{sql.MARK}", "inputs.x") == "{{ '%' ~ inputs.x }}"
