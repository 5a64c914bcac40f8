"""Does the chain hold? One walk over the rows of a stream, the same for every store and for archives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from ..errors import JournalError, SteadyError
from ..events import GENESIS, chain, decode
from .artifacts import CHUNK
from .protocol import Fault, Head, Journal, Row

Fetch = Callable[[str], BinaryIO]


def check_stream(journal: Journal, stream: str) -> Fault | None:
    """Check a stream of a store in which others may be writing: what came after the look at the head is no fault."""
    while True:
        try:
            head = journal.head(stream)
            fault = check(stream, journal.rows(stream), head, journal.get)
            known = head.seq if head else 0
            if fault is None or fault.seq <= known or journal.head(stream) == head:
                return fault
        except JournalError as problem:
            return Fault(stream, 0, problem.message)


def check(stream: str, rows: Iterable[Row], head: Head | None, fetch: Fetch) -> Fault | None:
    """The first thing that does not hold, or None. A missing event is named by the number it should have.

    A head with epoch 0 is that of an archive, which tells number and hash alone.
    """
    first: Row | None = None
    last: Row | None = None
    expected = 1
    walk = iter(rows)
    while True:
        try:
            row = next(walk, None)
        except Exception as problem:  # noqa: BLE001 a damaged store fails in many ways, and each is a finding
            return Fault(stream, expected, f"cannot be read: {problem}")
        if row is None:
            return _end_problem(stream, head, first, last)
        found = _row_problem(stream, row, expected, last.hash if last else GENESIS) or _artifact_problem(row, fetch)
        if found:
            return Fault(stream, expected, found)
        first, last, expected = first or row, row, expected + 1


def following(stream: str, end: tuple[int, bytes, int, int], rows: Sequence[Row]) -> None:
    """Hold rows of another store against the end they are to follow: number, hash, time, epoch. Raises JournalError."""
    seq, before, at, epoch = end
    for row in rows:
        seq += 1
        problem = _row_problem(stream, row, seq, before)
        if not problem and (row.at < at or row.epoch < epoch):
            problem = "is older than the event before it"
        if problem:
            raise JournalError(f"event {seq} of {stream} {problem}; it was not taken over", "run `steady audit verify`")
        before, at, epoch = row.hash, row.at, row.epoch


def _end_problem(stream: str, head: Head | None, first: Row | None, last: Row | None) -> Fault | None:
    count = last.seq if last else 0
    if head is None:
        return Fault(stream, count + 1, "the stream has no head: it was removed") if count else None
    if head.seq > count:
        return Fault(stream, count + 1, f"is missing: the stream should end with number {head.seq}")
    if head.seq < count:
        return Fault(stream, head.seq + 1, f"was added: the stream should end with number {head.seq}")
    told = last is not None and first is not None and (head.epoch, head.created) == (last.epoch, first.at)
    if head.hash != (last.hash if last else GENESIS) or (head.epoch and not told):
        return Fault(stream, count, "the head of the stream does not fit its last event")
    return None


def _row_problem(stream: str, row: Row, expected: int, before: bytes) -> str:
    if row.seq != expected:
        return f"is missing, number {row.seq} stands in its place"
    if row.prev != before:
        return "does not follow the event before it"
    try:
        hashed = chain(row.prev, stream, row.seq, row.at, row.actor, row.epoch, row.type, row.body)
    except ValueError as problem:
        return f"cannot be hashed: {problem}"
    if hashed != row.hash:
        return "was changed: its hash does not fit"
    try:
        decode(row.type, row.body)
    except ValueError as problem:
        return f"cannot be understood: {problem}"
    return ""


def _artifact_problem(row: Row, fetch: Fetch) -> str:
    for sha256 in artifacts_of(row):
        try:
            with fetch(sha256) as content:
                while content.read(CHUNK):
                    pass
        except SteadyError as problem:
            return f"names an artifact that does not hold: {problem.message}"
    return ""


def artifacts_of(row: Row) -> Iterator[str]:
    """The names of the artifacts that an event speaks of; none when it cannot be understood."""
    if row.type != "step.settled":
        return
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        body: dict[str, Any] = json.loads(row.body)
        for artifact in body.get("artifacts", ()):
            if artifact.get("sha256"):
                yield str(artifact["sha256"])
