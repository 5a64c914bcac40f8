"""From YAML text to nodes with places. The only module that knows a YAML library.

The library's scanner and parser are used, and none of its meaning: plain scalars are resolved by our own table
(scalars.py), a duplicate key is an error, aliases may not make a document grow without bound.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml import cyaml, events

from ..errors import Diagnostic, Span
from .nodes import Mapping, Node, Scalar, Sequence
from .scalars import resolve

DEPTH = 100
"""How deep a document may be nested."""
GROWTH = 200_000
"""How many nodes aliases may add to a document."""
LARGEST = 16 * 1024 * 1024
"""Bytes of a document."""

_STR = "tag:yaml.org,2002:str"


def _parser(text: str) -> Any:
    """The fastest parser there is: the library's own in C, else the one in Python. Both give the same events."""
    fast = getattr(cyaml, "CParser", None)
    return fast(text) if fast is not None else _Slow(text)


class _Slow(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """Events without the C library."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def parse(text: str | bytes, name: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The tree of a document, and everything that is wrong with its text. The tree is None when there is none."""
    decoded, problem = _decoded(text, name)
    if problem is not None:
        return None, (problem,)
    lines = _Lines(decoded, name)
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(decoded)
    if unprintable is not None:
        return None, (lines.unreadable(unprintable.start()),)
    composer = _Composer(_parser(decoded), lines)
    try:
        root = composer.document()
    except yaml.MarkedYAMLError as error:
        return None, (*composer.found, lines.of_error(error))
    except _TooDeep as deep:
        return None, (*composer.found, deep.found)
    return root, tuple(composer.found)


def _decoded(text: str | bytes, name: str) -> tuple[str, Diagnostic | None]:
    if len(text) > LARGEST:
        return "", Diagnostic("SH006", f"the document is larger than {LARGEST} bytes", Span(name, 1, 1, 2))
    if isinstance(text, str):
        broken = next((i for i, c in enumerate(text) if "\ud800" <= c <= "\udfff"), -1) if not text.isascii() else -1
        if broken < 0:
            return text.removeprefix("\ufeff"), None
        line, column = text.count("\n", 0, broken) + 1, broken - text.rfind("\n", 0, broken)
    else:
        try:
            return text.decode("utf-8-sig"), None
        except UnicodeDecodeError as error:
            before = text[: error.start].decode("utf-8-sig", "replace")
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    span = Span(name, line, column, column + 1)
    return "", Diagnostic(
        "SH006", "this is not UTF-8", span, "a name could be read as another", "save the file as UTF-8"
    )


class _Lines:
    """The lines of a document, for the caret under a finding."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._text = text
        self._split: list[str] | None = None

    def line(self, number: int) -> str:
        """A line by its number from 0, or ''."""
        if self._split is None:
            self._split = self._text.split("\n")
        return self._split[number].rstrip("\r") if 0 <= number < len(self._split) else ""

    def span(self, start: Any, end: Any) -> Span:
        last = end.column if end.line == start.line else len(self.line(start.line))
        return Span(self.name, start.line + 1, start.column + 1, max(last, start.column + 1) + 1)

    def at(self, line: int, column: int, code: str, message: str, hint: str, why: str = "") -> Diagnostic:
        last = max(0, self._text.count("\n"))
        line = min(line, last)
        span = Span(self.name, line + 1, column + 1, column + 2)
        return Diagnostic(code, message, span, why, hint, self.line(line))

    def of_error(self, error: Any) -> Diagnostic:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        text = " ".join(part for part in (error.context, error.problem) if part)
        why = "nothing after this place can be trusted"
        return self.at(line, column, "SH001", f"YAML: {text}", _advice(text, self.line(line)), why)

    def unreadable(self, position: int) -> Diagnostic:
        before = self._text[:position]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        hint = "remove it, or write it as \\x.. in quotes"
        return self.at(line, column, "SH006", "a character that YAML does not allow", hint)


def _advice(problem: str, line: str) -> str:
    """What to write instead, for the mistakes that people make."""
    if "\t" in line:
        return "indent with spaces, not with tabs"
    if "{{" in line and "mapping" in problem:
        return 'put a value that begins with a placeholder into quotes: "{{ ... }}"'
    if "mapping values are not allowed" in problem:
        return "put the text into quotes: it holds a colon followed by a space"
    if "could not find expected ':'" in problem:
        return "write `key: value`"
    if "end of stream" in problem or "quoted scalar" in problem:
        return "close the quote or bracket"
    return "check the indentation and the quotes of this line and of the one above"


class _TooDeep(Exception):
    """No more is read: the time that the library takes grows with the square of the depth."""

    def __init__(self, found: Diagnostic) -> None:
        super().__init__(found.message)
        self.found = found


class _Composer:
    """Turns the parser's events into nodes, without ever going deeper than DEPTH."""

    def __init__(self, parser: Any, lines: _Lines) -> None:
        self.found: list[Diagnostic] = []
        self._next = parser.get_event
        self._lines = lines
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._grown = 0

    def document(self) -> Node | None:
        """The root of the one document; None when there is none."""
        self._next()
        if not isinstance(self._next(), events.DocumentStartEvent):
            hint = "begin with `steadyhand: 1` and a `name:`"
            self.found.append(self._lines.at(0, 0, "SH005", "the document is empty", hint))
            return None
        root = self._node(self._next(), 0)
        self._next()
        after = self._next()
        if not isinstance(after, events.StreamEndEvent):
            mark = after.start_mark
            hint = "write one runbook per file"
            self.found.append(self._lines.at(mark.line, mark.column, "SH005", "a second document begins here", hint))
        return root

    def _node(self, event: Any, depth: int) -> Node:
        """A node; one that cannot be is replaced by null, with a finding."""
        kind = event.__class__
        if kind is events.AliasEvent:
            return self._alias(event)
        before = self._nodes
        self._nodes += 1
        anchor = event.anchor
        if anchor:
            self._open.add(anchor)
        if kind is events.ScalarEvent:
            node: Node = self._scalar(event)
        elif depth > DEPTH:
            mark = event.start_mark
            message = f"the document is nested more than {DEPTH} deep"
            raise _TooDeep(self._lines.at(mark.line, mark.column, "SH007", message, "flatten it"))
        elif kind is events.SequenceStartEvent:
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if anchor:
            self._open.discard(anchor)
            self._anchors[anchor] = (node, self._nodes - before)
        return node

    def _alias(self, event: Any) -> Node:
        if event.anchor in self._open:
            return self._wrong(event, "SH003", "an alias inside what it stands for", "write the part out")
        if event.anchor not in self._anchors:
            hint = f"define the anchor (&{event.anchor}) before its alias, or put the text into quotes"
            return self._wrong(event, "SH003", f"the alias *{event.anchor} stands for nothing", hint)
        known, size = self._anchors[event.anchor]
        self._nodes += size
        self._grown += size
        if self._grown > GROWTH:
            return self._wrong(event, "SH003", "aliases make this document grow without bound", "write the parts out")
        return known

    def _wrong(self, event: Any, code: str, message: str, hint: str) -> Scalar:
        span = self._lines.span(event.start_mark, event.end_mark)
        if not any(d.code == code and d.message == message for d in self.found):
            self.found.append(Diagnostic(code, message, span, "", hint, self._lines.line(span.line - 1)))
        return Scalar(None, "", span)

    def _scalar(self, event: Any) -> Scalar:
        span = self._lines.span(event.start_mark, event.end_mark)
        text = event.value
        if event.tag is None:
            return Scalar(resolve(text), text, span) if event.implicit[0] else Scalar(text, text, span, plain=False)
        if event.tag != _STR:
            hint = "leave the tag out; quotes make text"
            return self._wrong(event, "SH004", f"the tag {event.tag} has no meaning here", hint)
        return Scalar(text, text, span, plain=False)

    def _tagged(self, event: Any, name: str) -> None:
        if event.tag not in {None, f"tag:yaml.org,2002:{name}"}:
            self._wrong(event, "SH004", f"the tag {event.tag} has no meaning here", "leave the tag out")

    def _sequence(self, start: Any, depth: int) -> Sequence:
        self._tagged(start, "seq")
        items: list[Node] = []
        event = self._next()
        while event.__class__ is not events.SequenceEndEvent:
            items.append(self._node(event, depth + 1))
            event = self._next()
        return Sequence(tuple(items), self._lines.span(start.start_mark, event.end_mark))

    def _mapping(self, start: Any, depth: int) -> Mapping:
        self._tagged(start, "map")
        entries: list[tuple[Scalar, Node]] = []
        first: dict[str, Span] = {}
        event = self._next()
        while event.__class__ is not events.MappingEndEvent:
            key = self._key(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            if key is not None and key.text in first:
                self._twice(key, first[key.text])
            elif key is not None:
                first[key.text] = key.span
                entries.append((key, value))
            event = self._next()
        return Mapping(tuple(entries), self._lines.span(start.start_mark, event.end_mark))

    def _key(self, event: Any, depth: int) -> Scalar | None:
        if event.__class__ is not events.ScalarEvent:
            self._node(event, depth)
            hint = "put the key into quotes; `{{` begins a map unless quoted"
            self._wrong(event, "SH103", "a key must be text", hint)
            return None
        if event.value == "<<" and event.implicit[0]:
            hint = "write the keys out, or alias whole values"
            self._wrong(event, "SH008", "merge keys (<<) are not in YAML 1.2", hint)
            return None
        key = self._node(event, depth)
        return key if isinstance(key, Scalar) else None

    def _twice(self, key: Scalar, first: Span) -> None:
        message = f"the key `{key.text}` stands twice, first in line {first.line}"
        hint = "remove one of the two, or give it another name"
        why = "one of them would silently win"
        line = self._lines.line(key.span.line - 1)
        self.found.append(Diagnostic("SH002", message, key.span, why, hint, line))
