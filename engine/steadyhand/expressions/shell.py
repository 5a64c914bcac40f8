"""Where in a shell command a placeholder stands: whether a quoted word put there would be read as that word.

Called before a run by the check of a document, and again by the renderer on what it has put together, because the
quotes around a value protect only where the shell reads quotes. In double quotes, here-documents, backticks and
comments they are ordinary characters, and a hostile value would get out.

This reads POSIX shell text as far as that question needs. Where it cannot tell, it says so, and that is an error as
well: it must never take a place for safe that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

HOLE = "{{}}"
"""Stands for a placeholder among single characters, so that no character can be taken for it."""

BARE = ""
DOUBLE, SINGLE = "inside double quotes", "inside single quotes"
BACKTICK, HEREDOC, COMMENT = "inside backticks", "inside a here-document", "inside a comment"
EXPANSION, ARITHMETIC = "inside `${ }`", "inside `$(( ))`"
DOLLAR, ESCAPED = "right after `$`", "right after a backslash"
UNCLEAR = "where the quoting cannot be told"

_DEEPEST = 30
_BLANK = " \t"
_BREAKS = frozenset(" \t\n;|&()<>")


class _Lost(Exception):
    """From here on it cannot be told how the shell reads the text."""


class _End(Exception):
    """The text is over."""


class _HereDocument(Struct, frozen=True):
    """A here-document whose body is yet to come: `tabs` are stripped (`<<-`), `quoted` text is not expanded."""

    name: str
    tabs: bool
    quoted: bool


class _Reader(Struct):
    """Reads once from left to right and notes the context of each hole, in order."""

    chars: Sequence[str]
    at: int = 0
    found: list[str] = []
    pending: list[_HereDocument] = []

    def peek(self, ahead: int = 0) -> str:
        return self.chars[self.at + ahead] if self.at + ahead < len(self.chars) else ""

    def glued(self) -> str:
        """The next character, which may belong to the sign before it. A line break between the two is lost on us."""
        if self.peek() == "\\" and self.peek(1) == "\n":
            raise _Lost
        return self.peek()

    def take(self) -> str:
        if self.at >= len(self.chars):
            raise _End
        self.at += 1
        return self.chars[self.at - 1]

    def next(self, context: str) -> str:
        """The next character, noting holes as standing in that context."""
        char = self.take()
        while char is HOLE:
            self.found.append(context)
            char = self.take()
        return char

    def command(self, *, closing: str, depth: int) -> None:
        """Command text up to `closing` (or the end)."""
        if depth > _DEEPEST:
            raise _Lost
        word, before, outer = "", "\n", len(self.pending)
        while True:
            char = self.take()
            if char is HOLE:
                self.found.append(BARE)
            elif char in {closing, "\n"} and (len(self.pending) > outer if char == closing else outer):
                raise _Lost  # shells differ on where the body of such a here-document is
            elif char == closing:
                return
            elif char == "\\" and self.peek() == "\n":  # the line goes on as if neither were there
                self.at += 1
                continue
            elif char in _OPENERS:
                _OPENERS[char](self, depth)
            elif char == "#" and before in _BREAKS:
                char = self.comment()
            word = self.word(word, char, nested=bool(closing))
            if char == "\n":
                self.heredocs()
            elif char == "(":
                self.parenthesis(depth)
                char = ")"
            elif char == "<" and self.glued() == "<":
                self.heredoc()
            before = char

    def parenthesis(self, depth: int) -> None:
        if self.glued() == "(":
            self.at += 1
            self.arithmetic()
        else:
            self.command(closing=")", depth=depth + 1)

    def word(self, word: str, char: str, *, nested: bool) -> str:
        """The word so far. A `case` in parentheses has unbalanced ones of its own, so there the reading ends."""
        if char not in _BREAKS:
            return word + char if len(word) < 8 else word
        if nested and word == "case":
            raise _Lost
        return ""

    def comment(self) -> str:
        while (char := self.next(COMMENT)) != "\n":
            pass
        return char

    def escape(self, depth: int) -> None:
        del depth
        if self.peek() is HOLE:
            self.found.append(ESCAPED)
        self.take()

    def single(self, depth: int) -> None:
        del depth
        while self.next(SINGLE) != "'":
            pass

    def double(self, depth: int) -> None:
        while (char := self.next(DOUBLE)) != '"':
            if char in "\\$`":
                _OPENERS[char](self, depth) if char != "$" else self.dollar(depth, quoted=True)

    def backtick(self, depth: int) -> None:
        del depth
        while (char := self.next(BACKTICK)) != "`":
            if char == "\\":
                self.next(BACKTICK)

    def dollar(self, depth: int, *, quoted: bool = False) -> None:
        """What a `$` opens. Depth is bounded by `command` and `expansion`, which alone call each other."""
        char = self.glued()
        if char is HOLE:
            self.at += 1
            self.found.append(DOUBLE if quoted else DOLLAR)
        elif char == "{":
            self.at += 1
            self.expansion(depth + 1, quoted=quoted)
        elif char == "(":
            self.at += 1
            self.parenthesis(depth)
        elif char == "'" and not quoted:
            self.at += 1
            self.ansi()

    def ansi(self) -> None:
        """Text in `$' '`, which some shells read with escapes and some without."""
        while (char := self.next(SINGLE)) != "'":
            if char == "\\" and self.peek() in {"'", "\\"}:
                raise _Lost

    def expansion(self, depth: int, *, quoted: bool) -> None:
        if depth > _DEEPEST:
            raise _Lost
        while (char := self.next(EXPANSION)) != "}":
            if char in "'\"" and quoted:
                raise _Lost  # shells differ on whether these quote here
            if char == "$":
                self.dollar_within(depth, quoted=quoted)
            elif char in _OPENERS:
                _OPENERS[char](self, depth)

    def dollar_within(self, depth: int, *, quoted: bool) -> None:
        start = len(self.found)
        self.dollar(depth, quoted=quoted)
        self.found[start:] = [EXPANSION if context in {BARE, DOLLAR} else context for context in self.found[start:]]

    def arithmetic(self) -> None:
        depth = 2
        while depth:
            char = self.next(ARITHMETIC)
            if char in "'\"`\\":
                raise _Lost
            depth += {"(": 1, ")": -1}.get(char, 0)

    def heredoc(self) -> None:
        """The delimiter of a here-document, after its first `<`; its body comes after the line."""
        self.at += 1
        if self.glued() == "<":  # `<<<` takes an ordinary word
            self.at += 1
            return
        tabs = self.peek() == "-"
        self.at += tabs
        while self.glued() and self.peek() in _BLANK:
            self.at += 1
        start = self.at
        name = self.delimiter()
        quoted = any(char in "'\"\\" for char in self.chars[start : self.at])
        self.pending.append(_HereDocument(name, tabs, quoted))

    def delimiter(self) -> str:
        name, quote = "", ""
        while (char := self.glued()) and (quote or char not in _BREAKS):
            if char is HOLE or char in "$`\n":
                raise _Lost
            if char in "'\"" and quote in {"", char}:
                quote = "" if quote else char
            elif char != "\\":
                name += char
            self.at += 1
        return name

    def heredocs(self) -> None:
        """The bodies of the here-documents that the line before has opened."""
        pending, self.pending = self.pending, []
        for document in pending:
            while True:
                line = self.line()
                if (line.lstrip("\t") if document.tabs else line) == document.name:
                    break
                if not document.quoted and _goes_on(line):
                    raise _Lost

    def line(self) -> str:
        """One line of a here-document."""
        text: list[str] = []
        while self.at < len(self.chars) and (char := self.take()) != "\n":
            if char is HOLE:
                self.found.append(HEREDOC)
            text.append(char)
        if not text and self.at >= len(self.chars):
            raise _End
        return "".join(text)


def _goes_on(line: str) -> bool:
    """Whether a line of an expanded here-document may swallow the end of it, in one shell or another."""
    slashes = len(line) - len(line.rstrip("\\"))
    opened = line.count("$(") > line.count(")") or line.count("${") > line.count("}")
    return slashes % 2 == 1 or opened or line.count("`") % 2 == 1


_OPENERS: dict[str, Any] = {
    "\\": _Reader.escape,
    "'": _Reader.single,
    '"': _Reader.double,
    "`": _Reader.backtick,
    "$": _Reader.dollar,
}


def contexts(pieces: Sequence[str | None]) -> list[str]:
    """The context of each hole (None) in shell text, in order: BARE where a quoted word is read as one word."""
    chars = [char for piece in pieces for char in ([HOLE] if piece is None else piece)]
    reader = _Reader(chars)
    try:
        reader.command(closing="", depth=0)
    except _End:
        pass
    except _Lost:
        holes = sum(char is HOLE for char in chars)
        reader.found += [UNCLEAR] * (holes - len(reader.found))
    return reader.found
