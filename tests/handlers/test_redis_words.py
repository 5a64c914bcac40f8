"""Redis commands are told apart by what the author wrote, and no value can make another of one."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import _redis_words as words
from steadyhand.model import Effect, Literal, Secret, Text, Value, plain

READ, CHANGE, DESTRUCTIVE = Effect.READ, Effect.CHANGE, Effect.DESTRUCTIVE


@pytest.mark.parametrize(
    ("written", "effect"),
    [
        ("GET k", READ), ("get {{ inputs.k }}", READ), ("INFO", READ), ("  info memory", READ),
        ("CONFIG GET maxmemory", READ), ("SLOWLOG GET 10", READ), ("CLIENT LIST", READ), ("MEMORY USAGE k", READ),
        ("COMMAND", READ), ("COMMAND DOCS get", READ), (["LLEN", "queue:{{ inputs.q }}"], READ),
        ("SET k v", CHANGE), ("CONFIG SET maxmemory 1gb", CHANGE), ("CONFIG", CHANGE), ("KEYS *", CHANGE),
        ("CLIENT KILL 1", CHANGE), ("EXPIRE k 1", CHANGE), ("EVAL x 0", CHANGE), ("XGROUP CREATE s g 0", CHANGE),
        ("NOSUCH", CHANGE), ("SLOWLOG RESET", CHANGE), ("GETSET k v", CHANGE), ("GETEX k", CHANGE), ("SORT k", CHANGE),
        ("FLUSHALL", DESTRUCTIVE), ("del k", DESTRUCTIVE), ("SHUTDOWN", DESTRUCTIVE), ("LPOP q", DESTRUCTIVE),
        ("SCRIPT FLUSH", DESTRUCTIVE), ("XGROUP DESTROY s g", DESTRUCTIVE), (["UNLINK", "k"], DESTRUCTIVE),
        ("{{ inputs.c }} k", DESTRUCTIVE), ("CONFIG {{ inputs.c }} x", DESTRUCTIVE), ("", CHANGE),
        (["{{ inputs.c }}"], DESTRUCTIVE), ("GET{{ x }} k", DESTRUCTIVE),
        ("GET {{- x }} k", DESTRUCTIVE), ("GET {%- if x %}DEL{% endif %} k", DESTRUCTIVE), ('"GET" k', READ),
    ],
)  # fmt: skip
def test_the_effect_is_told_from_what_is_written(written, effect):
    assert words.effect_of(written) is effect


def value(text):
    return Value(text, text)


def split(*parts):
    return words.words_of(Text(tuple(Literal(part) if isinstance(part, str) else part for part in parts)))


def test_words_are_split_where_the_author_wrote_blanks():
    assert [word.masked() for word in split("SET  a:", value("b c\r\nFLUSHALL"), " 'd \" e' \"\"")] == [
        "SET", "a:b c\r\nFLUSHALL", 'd " e', "",
    ]  # fmt: skip
    assert split("GET ", value("")) == [plain("GET"), Text((value(""),))]
    assert split("SET k ", Secret("token"), "x")[2] == Text((Secret("token"), Literal("x")))
    assert split("") == []


def test_an_open_quote():
    with pytest.raises(BadInput, match="without its partner"):
        split("SET k 'x")


def test_names():
    assert words.names_of(split("config get x")) == ("CONFIG", "GET")
    assert words.names_of(split("get ", value("x"))) == ("GET",)
    for parts in ([value("GET"), " k"], ["GET", value("DEL"), " k"], ["CONFIG ", value("SET")]):
        with pytest.raises(BadInput, match="comes from a placeholder"):
            words.names_of(split(*parts))
    for text in ("MONITOR", "subscribe x", "SELECT 1", "CLIENT REPLY OFF", "MULTI"):
        with pytest.raises(BadInput, match="has no meaning in a step"):
            words.names_of(split(text))
    with pytest.raises(BadInput, match="is empty"):
        words.names_of([])


def test_tables_do_not_contradict_each_other():
    assert not words.READS & words.DESTROYS
    assert not (words.READS | words.DESTROYS) & words.NOT_HERE
    assert all(not looks & words.DESTROYS_IN.get(name, frozenset()) for name, looks in words.READS_IN.items())
