"""A run as spans of a trace: one for the run, each visit of a step, each attempt, each wait for people.

Pure, and made of nothing but the run's events, which hold no secrets. The ids follow from the run, the path, the visit
and the attempt, so the same run always gives the same trace, whoever exports it and however often.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from .. import events as e

LONGEST = 200
"""Characters that are kept of a text."""
GOOD = frozenset({"healthy", "resolved"})
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")


class Parent(Struct, frozen=True):
    """The span of somebody else that a run belongs under, as hex digits."""

    trace: str
    span: str


class Span(Struct, frozen=True):
    """Something that took time. Ids are hex digits, times microseconds (UTC); `failed` says why it did, or ''."""

    trace: str
    id: str
    parent: str
    name: str
    start: int
    end: int
    attributes: Mapping[str, str | int | bool] = field(default_factory=dict)
    failed: str = ""


class Loom(Struct, frozen=True):
    """The spans that have begun and not ended, by kind and place."""

    run: str = ""
    root: Span | None = None
    steps: Mapping[str, Span] = field(default_factory=dict)
    attempts: Mapping[str, Span] = field(default_factory=dict)
    gates: Mapping[str, Span] = field(default_factory=dict)


def parent_of(traceparent: str) -> Parent | None:
    """The parent that a `traceparent` header names (W3C Trace Context); None for what is none."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return Parent(found[1], found[2])


def spans(recorded: Iterable[e.Recorded]) -> tuple[Span, ...]:
    """All spans of a run that have ended, in the order in which they did."""
    loom = Loom()
    ended: list[Span] = []
    for one in recorded:
        loom, new = weave(loom, one)
        ended.extend(new)
    return tuple(ended)


def weave(loom: Loom, one: e.Recorded) -> tuple[Loom, tuple[Span, ...]]:
    """The spans that stand open once this event has happened, and those that it has ended."""
    match one.event:
        case e.RunStarted() as run:
            return _begun(loom, one, run), ()
        case e.StepEntered() as entered:
            return _entered(loom, one, entered)
        case e.StepIntended(path=path, visit=visit, attempt=attempt) as intended:
            told = {"kind": intended.kind, "effect": intended.effect, "targets": ", ".join(intended.targets)}
            span = _span(loom, one, "attempt", path, visit, attempt, f"{intended.kind} {path}", told)
            return replace(loom, attempts={**loom.attempts, path: span}), ()
        case e.StepSettled() as settled:
            return _settled(loom, one, settled)
        case e.StepInterrupted(path=path, reason=reason):
            return _ended(loom, "attempts", (path,), one.at, {"outcome": "interrupted"}, reason or "interrupted")
        case e.RunResumed():
            return _ended(loom, "attempts", tuple(loom.attempts), one.at, {"outcome": "interrupted"}, "interrupted")
        case e.GateOpened(gate=gate, path=path, opening=opening, kind=kind):
            span = _span(loom, one, "gate", gate, opening, 0, f"gate {gate}", {"kind": kind}, path)
            return replace(loom, gates={**loom.gates, gate: span}), ()
        case e.GateClosed(gate=gate, result=result):
            return _ended(loom, "gates", (gate,), one.at, {"result": result})
        case e.ScopeEnded(path=path):
            inner = tuple(step for step in loom.steps if step.startswith(f"{path}/"))
            return _ended(loom, "steps", inner, one.at)
        case e.RunConcluded() as end:
            return _concluded(loom, one, end)
        case _:
            return loom, ()


def _digest(*words: object) -> str:
    return sha256("\0".join(map(str, words)).encode("utf-8", "surrogatepass")).hexdigest()


def _begun(loom: Loom, one: e.Recorded, run: e.RunStarted) -> Loom:
    parent = parent_of(run.traceparent) or Parent(_digest("trace", one.stream)[:32], "")
    told = {"run": one.stream, "runbook": run.runbook, "mode": run.mode, "requester": run.requester}
    told["alert"] = str(run.alert.get("fingerprint", ""))
    span = Span(
        parent.trace,
        _digest("run", one.stream)[:16],
        parent.span,
        f"run {run.runbook}",
        one.at,
        one.at,
        _attributes(told),
    )
    return replace(loom, run=one.stream, root=span)


def _span(
    loom: Loom, one: e.Recorded, kind: str, path: str, visit: int, attempt: int, name: str,
    told: Mapping[str, Any], home: str = "",
) -> Span:  # fmt: skip
    root = loom.root or Span("", "", "", "", one.at, one.at)
    place = home or path
    above = max((step for step in loom.steps if _holds(step, place, kind)), key=len, default="")
    parent = loom.steps[above].id if above else root.id
    number = _digest(kind, parent, loom.run, path, visit, attempt)[:16]  # what lies in another visit has another parent
    more = {"run": loom.run, "path": path, "visit": visit, **({"attempt": attempt} if attempt else {}), **told}
    return Span(root.trace, number, parent, name, one.at, one.at, _attributes(more))


def _holds(step: str, path: str, kind: str) -> bool:
    """Whether a place lies in a step: a step lies in those around it, anything else in its own step as well."""
    return (kind != "step" and step == path) or (path.startswith(step) and path[len(step) :][:1] in set(".[:/"))


def _attributes(told: Mapping[str, Any]) -> dict[str, str | int | bool]:
    return {f"steady.{k}": v[:LONGEST] if isinstance(v, str) else v for k, v in told.items() if v != ""}


def _ended(
    loom: Loom, kind: str, keys: tuple[str, ...], at: int, told: Mapping[str, Any] | None = None, failed: str = ""
) -> tuple[Loom, tuple[Span, ...]]:
    """End the open spans of those keys."""
    open_: Mapping[str, Span] = getattr(loom, kind)
    ended = tuple(
        replace(
            span, end=max(at, span.start), attributes={**span.attributes, **_attributes(told or {})},
            failed=failed[:LONGEST],
        )
        for key, span in open_.items()
        if key in keys
    )  # fmt: skip
    rest = {key: span for key, span in open_.items() if key not in keys}
    return (replace(loom, **{kind: rest}) if ended else loom), ended


def _entered(loom: Loom, one: e.Recorded, entered: e.StepEntered) -> tuple[Loom, tuple[Span, ...]]:
    """Control moves on: the step that it leaves in the same scope has ended, with all that lies in it."""
    home = entered.path.rpartition("/")[0]
    here = tuple(step for step in loom.steps if step.rpartition("/")[0] == home)
    left = tuple(step for step in loom.steps if any(step == one_ or step.startswith(f"{one_}/") for one_ in here))
    told = {"outcome": entered.outcome}
    loom, ended = _ended(loom, "steps", left, one.at, told, entered.outcome if entered.outcome == "error" else "")
    span = _span(loom, one, "step", entered.path, entered.visit, 0, f"step {entered.path}", {})
    return replace(loom, steps={**loom.steps, entered.path: span}), ended


def _settled(loom: Loom, one: e.Recorded, settled: e.StepSettled) -> tuple[Loom, tuple[Span, ...]]:
    path = settled.path
    if path not in loom.attempts and not settled.attempt:  # it could not even be rendered
        span = _span(loom, one, "attempt", path, settled.visit, 0, f"attempt {path}", {})
        loom = replace(loom, attempts={**loom.attempts, path: span})
    told = {
        "outcome": settled.outcome,
        "error": settled.error,
        "simulated": settled.simulated,
        "unsure": settled.unsure,
    }
    failed = "" if settled.outcome == "pass" else settled.reason or settled.outcome
    return _ended(loom, "attempts", (path,), one.at, told, failed)


def _concluded(loom: Loom, one: e.Recorded, end: e.RunConcluded) -> tuple[Loom, tuple[Span, ...]]:
    ended: tuple[Span, ...] = ()
    for kind in ("attempts", "gates", "steps"):
        told = {"result": "withdrawn"} if kind == "gates" else {}
        loom, new = _ended(loom, kind, tuple(getattr(loom, kind)), one.at, told)
        ended += new
    if loom.root is None:
        return loom, ended
    attributes = {**loom.root.attributes, **_attributes({"conclusion": end.conclusion, "in_doubt": len(end.in_doubt)})}
    failed = "" if end.conclusion in GOOD else (end.reason or end.conclusion)[:LONGEST]
    return replace(loom, root=None), (*ended, replace(loom.root, end=one.at, attributes=attributes, failed=failed))
