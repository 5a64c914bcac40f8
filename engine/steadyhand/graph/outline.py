"""Everything that a run could do, without contacting anything: the answer to `steady plan`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..model import (
    END,
    Ask,
    Branch,
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
from ..source import format_duration
from .build import Graph, build, node

LINES = 8
"""Lines of a preview that the outline shows."""


class Planned(Struct, frozen=True):
    """What an operation would do, as far as that can be told now.

    `preview` is masked. `digest` (hex) is what an approval would bind, '' while something is `unknown` (by name) or the
    operation could not be planned at all: then `problem` says why.
    """

    path: str
    effect: str
    preview: str = ""
    targets: tuple[str, ...] = ()
    digest: str = ""
    unknown: tuple[str, ...] = ()
    problem: str = ""


class Row(Struct, frozen=True):
    """One line of the outline: `depth` in steps from the start; `again` marks a step that was shown above.

    `locks` are what a change locks, `plans` what each of its operations would do.
    """

    depth: int
    reached: str
    step: str
    title: str
    kind: str
    effect: str
    does: tuple[str, ...]
    gate: str
    again: bool = False
    locks: tuple[str, ...] = ()
    plans: tuple[Planned, ...] = ()


Plans = Mapping[str, Planned]
"""Plans by path."""


def outline(runbook: Runbook, plans: Plans | None = None) -> tuple[Row, ...]:
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
        rows.append(_row(depth, reached, step, plans or {}, again=again))
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


def _row(depth: int, reached: str, step: Step, plans: Plans, *, again: bool) -> Row:
    drawn = node(step)
    does = () if again else tuple(_does(step, step.id, plans))
    own = () if again else tuple(one for path, one in plans.items() if _within(path, step.id))
    locks = () if again else step.lock
    effect = drawn.effect.value
    return Row(depth, reached, step.id, step.title, drawn.kind, effect, does, _asked(step), again, locks, own)


def _within(path: str, step: str) -> bool:
    return path == step or (path.startswith(step) and path[len(step)] in ".:/[")


def _asked(step: Step) -> str:
    gate: Gate | None = step.gate or getattr(step.body, "gate", None)
    if gate is None:
        drawn = node(step)
        return "" if drawn.effect.value == "read" or isinstance(step.body, Parallel) else "anybody (no gate written)"
    who = " or ".join(gate.roles) or "anybody"
    many = f"{gate.quorum} x " if gate.quorum > 1 else ""
    other = ", not whoever started it" if gate.other_than_requester else ""
    within = f", within {format_duration(gate.within)}" if gate.within else ""
    return f"{many}{who}{other}{within}"


def _does(step: Step, path: str, plans: Plans) -> Iterator[str]:
    body = step.body
    match body:
        case Do(operation=operation):
            yield from _operation("", operation, path, plans)
        case Diagnose(checks=checks):
            for check in checks:
                yield from _operation(f"{check.id}: ", check.operation, f"{path}.{check.id}", plans)
                yield f"  finds: {check.cause}"
        case Parallel(branches=branches):
            for branch in branches:
                for one, at in _branch(branch, f"{path}.{branch.id}"):
                    yield from (f"{branch.id}: {line}" for line in _does(one, at, plans))
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
    yield from _beside(step, path, plans)


def _branch(branch: Branch, path: str) -> Iterator[tuple[Step, str]]:
    if branch.step is not None:
        yield branch.step, path
    yield from ((step, f"{path}/{step.id}") for step in branch.steps.values())


def _beside(step: Step, path: str, plans: Plans) -> Iterator[str]:
    if step.each is not None:
        over = f"the hosts of {step.each.target}" if step.each.target else brief(step.each.items)
        yield f"for each of {over}, in batches {', '.join(map(str, step.each.batches))}"
        if step.each.between is not None:
            yield from _operation("between batches: ", step.each.between, f"{path}:between.1", plans)
    if step.lock:
        yield f"locks: {', '.join(step.lock)}"
    for name, operation in step.capture.items():
        yield from _operation(f"captures {name}: ", operation, f"{path}:before.{name}", plans)
    if step.verify is not None:
        yield from _operation("verifies: ", step.verify.operation, f"{path}:verify", plans)
    if step.undo is not None and step.undo.operation is None:
        yield f"undo: none ({step.undo.why})"
    elif step.undo is not None and step.undo.operation is not None:
        yield from _operation("undo: ", step.undo.operation, f"{path}:undo", plans)


def _operation(label: str, operation: Operation, path: str, plans: Plans) -> Iterator[str]:
    """What an operation would do: as it was planned, else as it is written."""
    planned = plans.get(path)
    on = f" on {operation.target}" if operation.target else ""
    if planned is None or not planned.preview:
        yield f"{label}{operation.kind}{on}: {brief(operation.params)}"
        if planned is not None and planned.problem:
            yield f"  cannot be told yet: {brief(planned.problem)}"
        return
    first, *more = planned.preview.splitlines() or [""]
    yield f"{label}{operation.kind}{on}: {brief(first)}"
    yield from (f"  {brief(line)}" for line in more[:LINES])
    if len(more) > LINES:
        yield f"  … ({len(more) - LINES} more lines)"
    if planned.unknown:
        yield f"  not known yet: {', '.join(planned.unknown)}"
    if planned.digest and planned.effect != "read" and not path.endswith(":undo"):
        yield f"  plan {planned.digest[:12]}, which a yes is bound to"


def brief(value: Any, most: int = 160) -> str:
    """A value on one line, as written, cut where it is long."""
    if isinstance(value, Mapping):
        text = next(iter(value.values())) if len(value) == 1 else None
        shown = text if isinstance(text, str) else ", ".join(f"{k}={brief(v, 60)}" for k, v in value.items())
    else:
        shown = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    line = " ".join(shown.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
