"""The secrets that a run has used before: whoever takes it up again, or writes into it, must know them to hide them.

A process knows the secrets that it has fetched, and forgets them when it ends. The intents in the journal name what
each attempt was handed, so that the next process can fetch it again, before anything is appended. Called by the driver
when it resumes a run, and by the desk before the words of a person are written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .. import events as e
from ..errors import HandlerError, UsageError
from ..model import Runbook

Reveal = Callable[[Runbook, str], object]
"""Fetches a secret of a runbook, so that the redactor knows it. Raises HandlerError."""


def used(runbook: Runbook, recorded: Iterable[e.Recorded]) -> tuple[tuple[Runbook, str], ...]:
    """Every secret that an attempt of the run was handed, with the runbook that it belongs to."""
    named = {one.name: one for one in _family(runbook)}
    calls = {"": runbook.name}
    found: dict[tuple[str, str], None] = {}
    for one in recorded:
        match one.event:
            case e.CallStarted(path=path, runbook=name):
                calls[f"{path}/"] = name
            case e.StepIntended(path=path, uses=names):
                home = max((c for c in calls if path.startswith(c)), key=len)
                found.update(((calls[home], name), None) for name in names)
            case _:
                pass
    return tuple((named[owner], name) for owner, name in found if owner in named)


def recall(runbook: Runbook, recorded: Iterable[e.Recorded], reveal: Reveal) -> None:
    """Fetch every secret that the run has used. Raises UsageError with the first that cannot be had here."""
    for owner, name in used(runbook, recorded):
        try:
            reveal(owner, name)
        except HandlerError as problem:
            raise Unknown(
                f"{problem.message}; the run has used it, and what is not known cannot be hidden", problem.hint
            ) from None


class Unknown(UsageError):
    """A secret that the run has used cannot be had here, so that nothing may be written that might hold it."""


def _family(runbook: Runbook) -> Iterator[Runbook]:
    yield runbook
    for inner in runbook.calls.values():
        yield from _family(inner)
