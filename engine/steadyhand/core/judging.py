"""What a result makes of an attempt: outcome, reason, findings, facts. Pure.

The driver calls this with what a handler returned, and the rehearsal with what a test says that it returned; so a
scripted result is judged exactly as a real one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ..errors import SteadyError
from ..expressions import judge, render_native
from ..model import ERROR, PASS, Finding, HandlerSpec, Operation, Verdict


class Judgement(Struct, frozen=True):
    """What came of an attempt, as far as its result tells."""

    outcome: str
    reason: str = ""
    hint: str = ""
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def judged(operation: Operation, spec: HandlerSpec, seen: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """Hold a result against the step's expectation (else the handler's), and take the facts from it."""
    names = {**known, **seen}
    verdict = verdict_of(operation, spec, seen, known)
    if verdict.outcome == ERROR:
        return Judgement(ERROR, verdict.reason, "", verdict.findings)
    try:
        taken = facts(operation, names)
    except SteadyError as problem:
        # What was done is done and known; only what was to be learned from it is not.
        why = f"a fact cannot be taken: {problem.message}"
        return Judgement(ERROR, why, problem.hint, verdict.findings)
    return Judgement(verdict.outcome, verdict.reason, "", verdict.findings, taken)


def verdict_of(operation: Operation, spec: HandlerSpec, seen: Mapping[str, Any], known: Mapping[str, Any]) -> Verdict:
    """What the step's own expectation, else that of its kind, says of a result."""
    expect = operation.expect if operation.expect is not None else spec.default_expect
    if not expect:
        return Verdict(PASS, "")
    verdict = judge(expect, seen, {**known, **seen}, unless_spoken=_guards(operation, spec, seen))
    said = seen.get("message")
    if operation.expect is None and isinstance(said, str) and said:
        return replace(verdict, reason=said)  # the kind's own words for what its own expectation says
    return verdict


def facts(operation: Operation, names: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that an operation takes from its result. Raises SteadyError."""
    return {name: render_native(template, names) for name, template in operation.facts.items()}


def _guards(operation: Operation, spec: HandlerSpec, seen: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """What must hold for a result to be evidence at all, when the step's own expectation does not speak of it."""
    if operation.expect is None:
        return {}
    plain = {name: value for name, value in spec.default_expect.items() if not isinstance(value, Mapping)}
    said = seen.get("message")
    why = said if isinstance(said, str) and said else "what it printed is no evidence"
    return {name: (value, f"{name} {{actual}}: {why}") for name, value in plain.items()}
