"""Findings in the forms that people, editors and CI systems read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import __version__
from ..errors import Diagnostic, Severity

FORMATS = ("text", "json", "sarif", "junit", "github")
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
HELP = "docs/reference/codes.md"
"""The page on which every code is explained."""


def text_of(diagnostics: Iterable[Diagnostic]) -> str:
    """Each finding with its place, the line, a caret, why, and what to write instead."""
    return "\n".join(_one(d) for d in diagnostics)


def _one(d: Diagnostic) -> str:
    lines = [f"{d.span}: {d.severity.value} {d.code}: {d.message}"]
    if d.text:
        cut = max(0, d.span.column - 100)
        shown = "".join(c if c.isprintable() else " " for c in d.text[cut : cut + 160])
        width = max(1, min(d.span.end - d.span.column, len(shown) - (d.span.column - 1 - cut)))
        lines.append(f"  {shown}")
        lines.append(f"  {' ' * (d.span.column - 1 - cut)}{'^' * width}")
    if d.why:
        lines.append(f"  why: {d.why}")
    if d.hint:
        lines.append(f"  {d.hint}")
    return "\n".join(lines)


def as_dict(d: Diagnostic) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "code": d.code,
        "severity": d.severity.value,
        "file": d.span.source,
        "line": d.span.line,
        "column": d.span.column,
        "end": d.span.end,
        "message": d.message,
        "why": d.why,
        "hint": d.hint,
    }


def json_of(files: Sequence[tuple[str, Sequence[Diagnostic]]]) -> str:
    """One document for all files."""
    found = [{"path": path, "findings": [as_dict(d) for d in diagnostics]} for path, diagnostics in files]
    return json.dumps({"files": found}, indent=2)


def github_of(files: Sequence[tuple[str, Sequence[Diagnostic]]]) -> str:
    """Annotations for GitHub. What ends a value there is written by its number."""

    def escaped(text: str, *marks: str) -> str:
        for mark in ("%", "\r", "\n", *marks):
            text = text.replace(mark, f"%{ord(mark):02X}")
        return text

    lines = []
    for _, diagnostics in files:
        for d in diagnostics:
            file, title = (escaped(text, ":", ",") for text in (d.span.source, d.code))
            place = f"file={file},line={d.span.line},col={d.span.column},title={title}"
            lines.append(f"::{d.severity.value} {place}::{escaped(_sentence(d))}")
    return "\n".join(lines)


def _sentence(d: Diagnostic) -> str:
    return f"{d.message}. {d.hint}" if d.hint else d.message


def titles() -> Mapping[str, tuple[str, str]]:
    """Every code with its title and what it would cost."""
    from ..app import library  # noqa: PLC0415 only for this form
    from ..graph import CODES as GRAPH  # noqa: PLC0415 only for this form
    from ..rehearsal.documents import CODES as TESTS  # noqa: PLC0415 only for this form
    from ..schema import CODES as SCHEMA  # noqa: PLC0415 only for this form

    return {**SCHEMA, **GRAPH, **library.CODES, **TESTS}


def sarif_of(files: Sequence[tuple[str, Sequence[Diagnostic]]]) -> str:
    """SARIF 2.1.0: columns count characters, addresses are relative to the folder in which the command was run."""
    found = [d for _, diagnostics in files for d in diagnostics]
    codes = sorted({d.code for d in found})
    seen: dict[str, int] = {}
    results = [_result(d, codes.index(d.code), seen) for d in found]
    known = titles()
    rules = [_rule(code, *known.get(code, (code, ""))) for code in codes]
    driver = {"name": "steady", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str, title: str, why: str) -> dict[str, Any]:
    about = {"fullDescription": {"text": why}, "help": {"text": why}} if why else {}
    return {"id": code, "name": title, "shortDescription": {"text": title}, **about, "helpUri": HELP}


def _result(d: Diagnostic, index: int, seen: dict[str, int]) -> dict[str, Any]:
    """A finding. Its fingerprint stays when lines are put in above it."""
    import hashlib  # noqa: PLC0415 only for this form

    line, column = max(1, d.span.line), max(1, d.span.column)
    region = {"startLine": line, "startColumn": column, "endColumn": max(column, d.span.end)}
    told = json.dumps([d.code, d.span.source, d.message, d.text.strip()])
    mark = hashlib.sha256(told.encode("ascii")).hexdigest()[:16]
    seen[mark] = seen.get(mark, 0) + 1
    place = {"artifactLocation": {"uri": _address(d.span.source)}, "region": region}
    return {
        "ruleId": d.code,
        "ruleIndex": index,
        "level": d.severity.value,
        "message": {"text": _sentence(d)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:{seen[mark]}"},
    }


def _address(path: str) -> str:
    """A path as a URI: relative where the path is."""
    from urllib.parse import quote  # noqa: PLC0415 only for this form

    uri = quote(path.encode("utf-8", "backslashreplace"), safe="/")
    return f"file://{uri}" if path.startswith("/") else uri


def junit_of(files: Sequence[tuple[str, Sequence[Diagnostic]]], *, strict: bool = False) -> str:
    """JUnit XML: a test case for each file. Warnings are told beside it, and fail it where they are to."""
    from ..graph.svg import escape  # noqa: PLC0415 only for this form

    cases: list[str] = []
    failures = 0
    for path, diagnostics in files:
        wrong = [d for d in diagnostics if strict or d.severity is Severity.ERROR]
        others = [d for d in diagnostics if d not in wrong]
        failures += bool(wrong)
        body = ""
        if wrong:
            head = f'<failure message="{escape(wrong[0].message)}" type="{escape(wrong[0].code)}">'
            body = f"{head}{escape(text_of(wrong))}</failure>"
        body += f"<system-out>{escape(text_of(others))}</system-out>" if others else ""
        name = escape(path)
        cases.append(f'<testcase classname="steady.validate" name="{name}" file="{name}">{body}</testcase>')
    head = f'<testsuite name="steady validate" tests="{len(files)}" failures="{failures}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{"".join(cases)}</testsuite>'


def render(form: str, files: Sequence[tuple[str, Sequence[Diagnostic]]], *, strict: bool = False) -> str:
    """All findings in a form."""
    if form == "text":
        return "\n".join(text_of(diagnostics) for _, diagnostics in files if diagnostics)
    if form == "junit":
        return junit_of(files, strict=strict)
    return {"json": json_of, "github": github_of, "sarif": sarif_of}[form](files)
