"""The journal in SQLite: one file, any number of readers, appends that survive a power cut once they return.

Threads that append at the same time share one flush: each leaves its request in a queue, one of them takes the lock
and commits everything that is waiting, the others find theirs done. Called by the driver and the desk only.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ..errors import Fenced, HeadMoved, JournalError, NotFound
from ..events import GENESIS, Event, Recorded, chain, decode, encode, name_of
from .artifacts import Folder
from .protocol import Fault, Head, Row
from .queries import load
from .verify import check

FORMAT = 1
"""The format of the file, in SQLite's user_version."""

TRIGGERS = ("events_are_final", "events_follow", "events_stay", "streams_grow", "streams_stay")


class _Request:
    """One append on its way through the queue."""

    def __init__(
        self, stream: str, expected: int, bodies: list[tuple[str, str]], actor: str, at: int, epoch: int
    ) -> None:
        self.stream, self.expected, self.bodies = stream, expected, bodies
        self.actor, self.at, self.epoch = actor, at, epoch
        self.done = False
        self.failure: Exception | None = None


class SqliteJournal:
    """A journal in one SQLite file, with its artifacts in a folder beside it."""

    def __init__(self, path: str) -> None:
        self.path = Path(path).expanduser()
        self.commits = 0
        self._queries = load()
        self._commit = threading.Lock()
        self._queue_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._queue: list[_Request] = []
        self._artifacts = Folder(self.path.parent / f"{self.path.name}.artifacts", self._os_problem)
        self._write, self._reader = self._open()

    # --- opening

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        try:
            self._make_file()
            write = self._connect()
            self._prepare(write)
            return write, self._connect()
        except (sqlite3.Error, OSError) as problem:
            raise self._problem(problem, "the store was not opened") from problem

    def _make_file(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.is_dir():
            raise JournalError(f"{self.path} is a folder", "name a file with --store")
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for line in self._queries["settings"].splitlines():
            connection.execute(line)
        return connection

    def _prepare(self, write: sqlite3.Connection) -> None:
        found = write.execute("PRAGMA user_version").fetchone()[0]
        if found == FORMAT:
            return
        if found > FORMAT:
            hint = "install the version that wrote it, or a later one"
            raise JournalError(f"{self.path} was written by a later version (format {found})", hint)
        known = write.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if known and found == 0 and not self._is_ours(write):
            raise JournalError(f"{self.path} is another program's database", "name another file with --store")
        write.executescript(f"BEGIN IMMEDIATE;\n{self._queries['schema']}\nPRAGMA user_version = {FORMAT};\nCOMMIT;")

    @staticmethod
    def _is_ours(write: sqlite3.Connection) -> bool:
        names = {row[0] for row in write.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return names <= {"events", "streams"}

    def _problem(self, problem: BaseException, consequence: str) -> JournalError:
        if isinstance(problem, JournalError):
            return problem
        return JournalError(f"{self.path}: {problem}; {consequence}", _hint(problem, self.path))

    def _os_problem(self, problem: OSError, consequence: str) -> JournalError:
        return self._problem(problem, consequence)

    # --- appending

    def append(
        self, stream: str, expected: int, events: Sequence[Event], *, actor: str, at: int, epoch: int
    ) -> tuple[Recorded, ...]:
        """Append all or nothing after `expected`; durable on return."""
        bodies = [(name_of(event), encode(event)) for event in events]
        request = _Request(stream, expected, bodies, actor, at, epoch)
        with self._queue_lock:
            self._queue.append(request)
        with self._commit:
            if not request.done:
                with self._queue_lock:
                    batch, self._queue = self._queue, []
                self._commit_all(batch)
        if request.failure is not None:
            raise request.failure
        return tuple(
            Recorded(stream, number, request.at, actor, epoch, event)
            for number, event in enumerate(events, expected + 1)
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
            self._roll_back()
            for request in batch:
                consequence = f"{len(request.bodies)} events of {request.stream} were not recorded"
                request.failure = request.failure or self._problem(problem, consequence)
            if not isinstance(problem, (sqlite3.Error, OSError)):
                raise  # such as Ctrl-C: nobody whose events were with it may take them for recorded
        finally:
            for request in batch:
                request.done = True

    def _roll_back(self) -> None:
        if self._write.in_transaction:
            try:
                self._write.execute("ROLLBACK")
            except sqlite3.Error:
                self._write.close()
                self._write = self._connect()

    def _try(self, request: _Request) -> None:
        """Put one request into the open transaction, unless somebody was faster."""
        q, stream, count = self._queries, request.stream, len(request.bodies)
        found = self._write.execute(q["head"], (stream,)).fetchone()
        head = Head(*found) if found else Head(stream, 0, GENESIS, request.epoch, request.at)
        if head.epoch > request.epoch:
            request.failure = Fenced(f"run {stream} was taken over by another driver", "watch it with `steady watch`")
            return
        if head.seq != request.expected:
            request.failure = HeadMoved(f"run {stream} has {head.seq} events, not {request.expected}")
            return
        if head.seq:
            last = self._write.execute(q["last_time"], (stream, head.seq)).fetchone()
            request.at = max(request.at, last[0]) if last else request.at
        rows, before = [], head.hash
        for number, (name, body) in enumerate(request.bodies, head.seq + 1):
            after = chain(before, stream, number, request.at, request.actor, request.epoch, name, body)
            rows.append((stream, number, request.at, request.actor, request.epoch, name, body, before, after))
            before = after
        if found:
            self._write.execute(q["move"], (head.seq + count, before, request.epoch, stream, head.seq, request.epoch))
        else:
            self._write.execute(q["create"], (stream, count, before, request.epoch, request.at))
        self._write.executemany(q["insert"], rows)

    # --- reading

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        try:
            with self._read_lock:
                return self._reader.execute(self._queries[query], values).fetchall()
        except sqlite3.Error as problem:
            raise self._problem(problem, "it was not read") from problem

    def read(self, stream: str, after: int = 0) -> tuple[Recorded, ...]:
        """The events of a stream after one."""
        rows = self._rows("read", (stream, after))
        if not rows and self.head(stream) is None:
            raise NotFound(f"there is no run {stream} in {self.path}")
        return tuple(self._recorded(stream, row) for row in rows)

    def _recorded(self, stream: str, row: tuple[object, ...]) -> Recorded:
        seq, at, actor, epoch, name, body = row
        try:
            return Recorded(stream, seq, at, actor, epoch, decode(str(name), str(body)))  # type: ignore[arg-type]  # STRICT columns
        except ValueError as problem:
            raise JournalError(f"event {seq} of {stream}: {problem}", "run `steady audit verify`") from problem

    def head(self, stream: str) -> Head | None:
        """The end of a stream."""
        rows = self._rows("head", (stream,))
        return Head(*rows[0]) if rows else None  # type: ignore[arg-type]  # STRICT columns

    def streams(self, prefix: str = "") -> Iterator[Head]:
        """All streams, newest first."""
        return iter([Head(*row) for row in self._rows("heads", (prefix,))])  # type: ignore[arg-type]  # STRICT columns

    def mark(self) -> object:
        """Changes with every commit, of this process or another."""
        with self._read_lock:
            return (self.commits, self._reader.execute("PRAGMA data_version").fetchone()[0])

    # --- artifacts

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep an artifact, durably."""
        return self._artifacts.put(content)

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading."""
        return self._artifacts.get(sha256)

    # --- verifying

    def rows(self, stream: str) -> Iterator[Row]:
        """The events of a stream as they stand. A damaged store raises where it is damaged."""
        with self._read_lock:
            for row in self._reader.execute(self._queries["rows"], (stream,)):
                yield Row(*row)

    def verify(self, stream: str) -> Fault | None:
        """Walk the chain."""
        try:
            head = self.head(stream)
        except JournalError as problem:
            return Fault(stream, 0, problem.message)
        return check(stream, self.rows(stream), head, self.get)

    def verify_store(self) -> tuple[Fault, ...]:
        """Walk all chains, and look at the store itself: its pages, its triggers, streams without a head."""
        faults: list[Fault] = []
        try:
            with self._read_lock:
                pages = [str(row[0]) for row in self._reader.execute("PRAGMA integrity_check(3)")]
                standing = {row[0] for row in self._reader.execute(self._queries["triggers"])}
                stray = [row[0] for row in self._reader.execute(self._queries["stray"])]
            faults += [Fault("", 0, f"the store is damaged: {page}") for page in pages if page != "ok"]
            faults += [Fault("", 0, f"trigger {name} was removed") for name in TRIGGERS if name not in standing]
            faults += [Fault(str(stream), 1, "the stream has lost its head or all its events") for stream in stray]
            heads = list(self.streams())
        except (sqlite3.Error, JournalError) as problem:
            return (*faults, Fault("", 0, f"the store is damaged: {problem}"))
        return (*faults, *(fault for head in heads if (fault := self.verify(head.stream))))

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._write.close()


def _hint(problem: BaseException, path: Path) -> str:
    text = str(problem)
    if "full" in text or "No space" in text:
        return f"free some space on the disk of {path.parent}, then run `steady resume`"
    if "readonly" in text or "Read-only" in text or "Permission" in text:
        return "give this user the right to write there, or name another store with --store"
    if "not a database" in text or "malformed" in text:
        return "restore it from a backup; `steady audit verify` says what can still be read"
    if "locked" in text:
        return "another process holds the store; a store on a network file system does not work"
    return "check the disk and the path; --store names another store"
