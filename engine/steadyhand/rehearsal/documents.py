"""Test documents (`*.test.yaml`): what the world does and what must come of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ..errors import Diagnostic, Span
from ..source import Mapping as MapNode
from ..source import Node, Scalar, Sequence, builtin, parse, parse_duration
from .world import Came, Said

CODES: dict[str, tuple[str, str]] = {
    "ST001": ("test document", "The test cannot be read as it is meant, so it would prove nothing."),
}
KEYS = ("inputs", "mode", "by", "steps", "answers", "crash_after", "expect")
SPECIAL = {"unsure": Came("error", unsure=True), "crash": Came(crash=True)}
"""Words for what comes of an attempt beside the outcomes: nobody knows what it did; the engine dies while it runs."""
EXPECTED = ("conclusion", "path", "facts", "waits_for", "attempts")


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
    if root is None:
        return None, found
    reader = _Reader(list(found))
    document = reader.document(root)
    return (None if reader.found else document), tuple(reader.found)


class _Reader:
    def __init__(self, found: list[Diagnostic]) -> None:
        self.found = found

    def _say(self, node: Node, message: str, hint: str) -> None:
        self.found.append(Diagnostic("ST001", message, node.span, "", hint))

    def _map(self, node: Node | None, what: str) -> MapNode | None:
        if node is not None and not isinstance(node, MapNode):
            self._say(node, f"{what} must be a map", "write `key: value` lines below it")
        return node if isinstance(node, MapNode) else None

    def document(self, root: Node) -> TestDocument:
        mapping = self._map(root, "a test document")
        if mapping is None:
            return TestDocument("", ())
        runbook = mapping.get("runbook")
        tests = self._map(mapping.get("tests"), "`tests`")
        if tests is None:
            self._say(root, "a test document needs `tests:`", "write `tests: {name: {steps: ..., expect: ...}}`")
            return TestDocument("", ())
        cases = tuple(self._case(key, value) for key, value in tests.entries)
        return TestDocument(runbook.text if isinstance(runbook, Scalar) else "", cases)

    def _case(self, key: Scalar, node: Node) -> Case:
        mapping = self._map(node, f"test `{key.text}`")
        if mapping is None:
            return Case(key.text, key.span)
        for name, _ in mapping.entries:
            if name.text not in KEYS:
                self._say(name, f"a test has no key `{name.text}`", f"keys: {', '.join(KEYS)}")
        plain = builtin(mapping)
        steps = self._map(mapping.get("steps"), "`steps`")
        answers = self._map(mapping.get("answers"), "`answers`")
        crashes = plain.get("crash_after", ())
        expect = plain.get("expect", {})
        for name in expect if isinstance(expect, dict) else ():
            if name not in EXPECTED:
                self._say(
                    mapping.get("expect") or node, f"`expect` has no key `{name}`", f"keys: {', '.join(EXPECTED)}"
                )
        return Case(
            key.text,
            key.span,
            plain.get("inputs") or {},
            plain.get("mode", "guided"),
            plain.get("by", "tester"),
            {k.text: self._turns(v, self._came) for k, v in (steps.entries if steps else ())},
            {k.text: self._turns(v, self._said) for k, v in (answers.entries if answers else ())},
            tuple(crashes) if isinstance(crashes, (list, tuple)) else (crashes,),
            expect if isinstance(expect, dict) else {},
        )

    def _turns(self, node: Node, one: Any) -> tuple[Any, ...]:
        return tuple(one(item) for item in (node.items if isinstance(node, Sequence) else (node,)))

    def _came(self, node: Node) -> Came:
        """`fail`, or the values that the handler returns; `after`, `outcome`, `unsure`, `reason` beside them."""
        if isinstance(node, Scalar):
            if node.text in SPECIAL:
                return SPECIAL[node.text]
            if node.text not in {"pass", "fail", "error"}:
                self._say(
                    node, f"{node.text!r} is no outcome", "write pass, fail, error, unsure, crash, or a map of values"
                )
            return Came(node.text)
        values: dict[str, Any] = builtin(node) if isinstance(node, MapNode) else {}
        after = parse_duration(str(values.pop("after", "0s"))) or 0
        outcome, reason = str(values.pop("outcome", "")), str(values.pop("reason", ""))
        return Came(outcome, values, reason, bool(values.pop("unsure", False)), after)

    def _said(self, node: Node) -> Said:
        if isinstance(node, Scalar):
            return Said(node.text)
        given: dict[str, Any] = builtin(node) if isinstance(node, MapNode) else {}
        after = parse_duration(str(given.get("after", "0s"))) or 0
        return Said(
            str(given.get("answer", "")),
            str(given.get("by", "somebody")),
            after,
            given.get("value"),
            str(given.get("comment", "")),
        )


def test_schema() -> dict[str, Any]:
    """The JSON Schema of a test document."""
    came = {
        "description": "What comes of an attempt: an outcome, or the values that the handler returns.",
        "examples": ["fail", {"exit_code": 0, "stdout": "17"}],
        "anyOf": [{"enum": ["pass", "fail", "error", "unsure", "crash"]}, {"type": "object"}],
    }
    said = {
        "description": "What a person answers.",
        "examples": ["approve", {"answer": "approve", "by": "somebody", "after": "2m"}],
        "anyOf": [{"type": "string"}, {"type": "object"}],
    }

    def turns(one: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"anyOf": [one, {"type": "array", "items": one}]}}

    properties: dict[str, Any] = {
        "inputs": {"type": "object", "description": "The inputs of the run.", "examples": [{"host": "db1"}]},
        "mode": {"enum": ["guided", "step", "auto", "diagnose"], "description": "The mode.", "examples": ["auto"]},
        "by": {"type": "string", "description": "Who starts the run.", "examples": ["tester"]},
        "steps": {
            "description": "What comes of attempts, by path.",
            "examples": [{"causes.idle": "fail"}],
            **turns(came),
        },
        "answers": {"description": "What people answer, by gate.", "examples": [{"restart": "approve"}], **turns(said)},
        "crash_after": {"description": "After how many events the engine dies.", "examples": [7, [5, 9]]},
        "expect": {"type": "object", "description": "What must come of it.", "examples": [{"conclusion": "resolved"}]},
    }
    case = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Steadyhand runbook test",
        "description": "Scripted worlds for a runbook, and what must come of them.",
        "type": "object",
        "properties": {
            "runbook": {
                "type": "string",
                "description": "The runbook, beside this file.",
                "examples": ["restart.yaml"],
            },
            "tests": {
                "type": "object",
                "description": "Tests by name.",
                "examples": [{}],
                "additionalProperties": case,
            },
        },
        "required": ["tests"],
        "additionalProperties": False,
    }
