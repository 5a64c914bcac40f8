"""The inputs of a run, held against what the runbook declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import UsageError
from ..expressions import templated
from ..model import Runbook
from .values import from_text, problems


def inputs_of(
    runbook: Runbook, given: Mapping[str, Any], *, texts: bool = True, partial: bool = False
) -> dict[str, Any]:
    """The inputs of a run: given values (texts of the command line, unless told otherwise), defaults, all checked.

    With `partial`, what is needed and not given is left out. Raises UsageError that names every problem.
    """
    wrong = [f"{name}: the runbook has no such input" for name in given if name not in runbook.inputs]
    values: dict[str, Any] = {}
    for name, spec in runbook.inputs.items():
        if name not in given:
            if spec.required and not partial:
                wrong.append(f"{name}: a value is needed{f' ({spec.description})' if spec.description else ''}")
            elif not spec.required:
                values[name] = spec.default
            continue
        try:
            values[name] = from_text(spec.schema, given[name]) if texts else given[name]
        except ValueError as problem:
            wrong.append(f"{name}: {problem}")
            continue
        wrong.extend(f"{name}: {problem}" for problem in problems(spec.schema, values[name]))
    if wrong:
        known = ", ".join(runbook.inputs) or "none"
        raise UsageError(
            "the inputs do not fit: " + "; ".join(wrong), f"inputs of {runbook.name}: {known}; give -i NAME=VALUE"
        )
    return values


def foreseen(runbook: Runbook, given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values that are written out, a sentence each. Names that are missing or unknown, and the
    types of what is rendered later, are the business of the proofs (graph/kinds.py).
    """
    for name, value in given.items():
        if name in runbook.inputs and not rendered_later(value):
            wrong = problems(runbook.inputs[name].schema, value)
            yield from (f"the input {name} of runbook {runbook.name} does not fit: {problem}" for problem in wrong)


def rendered_later(value: Any) -> bool:
    """Whether there is a template anywhere in a value."""
    if isinstance(value, Mapping):
        return any(map(rendered_later, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(rendered_later, value))
    return isinstance(value, str) and templated(value)
