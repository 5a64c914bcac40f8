"""Findings in the forms that people, editors and CI systems read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from .. import __version__
from ..errors import Diagnostic, Severity

FORMATS = ("text", "json", "sarif", "junit", "github")


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
    """Annotations for GitHub."""

    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    lines = []
    for _, diagnostics in files:
        for d in diagnostics:
            place = f"file={escaped(d.span.source)},line={d.span.line},col={d.span.column},title={d.code}"
            lines.append(f"::{d.severity.value} {place}::{escaped(f'{d.message}. {d.hint}')}")
    return "\n".join(lines)


def sarif_of(files: Sequence[tuple[str, Sequence[Diagnostic]]]) -> str:
    """SARIF 2.1.0."""
    found = [d for _, diagnostics in files for d in diagnostics]
    results = [
        {
            "ruleId": d.code,
            "level": d.severity.value,
            "message": {"text": f"{d.message}. {d.hint}".strip()},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": d.span.source},
                        "region": {"startLine": d.span.line, "startColumn": d.span.column, "endColumn": d.span.end},
                    }
                }
            ],
        }
        for d in found
    ]
    rules = [{"id": code} for code in sorted({d.code for d in found})]
    driver = {"name": "steady", "version": __version__, "rules": rules}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}, indent=2)


def junit_of(files: Sequence[tuple[str, Sequence[Diagnostic]]]) -> str:
    """JUnit XML: a test case for each file."""
    from ..graph.svg import escape  # noqa: PLC0415 only for this form

    cases: list[str] = []
    failures = 0
    for path, diagnostics in files:
        errors = [d for d in diagnostics if d.severity is Severity.ERROR]
        failures += bool(errors)
        body = f'<failure message="{escape(errors[0].message)}">{escape(text_of(errors))}</failure>' if errors else ""
        cases.append(f'<testcase classname="steady.validate" name="{escape(path)}">{body}</testcase>')
    head = f'<testsuite name="steady validate" tests="{len(files)}" failures="{failures}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{"".join(cases)}</testsuite>'


def render(form: str, files: Sequence[tuple[str, Sequence[Diagnostic]]]) -> str:
    """All findings in a form."""
    if form == "text":
        return "\n".join(text_of(diagnostics) for _, diagnostics in files if diagnostics)
    return {"json": json_of, "github": github_of, "sarif": sarif_of, "junit": junit_of}[form](files)
