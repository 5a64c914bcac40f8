"""The words every floor may use to say that something is wrong.

Two families. A `SteadyError` is told to the user in one paragraph and maps to an exit code; anything else that escapes
is our own bug and ends in a report. A `Diagnostic` is a finding about a document: where, what, why, and what to write
instead. Nothing here knows a file, a clock or a terminal.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from msgspec import Struct


class Exit(IntEnum):
    """What the process answers to its caller (design: exit codes, everywhere)."""

    GOOD = 0
    NO = 1
    USAGE = 2
    BROKEN = 3
    WAITING = 4
    INTERRUPTED = 130


class Severity(Enum):
    """How much a diagnostic weighs: an error makes a document invalid, a warning does so only under --strict."""

    ERROR = "error"
    WARNING = "warning"


class Span(Struct, frozen=True, order=True):
    """A stretch of one line in a named text. Lines and columns count from 1; `end` is the column after the last."""

    source: str
    line: int
    column: int
    end: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}"


class Diagnostic(Struct, frozen=True):
    """One finding about a document.

    `code` is stable and documented (docs/reference/codes.md), `message` says what, `why` says what it would cost,
    `hint` says what to write instead, `text` is the source line as it stands (for the caret).
    """

    code: str
    message: str
    span: Span
    why: str = ""
    hint: str = ""
    text: str = ""
    severity: Severity = Severity.ERROR


class SteadyError(Exception):
    """Told to the user as it stands, without a traceback. `hint` says what to run or write instead."""

    exit = Exit.NO

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SteadyError):
    """The command, its options or the settings are wrong; nothing was started."""

    exit = Exit.USAGE


class InvalidDocument(SteadyError):
    """A document has at least one finding of severity error; `diagnostics` are all of them, sorted by place."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        errors = sum(d.severity is Severity.ERROR for d in diagnostics)
        super().__init__(f"{errors} finding{' makes' if errors == 1 else 's make'} the document invalid")
        self.diagnostics = diagnostics


class NotFound(SteadyError):
    """A run, gate, runbook or artifact of that name does not exist here."""

    exit = Exit.USAGE


class HandlerError(SteadyError):
    """A handler could not tell: the step's outcome is `error`, never `fail`.

    `unsure` is true when the action may have had an effect all the same (bytes had gone out). A change that ends so is
    never repeated by the engine: a person is asked what happened.
    """

    def __init__(self, message: str, hint: str = "", *, unsure: bool = False) -> None:
        super().__init__(message, hint)
        self.unsure = unsure


class Unreachable(HandlerError):
    """The other side could not be reached, or was lost on the way."""


class Refused(HandlerError):
    """The other side, or this machine, would not do it: permission, missing tool, rejected credentials."""


class TimedOut(HandlerError):
    """The time the step was given ran out before an answer came."""


class Cancelled(HandlerError):
    """The step was told to stop before it had ended."""


class BadResponse(HandlerError):
    """An answer came, and it cannot be understood (too large, cut short, not what the protocol says)."""


class BadInput(HandlerError):
    """The rendered parameters cannot be carried out as they are; nothing was sent."""


class JournalError(SteadyError):
    """The store cannot be read or written."""

    exit = Exit.BROKEN


class Unfit(JournalError):
    """The store that was named is none of ours, or may not be written: nothing was started."""

    exit = Exit.USAGE


class HeadMoved(JournalError):
    """Somebody else appended first: read on, fold, decide again. Nothing was written."""


class Fenced(JournalError):
    """Another driver has taken this run over: stop, start nothing, end what is running."""
