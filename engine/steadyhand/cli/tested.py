"""What came of tests, in the forms that people and CI systems read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..app.rehearsing import Tested, Walked
from ..graph import build
from ..graph.pictures import mermaid, text
from ..graph.svg import escape, svg
from ..rehearsal.coverage import Part
from ..rehearsal.explore import Unwalked
from ..rehearsal.rehearse import Report
from .reporters import as_dict, text_of

FORMATS = ("text", "json", "junit")
PICTURES = ("text", "mermaid", "svg")


class Suite(NamedTuple):
    """The tests of one document as XML, and their counts."""

    tests: int
    failures: int
    errors: int
    xml: str


def text_lines(tested: Sequence[Tested], walked: Sequence[Walked]) -> Iterator[str]:
    """The cases of each document; what was walked of a runbook stands below the last document about it."""
    last = {one.where: one for one in tested}
    covered = {one.where: one for one in walked}
    for one in tested:
        if one.findings:
            yield f"FAILED  {one.path}: the document is not valid, and none of its tests was run"
            yield text_of(one.findings)
        for report in one.reports:
            yield f"{'FAILED' if report.problems else 'passed'}  {one.name}: {report.case}"
            yield from (f"        {problem}" for problem in report.problems)
        if one is last[one.where] and one.where in covered:
            yield from _coverage(covered[one.where])


def _coverage(one: Walked) -> Iterator[str]:
    c = one.coverage
    parts = (("steps", c.steps), ("edges", c.edges), ("conclusions", c.conclusions))
    words = [f"{name} {part.walked} of {part.of}" + _percent(name, part) for name, part in parts]
    yield f"        {', '.join(words)}"
    yield from (f"        never walked: {edge}" for edge in c.edges.missing)


def _percent(name: str, part: Part) -> str:
    return f" ({part.percent} %)" if name == "edges" else ""


def json_of(tested: Sequence[Tested], walked: Sequence[Walked], unwalked: Sequence[Unwalked] | None = None) -> str:
    """One document for everything; its schema is `steady schema tested`."""
    found: dict[str, Any] = {"tests": [_document(one) for one in tested], "coverage": [_covered(one) for one in walked]}
    if unwalked is not None:
        found["unwalked"] = [
            {
                "runbook": one.runbook.name,
                "edges": list(one.edges),
                "path": list(one.path),
                "conclusion": one.conclusion,
                "reachable": one.case is not None,
            }
            for one in unwalked
        ]
    return json.dumps(found, indent=2, default=str)


def _document(one: Tested) -> dict[str, Any]:
    return {
        "path": one.path,
        "runbook": one.name,
        "passed": one.passed,
        "findings": [as_dict(finding) for finding in one.findings],
        "cases": [_case(report) for report in one.reports],
    }


def _case(report: Report) -> dict[str, Any]:
    seen = report.seen
    return {
        "name": report.case,
        "passed": not report.problems,
        "problems": list(report.problems),
        "conclusion": report.conclusion,
        "path": list(report.path),
        "asked": [gate.gate for gate in seen.asked] if seen else [],
        "sent": [dict(sent) for sent in seen.sent] if seen else [],
        "undone": list(seen.undone) if seen else [],
    }


def _covered(one: Walked) -> dict[str, Any]:
    c = one.coverage
    parts = {"steps": c.steps, "edges": c.edges, "conclusions": c.conclusions}
    found = {name: {"walked": p.walked, "of": p.of, "missing": list(p.missing)} for name, p in parts.items()}
    return {"runbook": one.runbook.name, "percent": c.percent, **found}


def junit_of(tested: Sequence[Tested], low: Sequence[tuple[Walked, int]]) -> str:
    """JUnit XML: a suite for each document, and a case for each test; too little coverage is a failure of its own."""
    suites = [*map(_suite, tested), *(Suite(1, 1, 0, _low(one, wanted)) for one, wanted in low)]
    counts = " ".join(f'{name}="{sum(getattr(s, name) for s in suites)}"' for name in ("tests", "failures", "errors"))
    body = "".join(suite.xml for suite in suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="steady test" {counts}>{body}</testsuites>'


def _suite(one: Tested) -> Suite:
    cases = [_xml(one, report) for report in one.reports]
    failures = sum(bool(report.problems) for report in one.reports)
    errors = int(bool(one.findings))
    if one.findings:
        first, body = one.findings[0], escape(text_of(one.findings))
        error = f'<error message="{escape(first.message)}" type="{escape(first.code)}">{body}</error>'
        cases.append(_testcase(one.name, "the document", one.path, error))
    head = f'<testsuite name="{escape(one.path)}" tests="{len(cases)}" failures="{failures}" errors="{errors}">'
    return Suite(len(cases), failures, errors, f"{head}{''.join(cases)}</testsuite>")


def _xml(one: Tested, report: Report) -> str:
    failure = ""
    if report.problems:
        body = escape("\n".join(report.problems))
        failure = f'<failure message="{escape(report.problems[0])}" type="difference">{body}</failure>'
    return _testcase(one.name, report.case, one.path, failure)


def _testcase(group: str, name: str, file: str, body: str) -> str:
    head = f'<testcase classname="{escape(group)}" name="{escape(name)}" file="{escape(file)}">'
    return f"{head}{body}</testcase>"


def _low(one: Walked, wanted: int) -> str:
    body = escape("\n".join(f"never walked: {edge}" for edge in one.coverage.edges.missing))
    failure = f'<failure message="{escape(too_little(one, wanted))}" type="coverage">{body}</failure>'
    head = f'<testsuite name="{escape(one.where)}" tests="1" failures="1" errors="0">'
    return f"{head}{_testcase(one.runbook.name, 'coverage', one.where, failure)}</testsuite>"


def too_little(one: Walked, wanted: int) -> str:
    """That too few edges were walked."""
    return f"{one.where}: {one.coverage.percent} % of the edges walked, {wanted} % wanted"


def picture(form: str, one: Walked) -> str:
    """The graph of a runbook; what no test has walked is marked."""
    graph, taken, missed = build(one.runbook), one.coverage.taken, one.coverage.steps.missing
    if form == "svg":
        return svg(graph, walked=taken, missed=missed)
    drawn = text(graph, taken, missed=missed) if form == "text" else mermaid(graph, taken, missed=missed)
    return drawn.rstrip("\n")


def unwalked_lines(found: Sequence[Unwalked], more: int) -> Iterator[str]:
    """The paths that no test walks, shortest first."""
    for one in found:
        way = " -> ".join((*one.path, f"end.{one.conclusion}"))
        yield f"{one.runbook.name}: {way}"
        yield from (f"        walks {edge}" for edge in one.edges)
        if one.case is None:
            yield f"        no script was found that takes it: {one.why}"
    if more:
        yield f"and {more} more: cover these first"
    if not found:
        yield "every edge is walked"
