"""Judging a result: an expectation and what was seen in, a verdict with one finding per expectation out.

Called when a step's result has come, and by `set` steps. Never raises: whatever cannot be told is `error`, with the
reason, and `fail` is only what an expectation says of a value that was seen.

    {stdout: {number: {lt: 5}}, exit_code: 0}     subjects and matchers, all of which must hold
    {pass: {...}, fail: {...}}                    total: pass if the first holds, fail if the second does, else error
    "stdout | int < 5"                            an expression: true is pass, false is fail
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..model.evidence import Finding, Verdict
from ..model.runbook import ERROR, FAIL, PASS
from . import jsonpath
from .checking import expression_names
from .failures import TemplateError, listed
from .lookup import Absent, follow
from .matchers import Nothing, Told, Unit, describe, hold, operators
from .render import evaluate, render_native
from .shown import shown
from .values import Truncated

STREAMS = frozenset(["stdout", "stderr", "body"])
DOCUMENTS = {"json": ("body", "stdout"), "object": ()}
"""Subjects that a JSONPath may look into, and the texts that they are read from when the handler gave no such value."""

_Values = Mapping[str, Any]
_Guards = Mapping[str, tuple[Any, str]]


class _Judged(Struct, frozen=True):
    """Whether an expectation holds, why in one sentence, and its findings."""

    holds: bool | None
    reason: str
    findings: tuple[Finding, ...] = ()


def judge(
    expect: str | Mapping[str, Any], values: _Values, names: _Values, *, unless_spoken: _Guards | None = None
) -> Verdict:
    """Hold an expectation against `values` (the result); templates and expressions in it see `names` and the result.

    `unless_spoken` maps a subject to its expected value and a message (where `{actual}` stands for the value): when
    the expectation does not speak of that subject and the value differs, the verdict is `error` with the message.
    """
    known = {**names, **values}
    verdict = _judgement(expect, values, known)
    for subject, (expected, message) in (unless_spoken or {}).items():
        if subject in values and not _speaks(expect, subject) and not hold("equals", expected, values[subject]).holds:
            reason = message.replace("{actual}", shown(values[subject]))
            return Verdict(ERROR, reason, (_differs(subject, expected, values[subject]), *verdict.findings))
    return verdict


def _differs(subject: str, expected: Any, actual: Any) -> Finding:
    return Finding(subject, shown(expected), shown(actual), None)


def _is_total(expect: Any) -> bool:
    return isinstance(expect, Mapping) and bool(expect) and set(expect) <= {PASS, FAIL}


def _speaks(expect: Any, subject: str) -> bool:
    """Whether an expectation says anything of a subject."""
    if _is_total(expect):
        return any(_speaks(part, subject) for part in expect.values())
    if isinstance(expect, str):
        return any(name.partition(".")[0] == subject for name in expression_names(expect))
    return isinstance(expect, Mapping) and subject in expect


# --- verdicts


def _judgement(expect: Any, values: _Values, known: _Values) -> Verdict:
    return _total(expect, values, known) if _is_total(expect) else _verdict(_judged(expect, values, known))


def _verdict(judged: _Judged) -> Verdict:
    outcome = {True: PASS, False: FAIL, None: ERROR}[judged.holds]
    return Verdict(outcome, judged.reason, judged.findings)


def _reason(holds: bool | None, findings: Sequence[Finding]) -> str:
    if holds:
        return _all_hold(findings)
    decisive = [f for f in findings if f.holds is holds]
    more = f" (and {len(decisive) - 1} more)" if len(decisive) > 1 else ""
    first = decisive[0]
    return f"{first.subject}: expected {first.expected}, {'found' if holds is False else 'but'} {first.actual}{more}"


def _all_hold(findings: Sequence[Finding]) -> str:
    if len(findings) == 1:
        return f"{findings[0].subject}: {findings[0].actual}, as expected"
    return f"all {len(findings)} expectations hold" if findings else "nothing was expected"


def _total(expect: Mapping[str, Any], values: _Values, known: _Values) -> Verdict:
    """The form that names both what passes and what fails."""
    parts = {name: _judged(expect[name], values, known) for name in (PASS, FAIL) if name in expect}
    findings = tuple(_prefixed(name, f) for name, part in parts.items() for f in part.findings)
    for name, part in parts.items():
        if part.holds:
            return Verdict(name, f"`{name}` holds: {part.reason}", findings)
    unmet = "; ".join(f"{name}: {part.reason}" for name, part in parts.items())
    return Verdict(
        ERROR, f"{'neither `pass` nor `fail` holds' if len(parts) > 1 else 'it does not hold'}: {unmet}", findings
    )


def _prefixed(name: str, finding: Finding) -> Finding:
    return Finding(f"{name}: {finding.subject}", finding.expected, finding.actual, finding.holds, finding.names)


def _judged(expect: Any, values: _Values, known: _Values) -> _Judged:
    if isinstance(expect, str):
        return _expression(expect, known)
    if not isinstance(expect, Mapping):
        return _Judged(None, "the expectation is neither a map of matchers nor an expression")
    try:
        rendered = render_native(expect, known)
    except TemplateError as problem:
        return _Judged(None, f"the expectation cannot be rendered: {problem.message}")
    findings = tuple(f for subject, matcher in rendered.items() for f in _findings(str(subject), matcher, values))
    holds = _combined(findings)
    return _Judged(holds, _reason(holds, findings), findings)


def _combined(findings: Sequence[Finding]) -> bool | None:
    answers = {f.holds for f in findings}
    return False if False in answers else None if None in answers else True


# --- expressions


def _expression(source: str, known: _Values) -> _Judged:
    used = {name: _named(name, known) for name in expression_names(source)}
    try:
        value = evaluate(source, known)
    except TemplateError as problem:
        return _said(source, None, problem.message, used)
    return _said(source, bool(value), shown(value), used)


def _said(source: str, holds: bool | None, actual: str, used: Mapping[str, str]) -> _Judged:
    text = source.strip()
    seen = ", ".join(f"{name} = {value}" for name, value in used.items())
    reason = f"`{text}` {'cannot be told' if holds is None else 'is'}"
    reason += f": {actual}" if holds is None else f" {actual}" + (f", with {seen}" if seen else "")
    return _Judged(holds, reason, (Finding("expression", text, actual, holds, used),))


def _named(name: str, known: _Values) -> str:
    """The value of a name that an expression used, as evidence shows it."""
    root, *keys = name.split(".")
    value = known.get(root, Absent(""))
    for key in keys:
        if isinstance(value, Absent):
            break
        value = _item(value, key)
    return "not there" if isinstance(value, Absent) else shown(value)


def _item(value: Any, key: str) -> Any:
    index: str | int = int(key) if isinstance(value, (list, tuple)) and key.lstrip("-").isdecimal() else key
    try:
        return follow(value, "", (index,))
    except TemplateError:
        return Absent("")


# --- subjects


def _findings(subject: str, matcher: Any, values: _Values) -> tuple[Finding, ...]:
    """The findings of one subject of an expectation."""
    if subject in DOCUMENTS:
        return _of_document(subject, matcher, _document(subject, values))
    if subject == "headers" and isinstance(matcher, Mapping):
        return _of_headers(matcher, values.get("headers"))
    unit = Unit.STREAM if subject in STREAMS else Unit.DURATION if subject == "duration" else Unit.PLAIN
    return _rows(subject, matcher, _value(subject, values), unit)


def _value(subject: str, values: _Values) -> Any:
    if subject in values:
        return values[subject]
    return Nothing(f"there is no `{subject}`; there {'are ' + listed(values) if values else 'is nothing'}")


def _rows(subject: str, matcher: Any, value: Any, unit: Unit) -> tuple[Finding, ...]:
    """One finding per operator."""
    return tuple(
        _finding(subject, describe(name, operand, unit), hold(name, operand, value, unit))
        for name, operand in operators(matcher).items()
    )


def _finding(subject: str, expected: str, told: Told) -> Finding:
    return Finding(subject, expected, told.actual, told.holds)


def _of_headers(matchers: Mapping[str, Any], headers: Any) -> tuple[Finding, ...]:
    """Header names are the same in any case; of a header that came more than once the values are joined."""
    came: dict[str, Any] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        came[str(name).lower()] = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
    rows: list[Finding] = []
    for name, matcher in matchers.items():
        missing = Nothing(f"there is no header `{name}`") if isinstance(headers, Mapping) else _no("headers")
        rows += _defaulted(f"header {name}", matcher, came.get(name.lower(), missing))
    return tuple(rows)


def _no(what: str) -> Nothing:
    return Nothing(f"there are no {what}", absent=False)


def _defaulted(subject: str, matcher: Any, value: Any) -> tuple[Finding, ...]:
    """Like _rows, where the operator `default` says what to take for a value that is not there."""
    if isinstance(matcher, Mapping) and "default" in matcher:
        value = matcher["default"] if isinstance(value, Nothing) and value.absent else value
        matcher = {name: operand for name, operand in matcher.items() if name != "default"}
    return _rows(subject, matcher, value, Unit.PLAIN)


def _document(subject: str, values: _Values) -> Any:
    """The document to look into: as the handler gave it, or read from a text."""
    if subject in values:
        return values[subject]
    for name in DOCUMENTS[subject]:
        if name in values:
            return _read(name, values[name])
    return Nothing(_value(subject, values).why, absent=False)


def _read(name: str, text: Any) -> Any:
    if isinstance(text, Truncated):
        return Nothing(f"{name} is not whole: {text.why}", absent=False)
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return Nothing(f"{name} is not JSON: {shown(text)}", absent=False)


def _of_document(subject: str, matcher: Any, document: Any) -> tuple[Finding, ...]:
    if isinstance(matcher, (list, tuple)) and all(isinstance(m, Mapping) and "path" in m for m in matcher):
        return tuple(row for m in matcher for row in _of_document(subject, m, document))
    if not (isinstance(matcher, Mapping) and "path" in matcher):
        return _rows(subject, matcher, document, Unit.PLAIN)
    path = str(matcher["path"])
    rest = {name: operand for name, operand in matcher.items() if name != "path"} or {"exists": True}
    return _defaulted(f"{subject} {path}", rest, _at(path, document))


def _at(path: str, document: Any) -> Any:
    """What a path leads to: a value for a definite path, else the list of all values."""
    if isinstance(document, Nothing):
        return document
    try:
        parsed = jsonpath.parsed(path)
        found = jsonpath.found(parsed, document)
    except TemplateError as problem:
        return Nothing(problem.message, absent=False)
    if not parsed.definite:
        return found
    return found[0] if found else Nothing(f"`{path}` was not found")
