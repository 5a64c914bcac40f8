"""Everything that a run could do, without contacting anything: the answer to `steady plan`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..model import (
    END,
    Ask,
    Call,
    Choose,
    Confirm,
    Diagnose,
    Do,
    Gate,
    Manual,
    Operation,
    Parallel,
    Runbook,
    SetFacts,
    Step,
    Wait,
)  # fmt: skip
from .build import Graph, build, node


class Row(Struct, frozen=True):
    """One line of the outline: `depth` in steps from the start; `again` marks a step that was shown above."""

    depth: int
    reached: str
    step: str
    title: str
    kind: str
    effect: str
    does: tuple[str, ...]
    gate: str
    again: bool = False


def outline(runbook: Runbook) -> tuple[Row, ...]:
    """Every step in the order in which it could first be reached, depth first, each shown once."""
    graph = build(runbook)
    shown: set[str] = set()
    rows: list[Row] = []
    waiting: list[tuple[int, str, str]] = [(0, "", graph.first)]
    while waiting:
        depth, reached, name = waiting.pop()
        if name.startswith(END):
            rows.append(Row(depth, reached, name, "", "", "", (), ""))
            continue
        step = runbook.steps[name]
        again = name in shown
        rows.append(_row(depth, reached, step, again=again))
        if again:
            continue
        shown.add(name)
        waiting.extend(
            (depth + 1, _by(edge.label, defaulted=edge.defaulted), edge.target) for edge in _after(graph, name)
        )
    return tuple(rows)


def _after(graph: Graph, name: str) -> list[Any]:
    return [edge for edge in graph.edges if edge.source == name][::-1]


def _by(label: str, *, defaulted: bool) -> str:
    return f"{label} (default)" if defaulted else label


def _row(depth: int, reached: str, step: Step, *, again: bool) -> Row:
    drawn = node(step)
    does = () if again else tuple(_does(step))
    return Row(depth, reached, step.id, step.title, drawn.kind, drawn.effect.value, does, _asked(step), again)


def _asked(step: Step) -> str:
    gate: Gate | None = step.gate or getattr(step.body, "gate", None)
    if gate is None:
        drawn = node(step)
        return "" if drawn.effect.value == "read" or isinstance(step.body, Parallel) else "anybody (no gate written)"
    who = " or ".join(gate.roles) or "anybody"
    return f"{gate.quorum} x {who}" if gate.quorum > 1 else who


def _does(step: Step) -> Iterator[str]:
    body = step.body
    match body:
        case Do(operation=operation):
            yield _operation(operation)
        case Diagnose(checks=checks):
            yield from (f"{check.id}: {_operation(check.operation)}  finds: {check.cause}" for check in checks)
        case Parallel(branches=branches):
            for branch in branches:
                inner = (branch.step,) if branch.step else tuple(branch.steps.values())
                yield f"{branch.id}: {'; '.join(line for one in inner for line in _does(one))}"
        case Choose(options=options):
            yield " | ".join(f"{name}: {label}" for name, label in options.items())
        case Call(runbook=name, inputs=inputs):
            yield f"runbook {name} {brief(inputs)}".strip()
        case SetFacts(facts=facts):
            yield brief(facts)
        case Wait(duration=duration):
            yield f"{duration / 1_000_000:g} s"
        case Manual(instructions=instructions):
            yield brief(instructions)
        case Confirm(gate=gate) | Ask(gate=gate):
            yield brief(gate.prompt)
    yield from _beside(step)


def _beside(step: Step) -> Iterator[str]:
    if step.each is not None:
        over = f"the hosts of {step.each.target}" if step.each.target else brief(step.each.items)
        yield f"for each of {over}, in batches {', '.join(map(str, step.each.batches))}"
    for name, operation in step.capture.items():
        yield f"captures {name}: {_operation(operation)}"
    if step.verify is not None:
        yield f"verifies: {_operation(step.verify.operation)}"
    if step.undo is not None:
        yield f"undo: {_operation(step.undo.operation)}" if step.undo.operation else f"undo: none ({step.undo.why})"


def _operation(operation: Operation) -> str:
    on = f" on {operation.target}" if operation.target else ""
    return f"{operation.kind}{on}: {brief(operation.params)}"


def brief(value: Any, most: int = 160) -> str:
    """A value on one line, as written, cut where it is long."""
    if isinstance(value, Mapping):
        text = next(iter(value.values())) if len(value) == 1 else None
        shown = text if isinstance(text, str) else ", ".join(f"{k}={brief(v, 60)}" for k, v in value.items())
    else:
        shown = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    line = " ".join(shown.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
