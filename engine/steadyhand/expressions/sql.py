"""SQL text as far as two questions need: where a placeholder stands, and what words a statement is made of.

Called by the check of a document and by the renderer (through places.py), and by the `sql` handler, which knows the
dialect. A value is bound and never becomes text, so a placeholder in quotes would be a mistake that shows late: the
database would find its name in a string, and one value too many. A placeholder where a name must stand would too.

The dialects differ where it matters: in MySQL a backslash escapes a quote, `"` begins a string, `#` a comment, and
`/*! */` holds code that is run; PostgreSQL has `$$ $$`, comments inside comments and `E''`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

POSTGRESQL, MYSQL = "postgresql", "mysql"
DIALECTS = (POSTGRESQL, MYSQL)

BARE = ""
STRING, QUOTED, COMMENT, DOLLAR = "inside quotes", "inside a quoted name", "inside a comment", "inside `$$ $$`"
NAME, GLUED, TYPED = "where a name must stand", "that touches a word", "after the name of a type"
UNCLEAR = "where the quoting cannot be told"

WORD, IDENTIFIER, TEXT, NUMBER, SIGN, HOLE, CODE = "word", "identifier", "text", "number", "sign", "hole", "code"
"""What a token is. CODE is a comment of MySQL that is run."""

MARK = "\ue000"
"""Stands for a placeholder in the text that is read here; one that an author wrote is read as white space."""


class Token(Struct, frozen=True):
    """A piece of a statement. `text` is in lower case for a word, and without its quotes for an identifier."""

    kind: str
    text: str
    start: int
    end: int


class Reading(Struct, frozen=True):
    """The tokens of a text, the context of each placeholder in it, and what was never closed ('' for nothing)."""

    tokens: tuple[Token, ...]
    contexts: tuple[str, ...]
    open: str = ""


def read(pieces: Sequence[str | None], dialect: str) -> Reading:
    """A statement, given with None for each placeholder."""
    text = "".join(MARK if piece is None else piece.replace(MARK, " ") for piece in pieces)
    found = _Reader(text, dialect)
    found.run()
    return Reading(tuple(found.tokens), tuple(found.contexts), found.open)


_PATTERNS: Mapping[str, Sequence[tuple[str, str]]] = {
    POSTGRESQL: (
        (TEXT, r"[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)"),
        (TEXT, r"(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)"),
        (IDENTIFIER, r'(?:[uU]&)?"(?:[^"]|"")*(?:"|\Z)'),
        (COMMENT, r"--[^\n\r]*"),
        (DOLLAR, r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"),
    ),
    MYSQL: (
        (TEXT, r"(?:[bBxXnN])?'(?:[^'\\]|''|\\.)*(?:'|\Z)"),
        (TEXT, r'"(?:[^"\\]|""|\\.)*(?:"|\Z)'),
        (IDENTIFIER, r"`(?:[^`]|``)*(?:`|\Z)"),
        (COMMENT, r"--(?=[\s\x00-\x1f]|\Z)[^\n]*|#[^\n]*"),
        (CODE, r"/\*M?!.*?(?:\*/|\Z)"),
        (COMMENT, r"/\*.*?(?:\*/|\Z)"),
    ),
}
_COMMON: Sequence[tuple[str, str]] = (
    (HOLE, MARK),
    (WORD, r"[^\W\d][\w$]*|[^\x00-\x7f\ue000\s][\w$]*"),
    (NUMBER, r"\d[\w.]*|\.\d[\w.]*"),
    (SIGN, r"\S"),
)
_RULES = {
    dialect: [(kind, re.compile(pattern, re.DOTALL)) for kind, pattern in (*_PATTERNS[dialect], *_COMMON)]
    for dialect in DIALECTS
}

_WANT_NAME = frozenset({"from", "join", "into", "update", "table", "truncate", "database", "schema", "view", "index"})
_ARE_FUNCTIONS = frozenset({"extract", "substring", "trim", "overlay", "position", "btrim", "ltrim", "rtrim"})
"""In whose brackets `from` is followed by a value."""
TYPES = frozenset({"date", "time", "timestamp", "timestamptz", "interval"})
"""Whose name may stand before a string, and not before a value that is bound."""


class _Reader:
    """Reads once from left to right."""

    def __init__(self, text: str, dialect: str) -> None:
        self._text = text
        self._dialect = dialect
        self.tokens: list[Token] = []
        self.contexts: list[str] = []
        self.open = ""

    def run(self) -> None:
        at = 0
        while at < len(self._text):
            if self._text[at].isspace():
                at += 1
                continue
            if self._dialect == POSTGRESQL and self._text.startswith("/*", at):
                at = self._nested(at)
                continue
            kind, end = next(
                (kind, found.end()) for kind, rule in _RULES[self._dialect] if (found := rule.match(self._text, at))
            )
            self._take(kind, at, end)
            at = end

    def _nested(self, start: int) -> int:
        """The end of a comment of PostgreSQL, which may hold others."""
        depth, at = 0, start
        while at < len(self._text):
            two = self._text[at : at + 2]
            depth += {"/*": 1, "*/": -1}.get(two, 0)
            at += 2 if two in {"/*", "*/"} else 1
            if not depth:
                break
        self.open = COMMENT if depth else self.open
        self._note(self._text[start:at], COMMENT)
        return at

    def _take(self, kind: str, start: int, end: int) -> None:
        text = self._text[start:end]
        if kind == HOLE:
            self.contexts.append(self._context(start, end))
        elif kind in _INSIDE:
            context, closed = _INSIDE[kind]
            self._note(text, context)
            self.open = self.open if closed(text) else context
        if kind == COMMENT:
            return
        if kind == IDENTIFIER:
            quote = text.lstrip("uU&")[0] if text[0] in "uU" else text[0]
            escaped = text[0] in "uU"
            text = text if escaped else text[1:-1].replace(quote * 2, quote)
        kind = TEXT if kind == DOLLAR else kind
        self.tokens.append(Token(kind, text.lower() if kind in {WORD, IDENTIFIER} else text, start, end))

    def _note(self, text: str, context: str) -> None:
        self.contexts.extend([context] * text.count(MARK))

    def _context(self, start: int, end: int) -> str:
        """What a placeholder outside of quotes and comments stands for."""
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        last = self.tokens[-1] if self.tokens else None
        glued = last is not None and last.end == start and last.kind != SIGN
        if glued or before in {".", "$", "@", "`", "\\"} or _joins(after):
            return GLUED
        if last is None or last.kind not in {WORD, SIGN}:
            return BARE
        if self._text[start - 2 : start] == "::" or self._text[:start].rstrip().endswith("::"):
            return NAME
        return self._after(last.text)

    def _after(self, word: str) -> str:
        """What the word before a placeholder makes of it."""
        if self._dialect == POSTGRESQL and word in TYPES:
            return TYPED
        earlier = self.tokens[-2].text if len(self.tokens) > 1 else ""
        if word == "by" and earlier in {"order", "group"}:
            return NAME
        if word not in _WANT_NAME or (word == "update" and earlier == "key"):
            return BARE
        if word == "from" and (earlier == "distinct" or self._bracketed_by() in _ARE_FUNCTIONS):
            return BARE
        return NAME

    def _bracketed_by(self) -> str:
        """The word before the innermost bracket that is open."""
        depth = 0
        for number in range(len(self.tokens) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(self.tokens[number].text, 0)
            if depth < 0:
                return self.tokens[number - 1].text if number else ""
        return ""


def _joins(after: str) -> bool:
    """Whether a character behind a placeholder would make one word of the two."""
    return bool(after) and (after.isalnum() or after in {"_", "$", "'", '"', "`", "."})


def _closed_by(*quotes: str) -> Callable[[str], bool]:
    def closed(text: str) -> bool:
        body = text.lstrip("bBxXnNeEuU&")
        return len(body) > 1 and body.endswith(quotes)

    return closed


def _dollar_closed(text: str) -> bool:
    tag = text[: text.index("$", 1) + 1]
    return len(text) >= 2 * len(tag) and text.endswith(tag)


_INSIDE: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    TEXT: (STRING, _closed_by("'", '"')),
    IDENTIFIER: (QUOTED, _closed_by('"', "`")),
    COMMENT: (COMMENT, lambda text: not text.startswith("/*") or (len(text) > 3 and text.endswith("*/"))),
    CODE: (COMMENT, lambda text: text.endswith("*/")),
    DOLLAR: (DOLLAR, _dollar_closed),
}


def contexts(pieces: Sequence[str | None], dialect: str = "") -> tuple[str, ...]:
    """The context of each placeholder. Without a dialect, one is misplaced only where both say so."""
    if dialect:
        return read(pieces, dialect).contexts
    first, second = (read(pieces, one).contexts for one in DIALECTS)
    return tuple(one if one and other else BARE for one, other in zip(first, second, strict=True))


_NAMES = "a value cannot be the name of anything, it is bound"
SAID: Mapping[str, tuple[str, str]] = {
    STRING: ("its value is bound, and would not be in there", "write `{fixed}`"),
    QUOTED: (_NAMES, "write the name itself"),
    COMMENT: ("its value is bound, and would not be in there", "take it out of the comment"),
    DOLLAR: ("its value is bound, and would not be in there", "hand it over as an argument of the function"),
    NAME: (_NAMES, "write the name itself, and a step for each if there are several"),
    GLUED: ("its value is bound as a whole", "put texts together inside the braces with `~`, or write the name itself"),
    TYPED: ("a value that is bound has no type in front", "write `cast({placeholder} as {word})`"),
}
"""A context to what is wrong with it and what to write instead."""


def fixed(text: str, label: str) -> str:
    """A string with a placeholder in it, as one placeholder: `'%@%'` is `{{ '%' ~ label ~ '%' }}`."""
    before, _, after = text.partition(MARK)
    words = [repr(before)] * bool(before) + [label] + [repr(after)] * bool(after)
    return f"{{{{ {' ~ '.join(words)} }}}}"


def around(pieces: Sequence[str | None], index: int, dialect: str) -> tuple[str, str]:
    """The string that a placeholder is in, without its quotes, and the word before it (or before its string).

    Other placeholders of the string are left as they are, in the text: they are no MARK.
    """
    holes = [at for at, piece in enumerate(pieces) if piece is None]
    single: list[Any] = [None if at == holes[index] else (piece or "") for at, piece in enumerate(pieces)]
    found = read(single, dialect)
    last = ""
    for token in found.tokens:
        if token.kind == HOLE:
            return "", last
        if MARK in token.text:
            return token.text.lstrip("bBxXnNeE")[1:-1], last
        last = token.text if token.kind == WORD else ""
    return "", last
