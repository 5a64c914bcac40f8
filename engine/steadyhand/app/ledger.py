"""What happens at the door is appended to the journal, in one stream a month, and read for `steady audit access`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ..driver.redaction import Redactor
from ..errors import HeadMoved
from ..events import ACCESS, AccessEvent, Event, Recorded
from ..model import SECOND
from .services import Services


def stream_of(at: int) -> str:
    """The stream of a time (microseconds, UTC)."""
    return f"{ACCESS}{datetime.fromtimestamp(at / SECOND, UTC):%Y-%m}"


def record(services: Services, event: AccessEvent) -> None:
    """Append what happened; durable on return. Raises JournalError."""
    wanted: Event = Redactor().event(event)
    while True:
        now = services.clock.now()
        stream = stream_of(now)
        head = services.journal.head(stream)
        try:
            services.journal.append(stream, head.seq if head else 0, [wanted], actor=services.actor, at=now, epoch=1)
        except HeadMoved:
            continue
        return


def history(services: Services, since: int = 0) -> Iterator[Recorded]:
    """What happened at the door since a time, oldest first."""
    first = stream_of(since)
    names = sorted(head.stream for head in services.journal.streams(ACCESS))
    for name in names:
        if name >= first:
            yield from (one for one in services.journal.read(name) if one.at >= since)
