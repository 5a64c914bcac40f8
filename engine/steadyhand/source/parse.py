"""From YAML text to nodes with places. The only module that knows a YAML library.

The library's scanner and parser are used, and none of its meaning: plain scalars are resolved by our own table
(scalars.py), a duplicate key is an error, aliases may not make a document grow without bound.
"""

from __future__ import annotations

from typing import Any

import yaml

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
_Parser: Any = getattr(yaml, "CParser", None)


class _Resolved:
    """Instead of the library's resolver: says only whether a scalar was plain; explicit tags stay as they are."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        del value
        if kind is yaml.ScalarNode:
            return "plain" if implicit[0] else "quoted"
        return "sequence" if kind is yaml.SequenceNode else "mapping"

    def descend_resolver(self, parent: Any, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass

    def check_resolver_prefix(self, *_: Any) -> bool:
        return False


def _loader(text: str) -> Any:
    """A composer over the fastest parser there is."""
    if _Parser is not None:
        return type("Loader", (_Resolved, _Parser), {"__init__": _Parser.__init__})(text)
    parts = (_Resolved, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer)

    def init(self: Any, stream: str) -> None:
        yaml.reader.Reader.__init__(self, stream)
        for part in parts[2:]:
            part.__init__(self)

    return type("Loader", parts, {"__init__": init})(text)


def parse(text: str | bytes, name: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The tree of a document, and everything that is wrong with its text. The tree is None when there is none."""
    decoded, problem = _decoded(text, name)
    if problem is not None:
        return None, (problem,)
    lines = _Lines(decoded, name)
    try:
        loader = _loader(decoded)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        return None, (lines.of_error(error),)
    except yaml.reader.ReaderError as error:
        return None, (lines.unreadable(error),)
    except RecursionError:
        return None, (lines.at(0, 0, "SH007", "the document is nested too deeply", "flatten it"),)
    if root is None:
        return None, (lines.at(0, 0, "SH005", "the document is empty", "begin with `steadyhand: 1` and a `name:`"),)
    tree = _Tree(lines)
    node = tree.node(root, 0)
    return node, tuple(tree.found)


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

    def span(self, node: Any) -> Span:
        start, end = node.start_mark, node.end_mark
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
        if "single document" in text:
            return self.at(line, column, "SH005", "a second document begins here", "write one runbook per file")
        if "alias" in text:
            return self.at(line, column, "SH003", f"YAML: {text}", "define the anchor (&name) before its alias (*name)")
        why = "nothing after this place can be trusted"
        return self.at(line, column, "SH001", f"YAML: {text}", _advice(text, self.line(line)), why)

    def unreadable(self, error: Any) -> Diagnostic:
        position = error.position if isinstance(error.position, int) else 0
        before = self._text[:position]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        return self.at(
            line, column, "SH006", "a character that YAML does not allow", "remove it, or write it as \\x.. in quotes"
        )


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


class _Tree:
    """Turns the library's nodes into ours."""

    def __init__(self, lines: _Lines) -> None:
        self.found: list[Diagnostic] = []
        self._lines = lines
        self._seen: dict[int, Node] = {}
        self._open: set[int] = set()
        self._sizes: dict[int, int] = {}
        self._grown = 0

    def node(self, raw: Any, depth: int) -> Node:
        """A node of ours; one that cannot be is replaced by null, with a finding."""
        key = id(raw)
        known = self._seen.get(key)
        if known is not None:
            return self._again(raw, known)
        if key in self._open:
            return self._wrong(raw, "SH003", "an alias inside what it stands for", "write the part out")
        if depth > DEPTH:
            return self._wrong(raw, "SH007", f"the document is nested more than {DEPTH} deep", "flatten it")
        if isinstance(raw, yaml.ScalarNode):
            node: Node = self._scalar(raw)
            size = 1
        else:
            self._open.add(key)
            node = self._sequence(raw, depth) if isinstance(raw, yaml.SequenceNode) else self._mapping(raw, depth)
            self._open.discard(key)
            size = _count(node, self._sizes)
        self._seen[key] = node
        self._sizes[id(node)] = size
        return node

    def _again(self, raw: Any, known: Node) -> Node:
        self._grown += self._sizes.get(id(known), 1)
        if self._grown > GROWTH:
            return self._wrong(raw, "SH003", "aliases make this document grow without bound", "write the parts out")
        return known

    def _wrong(self, raw: Any, code: str, message: str, hint: str) -> Scalar:
        span = self._lines.span(raw)
        if not any(d.code == code and d.message == message for d in self.found):
            self.found.append(Diagnostic(code, message, span, "", hint, self._lines.line(span.line - 1)))
        return Scalar(None, "", span)

    def _scalar(self, raw: Any) -> Scalar:
        span = self._lines.span(raw)
        if raw.tag == "plain":
            return Scalar(resolve(raw.value), raw.value, span)
        if raw.tag not in {"quoted", _STR}:
            hint = "leave the tag out; quotes make text"
            return self._wrong(raw, "SH004", f"the tag {raw.tag} has no meaning here", hint)
        return Scalar(raw.value, raw.value, span, plain=False)

    def _tagged(self, raw: Any, name: str) -> None:
        if raw.tag not in {name, f"tag:yaml.org,2002:{name[:3]}"}:
            self._wrong(raw, "SH004", f"the tag {raw.tag} has no meaning here", "leave the tag out")

    def _sequence(self, raw: Any, depth: int) -> Sequence:
        self._tagged(raw, "sequence")
        return Sequence(tuple(self.node(item, depth + 1) for item in raw.value), self._lines.span(raw))

    def _mapping(self, raw: Any, depth: int) -> Mapping:
        self._tagged(raw, "mapping")
        entries: list[tuple[Scalar, Node]] = []
        first: dict[str, Span] = {}
        for raw_key, raw_value in raw.value:
            key = self._key(raw_key)
            value = self.node(raw_value, depth + 1)
            if key is None:
                continue
            if key.text in first:
                self._twice(raw_key, key, first[key.text])
                continue
            first[key.text] = key.span
            entries.append((key, value))
        return Mapping(tuple(entries), self._lines.span(raw))

    def _key(self, raw: Any) -> Scalar | None:
        if not isinstance(raw, yaml.ScalarNode):
            self._wrong(raw, "SH103", "a key must be text", "put the key into quotes; `{{` begins a map unless quoted")
            return None
        if raw.value == "<<" and raw.tag == "plain":
            self._wrong(
                raw, "SH008", "merge keys (<<) are not in YAML 1.2", "write the keys out, or alias whole values"
            )
            return None
        return self._scalar(raw)

    def _twice(self, raw: Any, key: Scalar, first: Span) -> None:
        span = self._lines.span(raw)
        message = f"the key `{key.text}` stands twice, first in line {first.line}"
        hint = "remove one of the two, or give it another name"
        why = "one of them would silently win"
        self.found.append(Diagnostic("SH002", message, span, why, hint, self._lines.line(span.line - 1)))


def _count(node: Node, sizes: dict[int, int]) -> int:
    """The nodes below one, those of its parts being known."""
    if isinstance(node, Scalar):
        return 1
    parts = node.items if isinstance(node, Sequence) else tuple(value for _, value in node.entries)
    return 1 + sum(sizes.get(id(part), 1) for part in parts)
