"""One attempt, from the hands to the event that says what came of it. Runs in a thread of its own.

A handler returns what it saw, and expectations judge it: `fail` comes from an expectation alone. A named failure is
`error`. Anything else that a handler raises is a bug of ours or of a plug-in: `error` too, with where it happened.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from ..core.judging import judged
from ..core.recording import Job
from ..errors import HandlerError, SteadyError
from ..events import StepSettled
from ..expressions import Truncated
from ..handlers.protocol import Handler, Rehearsed
from ..model import ERROR, FAIL, PASS, Effect, HandlerSpec, Operation, canonical, unknown_in
from ..projections.dry import ACCEPTED
from .hands import AttemptHands
from .ports import Clock

INLINE = 64 * 1024
"""Bytes of one value that are kept in the event; what is longer is cut there, and lies in an artifact."""


def perform(
    handler: Handler,
    job: Job,
    hands: AttemptHands,
    known: Mapping[str, Any],
    visit: int,
    clock: Clock,
    *,
    dry: bool = False,
) -> StepSettled:
    """Carry out the plan, judge what came, and say so. Never raises. With `dry`, the other side is only asked."""
    assert job.plan is not None  # noqa: S101 a job to start has a plan
    assert job.place is not None  # noqa: S101 and a place
    assert job.place.operation is not None  # noqa: S101 with an operation
    operation, spec = job.place.operation, handler.spec
    start = clock.monotonic()
    try:
        # Redacted before anything is cut or judged: a secret that was cut in two would not be known any more.
        if dry:
            assert isinstance(handler, Rehearsed)  # noqa: S101 only such a handler is asked
            settled = _accepted(hands.clean(dict(handler.dry_run(job.plan, hands).values)), hands)
        else:
            result = hands.clean(dict(handler.perform(job.plan, hands).values))
            settled = _judged(operation, spec, result, hands, known)
    except BaseException as problem:  # noqa: BLE001 whatever a handler does, sys.exit too, the run goes on and says so
        settled = _failed(problem, operation)
    if hands.confine:
        settled = _as_confined(settled, hands.confine)
    if operation.effect is Effect.READ:
        settled["unsure"] = False  # nothing that it has done could matter to anybody
    took = int((clock.monotonic() - start) * 1_000_000)
    return _with_place(settled, job, visit, took, hands)


def _with_place(settled: dict[str, Any], job: Job, visit: int, took: int, hands: AttemptHands) -> StepSettled:
    artifacts = hands.finish()
    notes = "; ".join(hands.notes())
    if notes:
        settled["reason"] = f"{settled['reason']} ({notes})".strip()
    return StepSettled(path=job.path, visit=visit, attempt=job.attempt, duration=took, artifacts=artifacts, **settled)


def _judged(
    operation: Operation, spec: HandlerSpec, result: dict[str, Any], hands: AttemptHands, known: Mapping[str, Any]
) -> dict[str, Any]:
    seen = {name: _whole(name, value, hands.sizes()) for name, value in result.items()}
    found = judged(operation, spec, seen, known)
    values, cut = _kept(result, hands.sizes())
    return {**{name: getattr(found, name) for name in found.__struct_fields__}, "values": values, "cut": cut}


def _accepted(result: dict[str, Any], hands: AttemptHands) -> dict[str, Any]:
    values, cut = _kept(result, hands.sizes())
    said = result.get("message")
    more = f" ({said})" if isinstance(said, str) and said else ""
    reason = f"{ACCEPTED}{more}, not carried out: dry run"
    return {"outcome": PASS, "reason": reason, "values": values, "cut": cut, "simulated": True}


REFUSALS = ("ermission denied", "not permitted", "ead-only file system")
"""How programs say that the kernel has refused something."""


def _as_confined(settled: dict[str, Any], means: str) -> dict[str, Any]:
    """What a confined read complains of being refused says nothing of the system: a `fail` is then an `error`."""
    said = settled.get("values", {}).get("stderr")
    if not isinstance(said, str) or not any(words in said for words in REFUSALS):
        return settled
    if settled["outcome"] == PASS:
        note = f"something was refused to it, confined by {means}: see what it printed as errors"
        return {**settled, "reason": f"{settled['reason']} ({note})".strip()}
    hint = (
        "if it needs to write a file, to signal a process or to speak to a unix socket, `confine: false` runs it "
        "unconfined"
    )
    reason = settled["reason"]
    if settled["outcome"] == FAIL:
        reason = f"confined by {means}, it was refused something, so it could not tell: {reason}"
    return {**settled, "outcome": ERROR, "reason": reason, "hint": settled.get("hint") or hint, "facts": {}}


def _whole(name: str, value: Any, sizes: Mapping[str, int]) -> Any:
    """Text of which more came than was kept is marked, so that nothing is concluded from what was not seen."""
    size = sizes.get(name, 0)
    if isinstance(value, str) and size > len(value.encode("utf-8", "surrogateescape")):
        return Truncated(value, size)
    return value


def _kept(result: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values as the event holds them, and the names of those that were cut."""
    values: dict[str, Any] = {}
    cut: list[str] = []
    for name, value in result.items():
        values[name] = value
        if isinstance(value, str):
            if len(value) > INLINE or isinstance(_whole(name, value, sizes), Truncated):
                values[name] = value[: INLINE // 8]
                cut.append(name)
        elif len(canonical(value)) > INLINE:
            values[name] = None
            cut.append(name)
    return values, tuple(cut)


def _failed(problem: BaseException, operation: Operation) -> dict[str, Any]:
    if isinstance(problem, HandlerError):
        return _error(problem.message, problem.hint, type(problem).__name__, problem.unsure)
    if isinstance(problem, SteadyError):
        return _error(problem.message, problem.hint, type(problem).__name__, unsure=True)
    last = traceback.extract_tb(problem.__traceback__)[-1]
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    text = f"the {operation.kind} handler broke: {type(problem).__name__}: {problem} ({where})"
    return _error(text, "this is a bug of the handler: report it with this line", "Bug", unsure=True)


def _error(reason: str, hint: str, kind: str, unsure: bool) -> dict[str, Any]:
    return {"outcome": ERROR, "reason": reason, "hint": hint, "error": kind, "unsure": unsure}


def simulated(job: Job, visit: int) -> StepSettled:
    """What a dry run settles instead of doing anything."""
    return StepSettled(job.path, visit, job.attempt, PASS, "not carried out: dry run", simulated=True)


def unstarted(job: Job, visit: int, reason: str, hint: str) -> StepSettled:
    """An attempt that was intended and certainly not begun."""
    return StepSettled(job.path, visit, job.attempt, ERROR, reason, hint=hint, error="Refused")


def really(mode: str, probe: bool, effect: Effect) -> bool:
    """Whether an attempt is carried out: always, but in a dry run only reads, and only where probing was asked for."""
    return mode != "dry-run" or (probe and effect is Effect.READ)


def asked(handler: Handler, job: Job, effect: Effect) -> bool:
    """Whether a dry run puts a change before the other side, which can say what it would do and does not do it."""
    known = job.plan is not None and not unknown_in(job.plan.request)
    return effect is not Effect.READ and known and isinstance(handler, Rehearsed)
