"""Reads nodes against the tables and collects everything that is wrong, with its place and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import Diagnostic, Severity, Span
from ..source import Mapping, Node, Scalar, Sequence, builtin, parse_duration, parse_size
from .fields import NAME, SLUG, Field
from .tables import TABLES

WORDS = {
    "text": "text", "slug": "a slug", "name": "a name", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "duration": "a duration", "size": "a size", "list": "a list", "map": "a map",
    "object": "a map", "any": "anything",
}  # fmt: skip
LISTED = 30
"""How many known words a hint lists."""
ENOUGH = 50
"""After so many findings, no more nearest words are looked for: the search costs more than all else together."""
_EXAMPLES = {"duration": "30s, 5m, 1h30m", "size": "64MiB, 500kB", "boolean": "true or false, without quotes"}


class Reader:
    """One document being read. `found` grows; reading goes on after every finding."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.found: list[Diagnostic] = []
        self.plain: set[int] = set()
        """The nodes (by identity) whose text stands as it is, whatever is in it."""
        self._lines = text.split("\n")

    def near(self, word: str, known: Iterable[str], what: str) -> str:
        """The nearest of many known words, while there are few findings."""
        return near(word, known, what) if len(self.found) < ENOUGH else ""

    def say(
        self, code: str, span: Span, message: str, hint: str = "", why: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """One more finding."""
        line = self._lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(self._lines) else ""
        self.found.append(Diagnostic(code, message, span, why, hint, line, severity))

    def as_it_stands(self, node: Node, name: str) -> None:
        """A text in which nothing is filled in; a warning where it looks as if something should be."""
        self.plain.add(id(node))
        if isinstance(node, Scalar) and re.search(r"\{\{.*?\}\}", node.text, re.DOTALL):
            hint = "write it without; what is filled in stands in prompts, commands and labels"
            message = f"nothing is filled in in `{name}`: the placeholder stands there as it is"
            self.say("SH505", node.span, message, hint, "", Severity.WARNING)

    def mapping(self, node: Node | None, what: str) -> Mapping | None:
        """The node as a map, or a finding."""
        if isinstance(node, Mapping):
            return node
        if node is not None:
            self.say(
                "SH103", node.span, f"{what} must be a map, and is {kind_of(node)}", "write `key: value` lines below it"
            )
        return None

    def fields(self, node: Mapping, table: str, what: str, also: Iterable[str] = ()) -> dict[str, Node]:
        """The fields of an object by name; findings for unknown and missing ones. Keys beginning with x- are free."""
        known = {field.name: field for field in TABLES[table]}
        given: dict[str, Node] = {}
        others = tuple(also)
        for key, value in node.entries:
            if key.text in known or key.text in others:
                given[key.text] = value
            elif not key.text.startswith("x-"):
                self.unknown(key, [*known, *others], f"{what} has no key `{key.text}`")
        for field in known.values():
            if field.required and field.name not in given:
                self.say(
                    "SH102",
                    node.span,
                    f"{what} needs the key `{field.name}`",
                    f"add `{field.name}: {shown(field.example)}`",
                )
        return given

    def unknown(self, key: Scalar, known: Iterable[str], message: str, code: str = "SH101", what: str = "keys") -> None:
        """A name that is not known, with the nearest one that is."""
        self.say(
            code, key.span, message, near(key.text, known, what), "nothing would read it" if code == "SH101" else ""
        )

    def value(self, field: Field, node: Node) -> Any:
        """The value of a field of a plain type; None with a finding when it does not fit."""
        match field.type:
            case "list":
                return self._list(field, node)
            case "map":
                return self._map(field, node)
            case "any":
                return builtin(node)
            case "object":
                return self.object(field.of, node, f"`{field.name}`")
            case _:
                return self.scalar(field, node)

    def object(self, table: str, node: Node, what: str) -> dict[str, Any] | None:
        """An object of a table whose fields are all of plain types. A bare value is its `short` field."""
        short = next((field for field in TABLES[table] if field.short), None)
        if isinstance(node, Scalar) and short is not None and node.value is not None:
            value = self.value(short, node)
            return None if value is None else {short.name: value}
        mapping = self.mapping(node, what)
        if mapping is None:
            return None
        given = self.fields(mapping, table, what)
        known = {field.name: field for field in TABLES[table]}
        values = {name: self.value(known[name], child) for name, child in given.items() if known[name].type != "schema"}
        return {name: value for name, value in values.items() if value is not None}

    def _list(self, field: Field, node: Node) -> list[Any] | None:
        if not isinstance(node, Sequence):
            self.say(
                "SH103",
                node.span,
                f"`{field.name}` must be a list, and is {kind_of(node)}",
                f"write {shown(field.example)}",
            )
            return None
        if field.of == "any":
            return [builtin(item) for item in node.items]
        found = [self.text(item, f"an item of `{field.name}`") for item in node.items]
        return [item for item in found if item is not None]

    def _map(self, field: Field, node: Node) -> dict[str, Any] | None:
        mapping = self.mapping(node, f"`{field.name}`")
        if mapping is None:
            return None
        if field.of == "text":
            return {k.text: t for k, v in mapping.entries if (t := self.text(v, f"`{k.text}`")) is not None}
        if field.of == "list":
            return {
                k.text: self._list(Field(k.text, "list", "", ["name"], of="text"), v) or [] for k, v in mapping.entries
            }
        return {key.text: builtin(value) for key, value in mapping.entries}

    def text(self, node: Node, what: str) -> str | None:
        """Text as it stands: numbers and words without quotes are text too."""
        if isinstance(node, Scalar) and node.value is not None:
            return node.text
        self.say("SH103", node.span, f"{what} must be text, and is {kind_of(node)}", "put it into quotes")
        return None

    def scalar(self, field: Field, node: Node) -> Any:
        """A scalar of the field's type."""
        if not isinstance(node, Scalar) or node.value is None:
            self._misfit(field, node)
            return None
        value: Any = node.value
        match field.type:
            case "text" | "slug" | "name":
                return self._text(field, node)
            case "duration":
                value = parse_duration(node.text)
            case "size":
                value = parse_size(node.text) if not isinstance(value, int) else value
            case "integer":
                value = value if isinstance(value, int) and not isinstance(value, bool) else None
            case "number":
                value = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
            case "boolean":
                value = value if isinstance(value, bool) else None
            case _:
                value = None
        if value is None:
            self._misfit(field, node)
        elif field.least is not None and value < field.least:
            self.say("SH201", node.span, f"`{field.name}` must be at least {field.least}, and is {node.text}")
            return None
        return value

    def _text(self, field: Field, node: Scalar) -> str | None:
        if field.choices and node.text not in field.choices:
            self.unknown(node, field.choices, f"`{field.name}` cannot be {node.text!r}", "SH201", "values")
            return None
        pattern = {"slug": SLUG, "name": NAME}.get(field.type)
        if pattern and not re.match(pattern, node.text):
            rule = "lower-case letters, digits, - and _" if field.type == "slug" else "letters, digits and _"
            self.say(
                "SH201", node.span, f"`{field.name}` cannot be {node.text!r}", f"use {rule}, and begin with a letter"
            )
            return None
        return node.text

    def _misfit(self, field: Field, node: Node) -> None:
        hint = _EXAMPLES.get(field.type, "")
        wanted = f"write {hint}" if hint else f"write `{field.name}: {shown(field.example)}`"
        self.say(
            "SH103",
            node.span,
            f"`{field.name}` must be {WORDS.get(field.type, field.type)}, and is {kind_of(node)}",
            wanted,
        )


def templates_of(node: Node) -> Iterator[Scalar]:
    """Every text with a placeholder, without recursion."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Scalar):
            if isinstance(one.value, str) and "{{" in one.text:
                yield one
        elif isinstance(one, Sequence):
            waiting.extend(one.items)
        else:
            waiting.extend(value for _, value in one.entries)


def kind_of(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a map"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return node.text
    return node.text if isinstance(node.value, (int, float)) else f"{node.text[:40]!r}"


def near(word: str, known: Iterable[str], what: str = "values") -> str:
    """The nearest known word, or all of them."""
    import difflib  # noqa: PLC0415 only when there is a finding

    words = list(dict.fromkeys(known))
    close = difflib.get_close_matches(word, words, 1, 0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    more = f" and {len(words) - LISTED} more" if len(words) > LISTED else ""
    return f"{what}: {', '.join(words[:LISTED])}{more}"


def shown(example: Any) -> str:
    """An example as one line of YAML."""
    if isinstance(example, dict):
        return "{" + ", ".join(f"{k}: {shown(v)}" for k, v in example.items()) + "}"
    if isinstance(example, list):
        return "[" + ", ".join(shown(v) for v in example) + "]"
    if isinstance(example, bool):
        return "true" if example else "false"
    text = str(example)
    return f'"{text}"' if any(c in text for c in "{}[]:#,'") and not text.startswith("http") else text
