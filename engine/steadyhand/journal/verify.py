"""Does the chain hold? One walk over the rows of a stream, the same for every store and for archives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from ..errors import SteadyError
from ..events import GENESIS, chain, decode
from .artifacts import CHUNK
from .protocol import Fault, Head, Row

Fetch = Callable[[str], BinaryIO]


def check(stream: str, rows: Iterable[Row], head: Head | None, fetch: Fetch) -> Fault | None:
    """The first thing that does not hold, or None. A missing event is named by the number it should have."""
    before, expected = GENESIS, 1
    walk = iter(rows)
    while True:
        try:
            row = next(walk, None)
        except Exception as problem:  # noqa: BLE001 a damaged store fails in many ways, and each is a finding
            return Fault(stream, expected, f"cannot be read: {problem}")
        if row is None:
            break
        problem_found = _row_problem(stream, row, expected, before) or _artifact_problem(row, fetch)
        if problem_found:
            return Fault(stream, expected, problem_found)
        before, expected = row.hash, expected + 1
    return _end_problem(stream, head, before, expected - 1)


def _end_problem(stream: str, head: Head | None, last: bytes, count: int) -> Fault | None:
    if head is None:
        return Fault(stream, count + 1, "the stream has no head: it was removed") if count else None
    if head.seq > count:
        return Fault(stream, count + 1, f"is missing: the stream should end with number {head.seq}")
    if head.seq < count:
        return Fault(stream, head.seq + 1, f"was added: the stream should end with number {head.seq}")
    return Fault(stream, count, "the head of the stream does not fit its last event") if head.hash != last else None


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
    """The names of the artifacts that an event speaks of."""
    if row.type != "step.settled":
        return
    body: dict[str, Any] = json.loads(row.body)
    for artifact in body.get("artifacts", ()):
        if artifact.get("sha256"):
            yield artifact["sha256"]
