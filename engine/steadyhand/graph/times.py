"""Times that are longer than the run may take. Pure. Called by `checks` for a runbook with a deadline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import Call, Diagnose, Do, Operation, Parallel, Runbook, Step, Wait
from ..source import format_duration
from .findings import Findings
from .settled import gates
from .ways import Scope, every, of_runbook, way


def check(runbook: Runbook, scopes: Sequence[Scope], found: Findings) -> None:
    """SG018, for the steps of the runbook and of those that it calls: the deadline is that of the whole run."""
    deadline = format_duration(runbook.within)
    if runbook.escalation.after > runbook.within:
        first = next(iter(runbook.steps.values()))
        after = format_duration(runbook.escalation.after)
        message = f"the run is escalated after {after}, and is over after {deadline}"
        found.say("SG018", first.span, message, _HINT)
    for scope in scopes:
        for name, step in scope.steps.items():
            if name in scope.reached:
                for where, what, time in _times(step, f"{scope.prefix}{name}", runbook):
                    if time > runbook.within:
                        message = f"`{where}` {what} {format_duration(time)}, and the run is over after {deadline}"
                        found.say("SG018", step.span, f"{message}: {way(scope, name)}", _HINT)


_HINT = "shorten it, or lengthen `within:` of the runbook"


def _times(step: Step, path: str, runbook: Runbook) -> Iterator[tuple[str, str, int]]:
    """What a step may take: where, what it does, how long."""
    for gate in gates(step):
        yield path, "asks for", gate.within
    body = step.body
    if isinstance(body, Wait):
        yield path, "waits", body.duration
    if isinstance(body, Do):
        yield from _of_operation(body.operation, path)
    if isinstance(body, Diagnose):
        for check in body.checks:
            yield from _of_operation(check.operation, f"{path}.{check.id}")
    if step.verify is not None:
        yield f"{path}:verify", "may take", step.verify.settle + step.verify.within
        yield from _of_operation(step.verify.operation, f"{path}:verify")
    if isinstance(body, Call) and body.runbook in runbook.calls:
        called = runbook.calls[body.runbook]
        for scope in every(of_runbook(called)):
            for name, inner in scope.steps.items():
                if name in scope.reached and not isinstance(inner.body, Parallel):
                    yield from _times(inner, f"{path}/{scope.prefix}{name}", called)


def _of_operation(operation: Operation, path: str) -> Iterator[tuple[str, str, int]]:
    yield path, "may take", operation.timeout
    if operation.retry.times and operation.retry.backoff == 1:
        yield path, "is tried again for", operation.retry.times * operation.retry.every
