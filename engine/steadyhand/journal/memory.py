"""The journal in memory: the honest twin of the one on disk, for rehearsals, tests and throw-away runs."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from ..errors import Fenced, HeadMoved, JournalError, NotFound
from ..events import GENESIS, Event, Recorded, chain, decode
from .artifacts import checked, chunks
from .bodies import bodies, spelt
from .protocol import Append, Fault, Head, Row
from .verify import check_stream, following


class MemoryJournal:
    """Streams in a dictionary; everything else as on disk, text form and chain included."""

    readonly = ""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, list[Row]] = {}
        self._heads: dict[str, Head] = {}
        self._artifacts: dict[str, bytes] = {}
        self._moved: dict[str, int] = {}
        self._appends = 0

    def append(
        self, stream: str, expected: int, events: Sequence[Event], *, actor: str, at: int, epoch: int
    ) -> tuple[Recorded, ...]:
        """Append all or nothing after `expected`."""
        texts, actor = bodies(stream, events), spelt(actor)
        with self._lock:
            head = self._heads.get(stream) or Head(stream, 0, GENESIS, epoch, at)
            if head.epoch > epoch:
                raise Fenced(f"run {stream} was taken over by another driver")
            if head.seq != expected:
                raise HeadMoved(f"run {stream} has {head.seq} events, not {expected}")
            rows, new = self._rows.get(stream, []), []
            at = max(at, rows[-1].at) if rows else at
            before = head.hash
            for number, (name, body) in enumerate(texts, expected + 1):
                after = chain(before, stream, number, at, actor, epoch, name, body)
                new.append(Row(number, at, actor, epoch, name, body, before, after))
                before = after
            self._add(stream, new)
        return tuple(
            Recorded(stream, number, at, actor, epoch, event) for number, event in enumerate(events, expected + 1)
        )

    def append_all(self, appends: Sequence[Append]) -> tuple[tuple[Recorded, ...] | JournalError, ...]:
        """Several appends, each all or nothing by itself."""
        for one in appends:
            bodies(one.stream, one.events)
        came: list[tuple[Recorded, ...] | JournalError] = []
        for one in appends:
            try:
                came.append(
                    self.append(one.stream, one.expected, one.events, actor=one.actor, at=one.at, epoch=one.epoch)
                )
            except JournalError as problem:
                came.append(problem)
        return tuple(came)

    def _add(self, stream: str, new: Sequence[Row]) -> None:
        rows = self._rows.setdefault(stream, [])
        rows.extend(new)
        self._heads[stream] = Head(stream, rows[-1].seq, rows[-1].hash, rows[-1].epoch, rows[0].at)
        self._appends += 1
        self._moved[stream] = self._appends

    def adopt(self, stream: str, expected: int, rows: Sequence[Row]) -> None:
        """Append events as they stand in another store."""
        with self._lock:
            mine = self._rows.get(stream, [])
            if len(mine) != expected:
                raise HeadMoved(f"run {stream} has {len(mine)} events, not {expected}")
            last = mine[-1] if mine else None
            following(stream, (last.seq, last.hash, last.at, last.epoch) if last else (0, GENESIS, 0, 0), rows)
            self._add(stream, rows)

    def read(self, stream: str, after: int = 0) -> tuple[Recorded, ...]:
        """The events of a stream after one."""
        with self._lock:
            if stream not in self._rows:
                raise NotFound(f"there is no run {stream}")
            rows = self._rows[stream][max(after, 0) :]
        return tuple(Recorded(stream, r.seq, r.at, r.actor, r.epoch, decode(r.type, r.body)) for r in rows)

    def head(self, stream: str) -> Head | None:
        """The end of a stream."""
        return self._heads.get(stream)

    def streams(self, prefix: str = "") -> Iterator[Head]:
        """All streams, newest first."""
        with self._lock:
            heads = [head for head in self._heads.values() if head.stream.startswith(prefix)]
        return iter(sorted(heads, key=lambda head: (head.created, head.stream), reverse=True))

    def mark(self) -> object:
        """How many appends there were."""
        return self._appends

    def grown(self, after: int | None) -> tuple[int, tuple[Head, ...]]:
        """The streams that have grown after a point."""
        with self._lock:
            moved = sorted((number, s) for s, number in self._moved.items() if after is not None and number > after)
            return self._appends, tuple(self._heads[stream] for _, stream in moved)

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep an artifact."""
        whole = b"".join(chunks(content))
        name = hashlib.sha256(whole).hexdigest()
        self._artifacts[name] = whole
        return name, len(whole)

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading."""
        if sha256 not in self._artifacts:
            raise NotFound(f"there is no artifact {sha256}")
        return checked(io.BytesIO(self._artifacts[sha256]), sha256)

    def rows(self, stream: str, after: int = 0) -> Iterator[Row]:
        """The events of a stream after one as they stand."""
        return iter(tuple(self._rows.get(stream, ())[after:]))

    def verify(self, stream: str) -> Fault | None:
        """Walk the chain."""
        return check_stream(self, stream)

    def verify_store(self) -> tuple[Fault, ...]:
        """Walk all chains."""
        return tuple(fault for head in self.streams() if (fault := self.verify(head.stream)))

    def close(self) -> None:
        """Nothing to let go of."""
