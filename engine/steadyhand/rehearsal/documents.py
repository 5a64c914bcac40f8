"""Test documents (`*.test.yaml`): what the world does and what must come of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from ..errors import Diagnostic, Span
from ..schema.reader import Reader, kind_of
from ..schema.tables import TABLES, Field
from ..source import Mapping as MapNode
from ..source import Node, Scalar, Sequence, builtin, parse, parse_duration
from .world import Came, Said

T = TypeVar("T")

CODES: dict[str, tuple[str, str]] = {
    "ST001": ("test document", "The test cannot be read as it is meant, so it would prove nothing."),
}
SPECIAL = {
    "pass": Came("pass"), "fail": Came("fail"), "error": Came("error"), "unsure": Came("error", unsure=True),
    "crash": Came(crash=True),
}  # fmt: skip
"""What comes of an attempt, in one word. `unsure`: nobody knows what it did; `crash`: the engine dies meanwhile."""
BESIDE = ("after", "outcome", "reason", "unsure")
"""Words that may stand beside the values which a handler returns."""


class Case(Struct, frozen=True):
    """One test: a script, and what is expected. `steps` give what comes of each attempt at a path, in turn."""

    name: str
    span: Span
    inputs: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "guided"
    by: str = "tester"
    steps: Mapping[str, tuple[Came, ...]] = field(default_factory=dict)
    answers: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    crash_after: tuple[int, ...] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)


class TestDocument(Struct, frozen=True):
    """A test document: the runbook it is for (a path beside it, or ''), and its cases."""

    runbook: str
    cases: tuple[Case, ...]


def read_tests(text: str | bytes, name: str) -> tuple[TestDocument | None, tuple[Diagnostic, ...]]:
    """The cases of a test document, and everything that is wrong with it."""
    root, found = parse(text, name)
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    reader = Reader(decoded, name)
    reader.found.extend(found)
    document = _Cases(reader).document(root) if root is not None else None
    findings = tuple(sorted(reader.found, key=lambda d: (d.span, d.code)))
    return (None if findings else document), findings


class _Cases:
    """Reads the special fields of a test; everything else is in the tables."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def document(self, root: Node) -> TestDocument | None:
        mapping = self._reader.mapping(root, "a test document")
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "test", "a test document")
        tests = self._reader.mapping(given.get("tests"), "`tests`")
        runbook = self._reader.text(given["runbook"], "`runbook`") if "runbook" in given else ""
        return TestDocument(runbook or "", tuple(self._case(*entry) for entry in (tests.entries if tests else ())))

    def _case(self, key: Scalar, node: Node) -> Case:
        mapping = self._reader.mapping(node, f"test `{key.text}`")
        if mapping is None:
            return Case(key.text, key.span)
        given = self._reader.fields(mapping, "case", f"test `{key.text}`")
        known = {field.name: field for field in TABLES["case"]}
        plain = {n: self._reader.value(known[n], given[n]) for n in ("inputs", "mode", "by") if n in given}
        return Case(
            key.text,
            key.span,
            plain.get("inputs") or {},
            plain.get("mode") or "guided",
            plain.get("by") or "tester",
            self._turns(given.get("steps"), "`steps`", self._came),
            self._turns(given.get("answers"), "`answers`", self._said),
            self._counts(given.get("crash_after")),
            self._expected(given.get("expect")),
        )

    def _turns(self, node: Node | None, what: str, one: Callable[[Node], T]) -> dict[str, tuple[T, ...]]:
        mapping = self._reader.mapping(node, what)
        return {
            key.text: tuple(one(item) for item in (value.items if isinstance(value, Sequence) else (value,)))
            for key, value in (mapping.entries if mapping else ())
        }

    def _say(self, node: Node, message: str, hint: str) -> None:
        self._reader.say("ST001", node.span, message, hint, CODES["ST001"][1])

    def _came(self, node: Node) -> Came:
        """`fail`, or the values that the handler returns; `after`, `outcome`, `unsure`, `reason` beside them."""
        if isinstance(node, Scalar) and node.text in SPECIAL:
            return SPECIAL[node.text]
        if not isinstance(node, MapNode):
            self._say(node, f"{kind_of(node)} is no outcome", f"write {', '.join(SPECIAL)}, or a map of values")
            return Came()
        given: dict[str, Any] = builtin(node)
        beside = {name: given.pop(name) for name in BESIDE if name in given}
        outcome, after = beside.get("outcome", ""), parse_duration(str(beside.get("after", "0s")))
        if outcome not in {"", "pass", "fail", "error"}:
            self._say(node, f"{outcome!r} is no outcome", "write pass, fail or error")
        if after is None:
            self._say(node, f"{beside['after']!r} is no duration", "write such as 20s or 5m")
        if not isinstance(beside.get("unsure", False), bool):
            self._say(node, "`unsure` is true or false", "write `unsure: true`")
        return Came(str(outcome), given, str(beside.get("reason", "")), bool(beside.get("unsure")), after or 0)

    def _said(self, node: Node) -> Said:
        given = self._reader.object("said", node, "an answer") or {}
        return Said(
            given.get("answer", "answer" if "value" in given else ""),
            given.get("by", "somebody"),
            given.get("after", 0),
            given.get("value"),
            given.get("comment", ""),
        )

    def _counts(self, node: Node | None) -> tuple[int, ...]:
        found = builtin(node) if node is not None else ()
        counts = found if isinstance(found, (list, tuple)) else (found,)
        if node is not None and not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in counts):
            self._say(node, "`crash_after` counts events", "write a whole number from 1, or a list of them")
            return ()
        return tuple(counts)

    def _expected(self, node: Node | None) -> dict[str, Any]:
        mapping = self._reader.mapping(node, "`expect`")
        if mapping is None:
            return {}
        given = self._reader.fields(mapping, "expected", "`expect`")
        known = {field.name: field for field in TABLES["expected"]}
        return {name: value for name, child in given.items() if (value := self._value(known[name], child)) is not None}

    def _value(self, field: Field, node: Node) -> Any:
        if field.type != "texts":
            return self._reader.value(field, node)
        items = node.items if isinstance(node, Sequence) else (node,)
        return [self._reader.text(item, f"`{field.name}`") for item in items]


def test_schema() -> dict[str, Any]:
    """The JSON Schema of a test document."""
    came = {
        "description": "What comes of an attempt: an outcome, or the values that the handler returns.",
        "examples": ["fail", {"exit_code": 0, "stdout": "17"}],
        "anyOf": [{"enum": list(SPECIAL)}, {"type": "object"}],
    }
    said = {
        "description": "What a person answers.",
        "examples": ["approve", {"answer": "approve", "by": "somebody", "after": "2m"}],
        "anyOf": [{"type": "string"}, _table("said")],
    }
    count = {"type": "integer", "minimum": 1}
    special = {
        "came": _turns_schema(came), "said": _turns_schema(said),
        "counts": {"anyOf": [count, {"type": "array", "items": count}]},
    }  # fmt: skip
    special["cases"] = {"type": "object", "additionalProperties": _table("case", special)}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Steadyhand runbook test"}
    about = "Scripted worlds for a runbook, and what must come of them."
    return {**head, "description": about, **_table("test", special)}


def _turns_schema(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"anyOf": [one, {"type": "array", "items": one}]}}


_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "duration": {"type": "string"},
    "map": {"type": "object"},
    "list": {"type": "array", "items": {"type": "string"}},
    "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "any": {},
}


def _table(name: str, special: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object, from its table."""
    properties: dict[str, Any] = {}
    for known in TABLES[name]:
        type_ = _table(known.of) if known.type == "object" else (special or {}).get(known.type) or _TYPES[known.type]
        choices = {"enum": list(known.choices)} if known.choices else {}
        properties[known.name] = {**type_, **choices, "description": known.description, "examples": [known.example]}
    required = [known.name for known in TABLES[name] if known.required]
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found
