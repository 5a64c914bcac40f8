"""The journal in SQLite: one file, any number of readers, appends that survive a power cut once they return.

Threads that append at the same time share one flush: each leaves its request in a queue, one of them takes the lock
and commits everything that is waiting, the others find theirs done. Called by the driver and the desk only.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from msgspec.structs import astuple

from ..errors import Fenced, HeadMoved, JournalError, NotFound, Unfit
from ..events import GENESIS, Event, Recorded, chain, decode
from . import formats
from .artifacts import Folder
from .bodies import bodies, is_text, spelt
from .protocol import Append, Fault, Head, Row
from .queries import load
from .verify import check_stream, following

T = TypeVar("T")

TRIGGERS = ("events_are_final", "events_follow", "events_stay", "streams_grow", "streams_stay")

PATIENCE = 30.0
"""Seconds to wait for another process that holds the store."""


class _Request:
    """One append on its way through the queue."""

    def __init__(
        self, stream: str, expected: int, bodies: Sequence[tuple[str, str]], actor: str, at: int, epoch: int,
        rows: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        self.stream, self.expected, self.bodies, self.rows = stream, expected, bodies, rows
        self.actor, self.at, self.epoch = actor, at, epoch
        self.done = False
        self.failure: Exception | None = None

    def chained(self, head: Head) -> tuple[list[tuple[object, ...]], bytes]:
        """The rows of its events after that head, and the hash of the last one."""
        before, rows = head.hash, list[tuple[object, ...]]()
        for number, (name, body) in enumerate(self.bodies, head.seq + 1):
            after = chain(before, self.stream, number, self.at, self.actor, self.epoch, name, body)
            rows.append((self.stream, number, self.at, self.actor, self.epoch, name, body, before, after))
            before = after
        return rows, before


class SqliteJournal:
    """A journal in one SQLite file, with its artifacts in a folder beside it."""

    def __init__(self, path: str, patience: float = PATIENCE) -> None:
        self.path = Path(path).expanduser()
        self._patience = patience
        self.commits = 0
        self._queries = load()
        self._commit = threading.Lock()
        self._queue_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._queue: list[_Request] = []
        self._artifacts = Folder(self.path.parent / f"{self.path.name}.artifacts", self._os_problem)
        self.readonly = _unwritable(self.path)
        """Why the store can only be read; '' when it can be written."""
        self._write, self._reader = self._open()

    # --- opening

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        try:
            if not self.readonly:
                self._make_file()
            return self._connect(), self._connect()
        except (sqlite3.Error, OSError) as problem:
            raise Unfit(f"{self.path}: {problem}; the store was not opened", _hint(problem, self.path)) from problem

    def _make_file(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.is_dir():
            raise Unfit(f"{self.path} is a folder", "name a file with --store")
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def _connect(self) -> sqlite3.Connection:
        """A connection to a file that is ours. Nothing is written to any other, its settings included."""
        name = f"{self.path.absolute().as_uri()}?mode=ro{_still(self.path)}" if self.readonly else str(self.path)
        connection = sqlite3.connect(
            name, uri=bool(self.readonly), timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        try:
            self._patiently(lambda: self._prepare(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _patiently(self, act: Callable[[], T]) -> T:
        """SQLite does not wait by itself where several processes open a new file at the same time."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return act()
            except sqlite3.OperationalError as problem:
                if "locked" not in str(problem) or time.monotonic() >= deadline:
                    raise
                time.sleep(0.005)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        found = formats.fit(connection, self.path, readonly=bool(self.readonly))
        if self.readonly:
            return
        for line in self._queries["settings"].splitlines():
            connection.execute(line)
        if found != formats.FORMAT:
            formats.bring(connection, self._queries)

    def _problem(self, problem: BaseException, consequence: str, *, begun: bool = True) -> JournalError:
        if isinstance(problem, JournalError):
            return problem
        return JournalError(f"{self.path}: {problem}; {consequence}", _hint(problem, self.path, begun=begun))

    def _os_problem(self, problem: OSError, consequence: str) -> JournalError:
        return self._problem(problem, consequence)

    # --- appending

    def append(
        self, stream: str, expected: int, events: Sequence[Event], *, actor: str, at: int, epoch: int
    ) -> tuple[Recorded, ...]:
        """Append all or nothing after `expected`; durable on return."""
        (came,) = self.append_all((Append(stream, expected, tuple(events), actor, at, epoch),))
        if isinstance(came, JournalError):
            raise came
        return came

    def append_all(self, appends: Sequence[Append]) -> tuple[tuple[Recorded, ...] | JournalError, ...]:
        """Several appends in one flush, each all or nothing by itself."""
        requests = [
            _Request(a.stream, a.expected, bodies(a.stream, a.events), spelt(a.actor), a.at, a.epoch) for a in appends
        ]
        self._ask(requests)
        return tuple(self._came(request, one) for request, one in zip(requests, appends, strict=True))

    def adopt(self, stream: str, expected: int, rows: Sequence[Row]) -> None:
        """Append events as they stand in another store."""
        texts = [(row.type, row.body) for row in rows]
        request = _Request(stream, expected, texts, rows[-1].actor, rows[0].at, rows[-1].epoch, rows)
        self._ask([request])
        if request.failure is not None:
            raise request.failure

    def _ask(self, requests: Sequence[_Request]) -> None:
        if self.readonly:
            hint = "give this user the right to write there, or name another store with --store"
            raise Unfit(f"{self.path} can only be read: {self.readonly}", hint)
        with self._queue_lock:
            self._queue.extend(requests)
        with self._commit:
            if not all(request.done for request in requests):
                with self._queue_lock:
                    batch, self._queue = self._queue, []
                self._commit_all(batch)

    @staticmethod
    def _came(request: _Request, one: Append) -> tuple[Recorded, ...] | JournalError:
        if isinstance(request.failure, JournalError):
            return request.failure
        if request.failure is not None:
            raise request.failure
        return tuple(
            Recorded(one.stream, number, request.at, request.actor, one.epoch, event)
            for number, event in enumerate(one.events, one.expected + 1)
        )

    def _commit_all(self, batch: list[_Request]) -> None:
        """One transaction and one flush for all requests; each succeeds or fails by itself."""
        try:
            self._write.execute("BEGIN IMMEDIATE")
            for request in batch:
                self._try(request)
            self._write.execute("COMMIT")
            self.commits += 1
        except BaseException as problem:
            for request in batch:  # first of all: whatever else goes wrong, none of them was recorded
                consequence = f"{len(request.bodies)} events of {request.stream} were not recorded"
                request.failure = request.failure or self._problem(problem, consequence, begun=request.expected > 0)
            self._roll_back()
            if not isinstance(problem, (sqlite3.Error, OSError)):
                raise  # such as Ctrl-C: nobody whose events were with it may take them for recorded
        finally:
            for request in batch:
                request.done = True

    def _roll_back(self) -> None:
        try:
            if self._write.in_transaction:
                self._write.execute("ROLLBACK")
        except sqlite3.Error:
            with suppress(sqlite3.Error, JournalError):  # the next append says what is wrong, and tries again
                self._write.close()
                self._write = self._connect()

    def _try(self, request: _Request) -> None:
        """Put one request into the open transaction, unless somebody was faster."""
        q, stream, count = self._queries, request.stream, len(request.bodies)
        found = self._write.execute(q["head"], (stream,)).fetchone()
        head = Head(*found) if found else Head(stream, 0, GENESIS, 0, request.at)
        if head.epoch > request.epoch:
            request.failure = Fenced(f"run {stream} was taken over by another driver", "watch it with `steady watch`")
            return
        if head.seq != request.expected:
            request.failure = HeadMoved(f"run {stream} has {head.seq} events, not {request.expected}")
            return
        last = self._write.execute(q["last_time"], (stream, head.seq)).fetchone() if head.seq else None
        if request.rows:
            try:
                following(stream, (head.seq, head.hash, last[0] if last else 0, head.epoch), request.rows)
            except JournalError as problem:
                request.failure = problem
                return
            rows, before = [(stream, *astuple(row)) for row in request.rows], request.rows[-1].hash
        else:
            request.at = max(request.at, last[0]) if last else request.at
            rows, before = request.chained(head)
        if found:
            self._write.execute(q["move"], (head.seq + count, before, request.epoch, stream, head.seq, request.epoch))
        else:
            self._write.execute(q["create"], (stream, count, before, request.epoch, request.at))
        self._write.executemany(q["insert"], rows)

    # --- reading

    def _rows(self, query: str, name: str, *values: object) -> list[tuple[object, ...]]:
        if not is_text(name):
            return []
        try:
            with self._read_lock:
                return self._reader.execute(self._queries[query], (name, *values)).fetchall()
        except sqlite3.Error as problem:
            raise self._problem(problem, "it was not read") from problem

    def read(self, stream: str, after: int = 0) -> tuple[Recorded, ...]:
        """The events of a stream after one."""
        rows = self._rows("read", stream, after) or self._none_or_late(stream, after)
        return tuple(self._recorded(stream, row) for row in rows)

    def _none_or_late(self, stream: str, after: int) -> list[tuple[object, ...]]:
        """There was nothing to read: is there no such stream, is nothing new, came it just now, or was it removed?"""
        head = self.head(stream)
        if head is None:
            raise NotFound(f"there is no run {stream} in {self.path}")
        rows = self._rows("read", stream, after) if head.seq > after else []
        if not rows and head.seq > after:
            raise JournalError(f"event {after + 1} of {stream} is missing in {self.path}", "run `steady audit verify`")
        return rows

    def _recorded(self, stream: str, row: tuple[object, ...]) -> Recorded:
        seq, at, actor, epoch, name, body = row
        try:
            return Recorded(stream, seq, at, actor, epoch, decode(str(name), str(body)))  # type: ignore[arg-type]  # STRICT columns
        except ValueError as problem:
            raise JournalError(f"event {seq} of {stream}: {problem}", "run `steady audit verify`") from problem

    def head(self, stream: str) -> Head | None:
        """The end of a stream."""
        rows = self._rows("head", stream)
        return Head(*rows[0]) if rows else None  # type: ignore[arg-type]  # STRICT columns

    def streams(self, prefix: str = "") -> Iterator[Head]:
        """All streams, newest first."""
        return iter([Head(*row) for row in self._rows("heads", prefix)])  # type: ignore[arg-type]  # STRICT columns

    def mark(self) -> object:
        """Changes with every commit, of this process or another."""
        try:
            with self._read_lock:
                return (self.commits, self._reader.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as problem:
            raise self._problem(problem, "it was not read") from problem

    def grown(self, after: int | None) -> tuple[int, tuple[Head, ...]]:
        """The streams that have grown after a point."""
        try:
            with self._read_lock:
                if after is None:
                    return int(self._reader.execute(self._queries["last_move"]).fetchone()[0]), ()
                rows = self._reader.execute(self._queries["grown"], (after,)).fetchall()
        except sqlite3.Error as problem:
            raise self._problem(problem, "it was not read") from problem
        return (rows[-1][5] if rows else after), tuple(Head(*row[:5]) for row in rows)

    # --- artifacts

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep an artifact, durably."""
        return self._artifacts.put(content)

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading."""
        return self._artifacts.get(sha256)

    # --- verifying

    def rows(self, stream: str, after: int = 0) -> Iterator[Row]:
        """The events of a stream after one as they stand. A damaged store raises JournalError where it is damaged."""
        if not is_text(stream):
            return
        try:
            with self._read_lock:
                for row in self._reader.execute(self._queries["rows"], (stream, after)):
                    yield Row(*row)
        except sqlite3.Error as problem:
            raise self._problem(problem, "the rest was not read") from problem

    def verify(self, stream: str) -> Fault | None:
        """Walk the chain."""
        return check_stream(self, stream)

    def verify_store(self) -> tuple[Fault, ...]:
        """Walk all chains, and look at the store itself: its pages, its tables and triggers, streams without a head."""
        faults: list[Fault] = []
        try:
            with self._read_lock:
                pages = [str(row[0]) for row in self._reader.execute("PRAGMA integrity_check(3)")]
                faults += [Fault("", 0, f"the store is damaged: {page}") for page in pages if page != "ok"]
                standing = dict(self._reader.execute(self._queries["rules"]))
                faults += [Fault("", 0, problem) for problem in self._broken_rules(standing)]
                stray = [row[0] for row in self._reader.execute(self._queries["stray"])]
            faults += [Fault(str(stream), 1, "the stream has lost its head or all its events") for stream in stray]
            heads = list(self.streams())
        except (sqlite3.Error, JournalError) as problem:
            return (*faults, Fault("", 0, f"the store is damaged: {problem}"))
        return (*faults, *(fault for head in heads if (fault := self.verify(head.stream))))

    def _broken_rules(self, standing: dict[str, str]) -> Iterator[str]:
        """What differs from the tables and triggers that we make, each as `kind name` to its SQL."""
        made = sqlite3.connect(":memory:", isolation_level=None)
        made.executescript(self._queries["schema"])
        ours = dict(made.execute(self._queries["rules"]))
        made.close()
        yield from (f"{name} was removed" for name in ours if name not in standing)
        yield from (f"{name} was changed" for name in ours if standing.get(name, ours[name]) != ours[name])
        yield from (f"{name} was added" for name in standing if name not in ours)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._write.close()


def _unwritable(path: Path) -> str:
    """Why a store that is there can only be read; '' when it is not there, or can be written."""
    if not path.is_file():
        return ""
    for place, what in ((path, "it"), (path.parent, "its folder")):
        if not os.access(place, os.W_OK):
            return f"{what} may not be written by this user"
    return ""


def _still(path: Path) -> str:
    """Where not even a lock can be left, and nobody is writing: nothing is expected to change while it is read."""
    writing = path.with_name(f"{path.name}-wal").exists()
    return "" if writing or os.access(path.parent, os.W_OK) else "&immutable=1"


def _hint(problem: BaseException, path: Path, *, begun: bool = False) -> str:
    text = str(problem)
    if "full" in text or "No space" in text:
        freed = f"free some space on the disk of {path.parent}"
        return f"{freed}, then run `steady resume`" if begun else f"{freed}; nothing was started"
    if "readonly" in text or "Read-only" in text or "Permission" in text:
        return "give this user the right to write there, or name another store with --store"
    if "not a database" in text:
        return "name another file with --store; if this was the store, restore it from a backup"
    if "malformed" in text:
        return "restore it from a backup; `steady audit verify` says what can still be read"
    if "locked" in text:
        return "another process holds the store; a store on a network file system does not work"
    return "check the disk and the path; --store names another store"
