"""Follow a run from anywhere, by sequence number, and verify what a store holds."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..errors import UsageError
from ..events import Recorded, RunConcluded, RunStarted
from ..journal.protocol import Fault
from ..model import Runbook
from . import library
from .services import Services

POLL = 0.1
"""Seconds between two looks at the store."""


def runbook_of(services: Services, recorded: tuple[Recorded, ...]) -> Runbook:
    """The runbook of a run, as it was when the run started."""
    started = recorded[0].event
    if not isinstance(started, RunStarted):
        raise UsageError(f"run {recorded[0].stream} does not begin with its start", "run `steady audit verify`")
    return library.revive(services, started.runbook, started.texts)


def mode_of(recorded: tuple[Recorded, ...]) -> str:
    """The mode that a run was started in."""
    started = recorded[0].event
    return started.mode if isinstance(started, RunStarted) else ""


def follow(services: Services, run: str, after: int = 0, *, wait: bool = True) -> Iterator[Recorded]:
    """Every event after one, as it comes, until the run concludes; with `wait` off, only what there is."""
    while True:
        mark = services.journal.mark()
        concluded = False
        for one in services.journal.read(run, after):
            yield one
            after = one.seq
            concluded = concluded or isinstance(one.event, RunConcluded)
        if concluded or not wait:
            return
        while services.journal.mark() == mark:
            time.sleep(POLL)


def verify(services: Services, run: str = "") -> tuple[tuple[Fault, ...], int]:
    """What does not hold in a run, or in the whole store; and how many events were looked at."""
    journal = services.journal
    if run:
        fault = journal.verify(run)
        head = journal.head(run)
        return ((fault,) if fault else ()), head.seq if head else 0
    return journal.verify_store(), sum(head.seq for head in journal.streams())
