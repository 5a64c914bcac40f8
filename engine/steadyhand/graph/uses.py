"""Where a runbook uses names: every template and expression of its steps, with what may be named there. Pure.

Called by `checks`, for the proofs about values. Texts that only use what every run has (`inputs`, `run`, `secrets`,
`contacts`) are left out: the schema room has looked at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from ..expressions import scan
from ..model import Ask, Call, Choose, Confirm, Diagnose, Do, Gate, Manual, Operation, SetFacts, Step
from .ways import Scope

EVERYWHERE = frozenset({"inputs", "run", "secrets", "contacts", "targets"})
"""The first names that are there from the start of a run to its end."""


class Use(Struct, frozen=True):
    """One text that uses names.

    `where` is the path of what it belongs to, `part` what it is there: params, expect, facts, prompt, items, inputs or
    set. `kind` is the handler whose results may be named there ('' for none), `done` tells that the step's own action
    has passed by then. `earlier` are facts that the same step has set by then.
    """

    scope: Scope
    step: Step
    where: str
    text: str
    part: str
    kind: str = ""
    expression: bool = False
    done: bool = False
    earlier: tuple[str, ...] = ()


def of_scopes(scopes: Iterable[Scope]) -> tuple[Use, ...]:
    """All uses of the steps that can be reached, in the order of the document."""
    return tuple(
        use
        for scope in scopes
        for name, step in scope.steps.items()
        if name in scope.reached
        for use in _of_step(scope, step)
        if use.expression or _worth_it(use)
    )


def _worth_it(use: Use) -> bool:
    if use.part == "expect":
        return True
    pieces = scan.pieces(use.text)
    return pieces is None or any(not isinstance(p, str) and p.root not in EVERYWHERE for p in pieces)


def texts(value: Any) -> Iterator[str]:
    """Every template in a value."""
    if isinstance(value, str):
        if scan.templated(value):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


def _of_step(scope: Scope, step: Step) -> Iterator[Use]:
    path = f"{scope.prefix}{step.id}"
    body = step.body
    if step.gate is not None:
        yield from _of_gate(scope, step, path, step.gate)
    if step.each is not None:
        yield from (Use(scope, step, path, text, "items") for text in texts(step.each.items))
    for name, operation in step.capture.items():
        yield from _of_operation(scope, step, f"{path}:before.{name}", operation)
    match body:
        case Do(operation=operation):
            yield from _of_operation(scope, step, path, operation)
        case Diagnose(checks=checks):
            for check in checks:
                yield from _of_operation(scope, step, f"{path}.{check.id}", check.operation)
        case Call(inputs=inputs):
            yield from (Use(scope, step, path, text, "inputs") for text in texts(inputs))
        case SetFacts():
            yield from _of_set(scope, step, path, body)
        case Confirm(gate=gate) | Choose(gate=gate) | Ask(gate=gate):
            yield from _of_gate(scope, step, path, gate)
        case Manual(instructions=instructions, gate=gate):
            yield from _of_gate(scope, step, path, gate)
            yield from (Use(scope, step, path, text, "prompt") for text in texts(instructions))
        case _:
            pass
    if step.verify is not None:
        yield from _of_operation(scope, step, f"{path}:verify", step.verify.operation, done=True)
    if step.undo is not None and step.undo.operation is not None:
        yield from _of_operation(scope, step, f"{path}:undo", step.undo.operation, done=True)
    if step.each is not None and step.each.between is not None:
        yield from _of_operation(scope, step, f"{path}:between", step.each.between)


def _of_gate(scope: Scope, step: Step, path: str, gate: Gate) -> Iterator[Use]:
    yield from (Use(scope, step, path, text, "prompt") for text in texts(gate.prompt))


def _of_operation(scope: Scope, step: Step, path: str, operation: Operation, *, done: bool = False) -> Iterator[Use]:
    kind = operation.kind
    for text in texts(operation.params):
        yield Use(scope, step, path, text, "params", done=done)
    if isinstance(operation.expect, str):
        yield Use(scope, step, path, operation.expect, "expect", kind, expression=True, done=done)
    elif operation.expect is not None:
        for text in texts(operation.expect):
            yield Use(scope, step, path, text, "expect", kind, done=done)
    for text in texts(operation.facts):
        yield Use(scope, step, path, text, "facts", kind, done=done)


def _of_set(scope: Scope, step: Step, path: str, body: SetFacts) -> Iterator[Use]:
    """Each fact sees those before it."""
    earlier: list[str] = []
    for name, value in body.facts.items():
        for text in texts(value):
            yield Use(scope, step, path, text, "set", earlier=tuple(earlier))
        earlier.append(name)
    everything = tuple(earlier)
    if isinstance(body.expect, str):
        yield Use(scope, step, path, body.expect, "expect", "set", expression=True, earlier=everything)
    elif body.expect is not None:
        for text in texts(body.expect):
            yield Use(scope, step, path, text, "expect", "set", earlier=everything)
