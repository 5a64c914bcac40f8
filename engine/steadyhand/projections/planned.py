"""What a run would do, step by step, before there is one: for `steady plan`, as text and as JSON. Pure.

Made by the desk (app/planning.py), which has the planners. What only a run can tell stands there as ⟨its name⟩.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field, to_builtins

from ..graph.outline import Row
from ..model import END
from ..source import format_duration
from .words import brief, lines_of

FIRST = 5
"""Lines of one action that are shown."""
ITEMS = 5
"""Items of a wave that are shown as text; JSON has all of them."""


class Action(Struct, frozen=True, omit_defaults=False):
    """One thing that a handler would do. `part` is do, check, capture, between, verify or undo.

    `digest` is that of its plan, to which a yes is bound; '' while something of it is unknown, or it cannot be rendered
    (`problem` says why).
    """

    path: str
    part: str
    kind: str
    effect: str
    does: str
    targets: tuple[str, ...] = ()
    digest: str = ""
    unknown: tuple[str, ...] = ()
    problem: str = ""
    note: str = ""


class Asked(Struct, frozen=True):
    """Whom a step would ask. `written` tells whether the runbook says so, or the engine asks by itself."""

    gate: str
    prompt: str
    roles: tuple[str, ...]
    quorum: int
    within: float
    other_than_requester: bool
    auto: bool
    written: bool
    back: tuple[str, ...] = ()


class PlannedStep(Struct, frozen=True):
    """A step with all that belongs to it; `path` is that of the step in a run."""

    path: str
    title: str
    kind: str
    effect: str
    asks: Asked | None = None
    locks: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    says: tuple[str, ...] = ()


class Planned(Struct, frozen=True):
    """A runbook, or one that it calls: the tree of its steps, and what each would do. `at` is the path of the call."""

    runbook: str
    title: str
    digest: str
    at: str
    rows: tuple[Row, ...]
    steps: dict[str, PlannedStep]
    calls: tuple[Planned, ...] = field(default_factory=tuple)


def document(planned: Planned, inputs: dict[str, Any]) -> dict[str, Any]:
    """The plan as JSON (schemas/plan.schema.json)."""
    steps = [step for one in _all(planned) for step in one.steps.values()]
    return {
        "runbook": planned.runbook,
        "title": planned.title,
        "digest": planned.digest,
        "inputs": inputs,
        "rows": to_builtins(planned.rows),
        "calls": [{"at": one.at, "runbook": one.runbook, "rows": to_builtins(one.rows)} for one in _all(planned)][1:],
        "steps": to_builtins(steps),
        "unknown": sorted({name for step in steps for action in step.actions for name in action.unknown}),
    }


def _all(planned: Planned) -> Iterator[Planned]:
    yield planned
    for called in planned.calls:
        yield from _all(called)


def text(planned: Planned) -> str:
    """The plan for a terminal: the tree, and under each step what it would do."""
    lines = list(_tree(planned))
    for called in list(_all(planned))[1:]:
        lines += ["", f"called at {called.at}: {called.runbook}: {called.title}", *_tree(called)]
    return "\n".join(lines) + "\n"


def _tree(planned: Planned) -> Iterator[str]:
    for row in planned.rows:
        indent = "  " * row.depth
        by = f"{row.reached} -> " if row.reached else ""
        if row.step.startswith(END):
            yield f"{indent}{by}{row.step}"
            continue
        more = ", see above" if row.again else f"  [{row.kind}, {row.effect}]"
        asked = f"  asks {row.gate}" if row.gate and not row.again else ""
        yield f"{indent}{by}{row.step}: {row.title}{more}{asked}"
        if not row.again:
            path = f"{planned.at}/{row.step}" if planned.at else row.step
            yield from (f"{indent}    {line}" for line in _details(planned, path))


def _details(planned: Planned, path: str) -> Iterator[str]:
    """The lines of a step, and of the steps in its branches."""
    yield from _step(planned.steps[path])
    for inner in planned.steps.values():
        if inner.path.startswith(f"{path}."):
            yield f"{inner.path}: {inner.title}  [{inner.kind}, {inner.effect}]"
            yield from (f"  {line}" for line in _step(inner))


def _step(step: PlannedStep) -> Iterator[str]:
    yield from step.says
    done = [action for action in step.actions if action.part == "do"]
    shown = [*done[:ITEMS], *(action for action in step.actions if action.part != "do")]
    for number, action in enumerate(shown):
        if number == ITEMS and len(done) > ITEMS:
            yield f"... and {len(done) - ITEMS} more items"
        yield from _action(action, step)
    if step.asks is not None:
        yield from _asked(step.asks)
    if step.locks:
        yield f"locks {', '.join(step.locks)}"


def _action(action: Action, step: PlannedStep) -> Iterator[str]:
    label = "" if action.path == step.path and action.part == "do" else f"{_label(action, step)}: "
    first, *more = lines_of(action.does) or [""]
    on = f"  on {', '.join(action.targets)}" if action.targets else ""
    if action.problem:
        yield f"{label}cannot be rendered: {brief(action.problem, 200)}"
        return
    yield f"{label}$ {first}{on}{action.note and f'  ({action.note})'}"
    yield from (f"  {line}" for line in more[: FIRST - 1])
    if len(more) >= FIRST:
        yield f"  ... ({len(more) - FIRST + 1} more lines)"
    if action.unknown:
        yield f"  not known yet: {', '.join(action.unknown)}"
    elif action.effect != "read" and action.part == "do" and action.digest:
        yield f"  digest: {action.digest[:12]} (to which a yes is bound)"


def _label(action: Action, step: PlannedStep) -> str:
    name = action.path.removeprefix(step.path).strip(".:[]").removeprefix("before.")
    return {"capture": f"captures {name}", "verify": "verifies", "undo": "undo", "between": "between batches"}.get(
        action.part, name
    )


def _asked(asked: Asked) -> Iterator[str]:
    who = " or ".join(asked.roles) or "anybody"
    rules = [f"{asked.quorum} x {who}" if asked.quorum > 1 else who]
    rules += [f"within {format_duration(int(asked.within * 1_000_000))}"] if asked.within else []
    rules += ["not by whoever started the run"] if asked.other_than_requester else []
    rules += ["unasked in mode auto"] if asked.auto else []
    rules += [f"or goes back to {' or '.join(asked.back)}"] if asked.back else []
    prompt = f": {brief(asked.prompt, 160)}" if asked.prompt else ""
    yield f"asks {', '.join(rules)}{prompt}"


WORDS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
STRING: dict[str, Any] = {"type": "string"}


def schema() -> dict[str, Any]:
    """The published schema of `steady plan --json`."""
    row, step = _row_schema(), _step_schema()
    call = _object({"at": STRING, "runbook": STRING, "rows": {"type": "array", "items": row}})
    whole = _object(
        {
            "runbook": STRING,
            "title": STRING,
            "digest": {**STRING, "description": "SHA-256 of the runbook's text."},
            "inputs": {"type": "object", "description": "Those that are known, defaults included."},
            "rows": {"type": "array", "items": row, "description": "The tree, depth first, each step once."},
            "calls": {"type": "array", "items": call, "description": "The trees of the runbooks that it calls."},
            "steps": {"type": "array", "items": step},
            "unknown": {**WORDS, "description": "All names of what only a run can tell."},
        }
    )
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": "Steadyhand plan", "description": "What `steady plan --json` prints.", **whole}


def _row_schema() -> dict[str, Any]:
    return _object(
        {
            "depth": {"type": "integer", "minimum": 0, "description": "Steps from the start."},
            "reached": {**STRING, "description": "The outcome that leads here."},
            "step": {**STRING, "description": "A step's id, or end.CONCLUSION."},
            "title": STRING,
            "kind": STRING,
            "effect": {"enum": ["read", "change", "destructive", ""]},
            "does": {**WORDS, "description": "As written, with nothing filled in."},
            "gate": {**STRING, "description": "Who is asked."},
            "again": {"type": "boolean", "description": "Shown before."},
        }
    )


def _step_schema() -> dict[str, Any]:
    asked = _object(
        {
            "gate": {**STRING, "description": "The id of the gate in a run."},
            "prompt": STRING,
            "roles": WORDS,
            "quorum": {"type": "integer", "minimum": 1},
            "within": {"type": "number", "description": "Seconds; 0 for no expiry."},
            "other_than_requester": {"type": "boolean"},
            "auto": {"type": "boolean", "description": "Mode auto may pass it unasked."},
            "written": {"type": "boolean", "description": "Whether the runbook writes it."},
            "back": {**WORDS, "description": "The steps that a person may send the run back to."},
        }
    )
    actions = {"type": "array", "items": _action_schema()}
    return _object(
        {
            "path": STRING,
            "title": STRING,
            "kind": STRING,
            "effect": {"enum": ["read", "change", "destructive"]},
            "asks": {"anyOf": [asked, {"type": "null"}]},
            "locks": {**WORDS, "description": "The targets that it would lock."},
            "actions": actions,
            "says": WORDS,
        }
    )


def _action_schema() -> dict[str, Any]:
    return _object(
        {
            "path": {**STRING, "description": "Where it stands in a run."},
            "part": {"enum": ["do", "check", "capture", "between", "verify", "undo"]},
            "kind": {**STRING, "description": "The step kind, such as shell."},
            "effect": {"enum": ["read", "change", "destructive"]},
            "does": {**STRING, "description": "What would be done, secrets masked, what is unknown as ⟨its name⟩."},
            "targets": WORDS,
            "digest": {
                **STRING,
                "pattern": "^([0-9a-f]{64})?$",
                "description": "Of the plan, to which a yes is bound (`plans` of gate.opened); '' while it is unknown.",
            },
            "unknown": {**WORDS, "description": "The names of what only a run can tell."},
            "problem": {**STRING, "description": "Why it cannot be rendered."},
            "note": STRING,
        }
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
