"""Who did what, newest first, over the streams that have grown last. Called by the audit page, from threads.

It is asked for, not fed: what nobody looks at costs nothing, and what another server wrote is seen as well.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import islice

from ..journal.protocol import Journal
from ..projections.acts import Act, act

STREAMS = 400
"""How many streams are looked at: those that have grown last."""
EACH = 200
"""How many of the last events of a stream are looked at."""


class Acts:
    """The newest acts of a journal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._point = 0
        self._kept: OrderedDict[str, tuple[int, tuple[Act, ...]]] = OrderedDict()

    def newest(self, journal: Journal) -> tuple[Act, ...]:
        """The acts of the streams that have grown last, newest first. Raises JournalError."""
        with self._lock:
            point, heads = journal.grown(self._point)
            for head in heads[-STREAMS:]:
                seen, acts = self._kept.pop(head.stream, (0, ()))
                recorded = journal.read(head.stream, max(seen, head.seq - EACH))
                told = tuple(filter(None, map(act, recorded)))
                self._kept[head.stream] = (head.seq, (*acts, *told)[-EACH:])
            while len(self._kept) > STREAMS:
                self._kept.popitem(last=False)
            self._point = point
            found = [one for _, acts in self._kept.values() for one in acts]
        return tuple(sorted(found, key=lambda one: (one.at, one.stream, one.seq), reverse=True))


def page_of(acts: tuple[Act, ...], after: str, most: int) -> tuple[tuple[Act, ...], str]:
    """So many acts after a cursor, and the cursor to go on from ('' at the end)."""
    place = parse(after)
    later = (one for one in acts if place is None or (one.at, one.stream, one.seq) < place)
    found = tuple(islice(later, most + 1))
    if len(found) <= most:
        return found, ""
    last = found[most - 1]
    return found[:most], f"{last.at}.{last.seq}.{last.stream}"


def parse(cursor: str) -> tuple[int, str, int] | None:
    """The place that a cursor names; None for none, also when somebody made it up."""
    at, _, rest = cursor.partition(".")
    seq, _, stream = rest.partition(".")
    return (int(at), stream, int(seq)) if at.isdecimal() and seq.isdecimal() else None
