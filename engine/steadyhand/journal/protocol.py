"""The journal's narrow door: append with the expected sequence number, read, list, and artifacts by content.

Every implementation passes the suite in tests/journal/test_protocol.py. An append is one transaction and is durable
when it returns. It names the sequence number of the last event it has seen; if the stream has grown, it raises
`HeadMoved` and writes nothing. If the stream's epoch is higher than the caller's, it raises `Fenced`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

from msgspec import Struct

from ..errors import JournalError
from ..events import Event, Recorded


class Head(Struct, frozen=True):
    """The end of a stream: its last sequence number, hash and epoch, and when its first event was appended."""

    stream: str
    seq: int
    hash: bytes
    epoch: int
    created: int


class Append(Struct, frozen=True):
    """One append among several: what `append` is given."""

    stream: str
    expected: int
    events: tuple[Event, ...]
    actor: str
    at: int
    epoch: int


class Fault(Struct, frozen=True):
    """The first thing that does not hold in a stream: at which sequence number, and what."""

    stream: str
    seq: int
    problem: str


class Row(Struct, frozen=True):
    """An event as it stands in a store: the text that was hashed, and the hashes."""

    seq: int
    at: int
    actor: str
    epoch: int
    type: str
    body: str
    prev: bytes
    hash: bytes


class Journal(Protocol):
    """An append-only store of streams of events, and of artifacts."""

    readonly: str
    """Why it can only be read; '' when it can be written."""

    def append(
        self, stream: str, expected: int, events: Sequence[Event], *, actor: str, at: int, epoch: int
    ) -> tuple[Recorded, ...]:
        """Append all or nothing after `expected` (0: the stream is new). Durable on return.

        `at` (microseconds, UTC) is raised to that of the event before if it is smaller. An epoch above the stream's
        claims the stream. Raises HeadMoved, Fenced, JournalError.
        """

    def append_all(self, appends: Sequence[Append]) -> tuple[tuple[Recorded, ...] | JournalError, ...]:
        """Several appends with as few flushes as can be, durable on return. Each is all or nothing by itself.

        What came of each stands in the same place: its events, or why it was not written (as `append` would raise).
        """

    def read(self, stream: str, after: int = 0) -> tuple[Recorded, ...]:
        """The events with a sequence number above `after`, in order. Raises NotFound for an unknown stream."""

    def head(self, stream: str) -> Head | None:
        """The end of the stream, or None if there is no such stream."""

    def streams(self, prefix: str = "") -> Iterator[Head]:
        """All streams whose name starts with `prefix`, newest first."""

    def mark(self) -> object:
        """A value that differs from an earlier one when any process has appended since; cheap enough to poll."""

    def grown(self, after: int | None) -> tuple[int, tuple[Head, ...]]:
        """The streams that have grown after a point, the one that grew last at the end, and the point to go on from.

        0 is before everything; None asks for the point of now alone. A stream may be told of twice, never not at all.
        """

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep an artifact, durably; returns its SHA-256 (hex) and its size in bytes. Constant memory."""

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading, its content checked against its name while it is read. Raises NotFound."""

    def verify(self, stream: str) -> Fault | None:
        """Walk the chain from the first event; None when everything holds, artifacts included."""

    def verify_store(self) -> tuple[Fault, ...]:
        """Walk all chains, and look at the store itself; empty when everything holds."""

    def rows(self, stream: str, after: int = 0) -> Iterator[Row]:
        """The events of a stream after one as they stand, for the verifier, the archive and the copy."""

    def adopt(self, stream: str, expected: int, rows: Sequence[Row]) -> None:
        """Append events as they stand in another store, hashes included, all or nothing; durable on return.

        Each must follow the one before it. Raises what `append` raises, and JournalError where the chain does not hold.
        """

    def close(self) -> None:
        """Let go of files and connections."""
