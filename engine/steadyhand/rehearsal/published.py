"""The JSON Schemas of test documents, and of what `steady test --json` prints. Pure; written from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.tables import TABLES
from .documents import SPECIAL

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "duration": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "map": {"type": "object"},
    "list": {"type": "array", "items": {"type": "string"}},
    "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "any": {},
}


def test_schema() -> dict[str, Any]:
    """The JSON Schema of a test document."""
    came = {
        "description": "What comes of an attempt: an outcome, or the values that the handler returns.",
        "examples": ["fail", {"exit_code": 0, "stdout": "17"}],
        "anyOf": [{"enum": list(SPECIAL)}, {**_table("came"), "additionalProperties": True}],
    }
    said = {
        "description": "What a person answers.",
        "examples": ["approve", {"answer": "approve", "by": "somebody", "after": "2m"}],
        "anyOf": [{"type": "string"}, _table("said")],
    }
    special = {
        "came": _turns(came),
        "said": _turns({"anyOf": [said, {"type": "array", "items": said}]}),
        "counts": _one_or_many({"type": "integer", "minimum": 1}),
        "asks": _one_or_many({"anyOf": [{"type": "string"}, _table("asked")]}),
        "sends": _one_or_many({"type": "object"}),
        "refused": {"type": "object", "additionalProperties": _TYPES["texts"]},
    }
    special["cases"] = {"type": "object", "minProperties": 1, "additionalProperties": _table("case", special)}
    head = {"$schema": DIALECT, "title": "Steadyhand runbook test"}
    about = "Scripted worlds for a runbook, and what must come of them."
    return {**head, "description": about, **_table("test", special)}


def drill_schema() -> dict[str, Any]:
    """The JSON Schema of a drill document."""
    said = {"anyOf": [{"type": "string"}, _table("said")]}
    special = {"said": _turns({"anyOf": [said, {"type": "array", "items": said}]})}
    special["drills"] = {"type": "object", "minProperties": 1, "additionalProperties": _table("drill", special)}
    about = "How a real service is started and broken, and what the runbook must make of it."
    head = {"$schema": DIALECT, "title": "Steadyhand drill"}
    return {**head, "description": about, **_table("drills", special)}


def proved_schema() -> dict[str, Any]:
    """The JSON Schema of what `steady library prove --json` prints."""
    text, flag, count = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
    texts = {"type": "array", "items": text}
    drill = _object(
        "One drill. Times are microseconds; `skipped` says why it was not carried out, and is empty when it was.",
        {
            "drill": text, "injected": text, "found": text, "repaired": {"type": ["boolean", "null"]}, "ended": text,
            "took": count, "path": texts, "lacking": texts, "problems": texts, "skipped": text, "passed": flag,
        },
    )  # fmt: skip
    book = _object(
        "A runbook: what is wrong with it, its tests and its drills.",
        {
            "runbook": text, "path": text, "passed": flag, "findings": texts, "tests": count, "failed": texts,
            "edges": {**count, "maximum": 100}, "drills": {"type": "array", "items": drill},
        },
    )  # fmt: skip
    head = {"$schema": DIALECT, "title": "Steadyhand library, proved"}
    about = "What came of the proofs, tests and drills of all runbooks of a library."
    body = {"type": "object", "properties": {"passed": flag, "runbooks": {"type": "array", "items": book}}}
    return {**head, "description": about, **body, "required": ["passed", "runbooks"], "additionalProperties": False}


def _turns(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _one_or_many(one)}


def _one_or_many(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _table(name: str, special: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object, from its table. A field that a bare value stands for may be written so."""
    properties: dict[str, Any] = {}
    for known in TABLES[name]:
        found = _nested(known.of, special) if known.type == "object" else {**_TYPES, **(special or {})}[known.type]
        choices = {"enum": list(known.choices)} if known.choices else {}
        properties[known.name] = {**found, **choices, "description": known.description, "examples": [known.example]}
    required = [known.name for known in TABLES[name] if known.required]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _nested(name: str, special: Mapping[str, Any] | None) -> dict[str, Any]:
    table = _table(name, special)
    return {"anyOf": [{"type": "string"}, table]} if any(field.short for field in TABLES[name]) else table


def _object(about: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    rows = {"type": "object", "properties": dict(properties), "required": list(properties)}
    return {"description": about, **rows, "additionalProperties": False}


def tested_schema() -> dict[str, Any]:
    """The JSON Schema of what `steady test --json` prints."""
    text, flag, count = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
    texts = {"type": "array", "items": text}
    part = _object("How much was walked, of all there is.", {"walked": count, "of": count, "missing": texts})
    case = _object(
        "One test and what came of it.",
        {
            "name": text, "passed": flag, "problems": texts, "conclusion": text, "path": texts,
            "asked": texts, "sent": {"type": "array", "items": {"type": "object"}}, "undone": texts,
        },
    )  # fmt: skip
    finding = _object(
        "Something wrong with the document itself; its tests were not run.",
        {"code": text, "severity": {"enum": ["error", "warning"]}, "file": text, "line": count, "column": count,
         "end": count, "message": text, "why": text, "hint": text},
    )  # fmt: skip
    document = _object(
        "A test document.",
        {"path": text, "runbook": text, "passed": flag, "findings": {"type": "array", "items": finding},
         "cases": {"type": "array", "items": case}},
    )  # fmt: skip
    covered = _object(
        "What all documents of a runbook walked together.",
        {"runbook": text, "percent": {**count, "maximum": 100}, "steps": part, "edges": part, "conclusions": part},
    )
    path = _object(
        "A path that no test walks.",
        {"runbook": text, "edges": texts, "path": texts, "conclusion": text, "reachable": flag},
    )
    lists = {"tests": document, "coverage": covered, "unwalked": path}
    properties = {name: {"type": "array", "items": items} for name, items in lists.items()}
    about = "What came of tests, what they walked, and (with --explore) what they do not."
    head = {"$schema": DIALECT, "title": "Steadyhand test results"}
    body = {"type": "object", "properties": properties, "required": ["tests", "coverage"]}
    return {**head, "description": about, **body, "additionalProperties": False}
