"""From one store to another: every stream with its rows as they stand, every artifact that they name.

Hashes are carried over, not made anew, so the chain of the copy is the chain of the original. A second copy brings what
is new. A stream that differs is never touched: which of the two is the truth, only people can tell. Called by app.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ..errors import JournalError, NotFound
from .protocol import Fault, Head, Journal, Row
from .verify import artifacts_of

EVENTS, BYTES = 500, 4 << 20
"""How much goes into one append."""


class Copied(Struct, frozen=True):
    """What a copy has brought, and what does not hold in the streams that it brought."""

    streams: int
    events: int
    artifacts: int
    faults: tuple[Fault, ...]


def copy(source: Journal, target: Journal) -> Copied:
    """Bring everything that the target has not. Raises JournalError where streams differ, before it begins."""
    heads = [head for head in source.streams() if _behind(source, target, head)]
    events, kept = 0, set[str]()
    for head in reversed(heads):  # the oldest first, so that a copy that was interrupted is a store of an earlier time
        events += _stream(source, target, head, kept)
    faults = tuple(fault for head in heads if (fault := target.verify(head.stream)))
    return Copied(len(heads), events, len(kept), faults)


def _behind(source: Journal, target: Journal, head: Head) -> bool:
    """Whether the target lacks events of a stream. Raises JournalError where what both have is not the same."""
    there = target.head(head.stream)
    if there is None:
        return True
    shorter, longer = (there, source) if there.seq <= head.seq else (head, target)
    row = next(longer.rows(head.stream, shorter.seq - 1), None)
    if row is None or (row.seq, row.hash) != (shorter.seq, shorter.hash):
        raise JournalError(
            f"{head.stream} differs at event {shorter.seq} or before it; nothing was copied",
            f"compare them: `steady --store ... audit export {head.stream}` from both",
        )
    return there.seq < head.seq


def _stream(source: Journal, target: Journal, head: Head, kept: set[str]) -> int:
    """Bring one stream up to the head that was seen; how many events that were."""
    there = target.head(head.stream)
    seq = first = there.seq if there else 0
    for rows in _batches(source, head, seq):
        for sha256 in (name for row in rows for name in artifacts_of(row)):
            if sha256 not in kept and _artifact(source, target, sha256):
                kept.add(sha256)
        target.adopt(head.stream, seq, rows)
        seq = rows[-1].seq
    return seq - first


def _batches(source: Journal, head: Head, after: int) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in source.rows(head.stream, after):
        if row.seq > head.seq:
            break
        batch.append(row)
        size += len(row.body)
        if len(batch) >= EVENTS or size >= BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _artifact(source: Journal, target: Journal, sha256: str) -> bool:
    """Bring an artifact; whether it was there. One that is gone is told by the verification, with its event."""
    try:
        with source.get(sha256) as content:
            name, _ = target.put(content)
    except NotFound:
        return False
    return name == sha256
