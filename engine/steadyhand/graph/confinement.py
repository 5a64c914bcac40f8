"""What a runbook says about confinement, against what confinement can do and what the settings demand. Pure.

Called by the library for every document that is read, beside the proofs over its graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import Diagnostic, Severity, Span
from ..model import Effect, HandlerSpec, Operation, Runbook
from .build import operations

CODES: dict[str, tuple[str, str]] = {
    "SC001": (
        "unconfined read",
        "The settings demand that the kernel holds every read on this machine to reading, and this one goes unheld.",
    ),
    "SC002": (
        "nothing to confine",
        "Only a read of kind `shell` can be confined; the key would promise what is not so.",
    ),
}


def confinement(
    runbook: Runbook, spec: Callable[[str], HandlerSpec], *, required: bool = False
) -> tuple[Diagnostic, ...]:
    """Findings about `confine`, in the order of the text.

    `spec` gives that of a step kind. `required`: the settings demand confinement of every read that can be confined.
    """
    lines = runbook.text.split("\n")

    def say(code: str, span: Span, message: str, hint: str, severity: Severity) -> Diagnostic:
        line = lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(lines) else ""
        return Diagnostic(code, message, span, CODES[code][1], hint, line, severity)

    def found() -> Iterator[Diagnostic]:
        for path, operation in operations(runbook):
            able = spec(operation.kind).capabilities.confine
            reads = operation.effect is Effect.READ
            if operation.confine and not (able and reads):
                yield say("SC002", operation.span, *_nothing_to_confine(path, operation, able))
            if required and able and reads and not operation.confine:
                which = "says `confine: false`" if operation.confine is False else "does not say `confine: true`"
                message = f"the settings demand confined reads, and `{path}` {which}"
                hint = "write `confine: true`; what works only unconfined needs `effect: change` and a gate here"
                yield say("SC001", operation.span, message, hint, Severity.ERROR)

    return tuple(sorted(found(), key=lambda d: (d.span, d.code)))


def _nothing_to_confine(path: str, operation: Operation, able: bool) -> tuple[str, str, Severity]:
    if not able:
        message = f"`{path}` cannot be confined: it is of kind `{operation.kind}`, and only `shell` can be"
        return message, "remove `confine`", Severity.WARNING
    message = f"`{path}` is confined to reading, and is a {operation.effect.value}"
    return message, "add `effect: read` if it only looks; else remove `confine`", Severity.ERROR
