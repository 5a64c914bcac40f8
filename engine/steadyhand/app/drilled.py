"""Remembers what came of drills: written by `steady drill --record`, shown in the library."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ..driver.redaction import Redactor
from ..errors import HeadMoved, NotFound
from ..events import DRILLS, DrillEnded, Event
from .drilling import Outcome
from .services import Services


class LastDrill(Struct, frozen=True):
    """The latest of each drill of a runbook: when the latest was (microseconds), how many passed, which did not.

    `of_this_text` says whether all of them were of the runbook as it is now.
    """

    at: int
    passed: int
    failed: tuple[str, ...]
    of_this_text: bool


def record(services: Services, digests: dict[str, str], outcomes: Iterable[Outcome]) -> int:
    """Write down what came of drills that were carried out; how many. `digests` are those of the texts, by runbook."""
    written = 0
    for one in outcomes:
        if one.skipped:
            continue
        ended = DrillEnded(
            one.runbook, digests.get(one.runbook, ""), one.drill, services.person, one.expected, one.cause,
            one.conclusion, one.repaired, one.took, one.problems,
        )  # fmt: skip
        _append(services, DRILLS + one.runbook, Redactor().event(ended))
        written += 1
    return written


def _append(services: Services, stream: str, event: Event) -> None:
    while True:
        head = services.journal.head(stream)
        now, seq = services.clock.now(), head.seq if head else 0
        try:
            services.journal.append(stream, seq, [event], actor=services.actor, at=now, epoch=1)
        except HeadMoved:
            continue
        return


def last(services: Services, runbook: str, digest: str) -> LastDrill | None:
    """What came of the latest of each drill of a runbook, whose text has that digest now; None where none is known."""
    try:
        recorded = services.journal.read(DRILLS + runbook)
    except NotFound:
        return None
    latest = {one.event.drill: one.event for one in recorded if isinstance(one.event, DrillEnded)}
    failed = tuple(sorted(name for name, ended in latest.items() if ended.problems))
    same = all(ended.digest == digest for ended in latest.values())
    return LastDrill(recorded[-1].at, len(latest) - len(failed), failed, same)
