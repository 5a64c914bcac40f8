"""The access store in SQLite: one file beside the journal, for its owner alone.

One connection under one lock: a sign-in, a token or a counter is a write of some hundred bytes. Each statement is a
transaction of its own, and flushed, so that a session that was ended stays ended after a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from ..errors import JournalError, Unfit
from .protocol import Now, wall

FORMAT = 1
"""The format of the file, in SQLite's user_version."""

PATIENCE = 10.0
"""Seconds to wait for another process that holds the store."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS cells (
    kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cells_expire ON cells (expires) WHERE expires > 0;
"""

# Of a key that has expired, nothing is found, and it may be written as if it were new.
STANDS = "kind = ? AND key = ? AND (expires = 0 OR expires > ?)"
GET = f"SELECT value FROM cells WHERE {STANDS}"  # noqa: S608 a constant, no value from outside
PUT = "INSERT OR REPLACE INTO cells (kind, key, value, expires) VALUES (?, ?, ?, ?)"
ADD = """INSERT INTO cells (kind, key, value, expires) VALUES (?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE
SET value = excluded.value, expires = excluded.expires WHERE cells.expires > 0 AND cells.expires <= ?"""
SWAP = f"UPDATE cells SET value = ?, expires = ? WHERE {STANDS} AND value = ?"  # noqa: S608 a constant
TAKE = f"DELETE FROM cells WHERE {STANDS} RETURNING value"  # noqa: S608 a constant
LIST = "SELECT key, value FROM cells WHERE kind = ? AND (expires = 0 OR expires > ?) ORDER BY key"
PRUNE = "DELETE FROM cells WHERE expires > 0 AND expires <= ?"


class SqliteCells:
    """Cells in one SQLite file, which nobody but its owner may read."""

    def __init__(self, path: str, now: Now = wall, patience: float = PATIENCE) -> None:
        self.path = Path(path).expanduser()
        self._now = now
        self._patience = patience
        self._lock = threading.Lock()
        try:
            self._connection = self._open()
        except (sqlite3.Error, OSError) as problem:
            raise Unfit(f"{self.path}: {problem}; it was not opened", _hint(problem, self.path)) from problem

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.is_dir():
            raise Unfit(f"{self.path} is a folder", "move it away: accounts, sessions and tokens lie in a file there")
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        if self.path.stat().st_mode & 0o077:
            raise Unfit(f"others may read {self.path}, which holds accounts and tokens", f"chmod 600 {self.path}")
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False, cached_statements=32
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """SQLite does not wait by itself where several processes open a new file at the same time."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                found = connection.execute("PRAGMA user_version").fetchone()[0]
                if found not in {0, FORMAT}:
                    hint = "install the version that wrote it, or a later one"
                    raise Unfit(f"{self.path} was written by a later version (format {found})", hint)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                if found == 0:
                    connection.executescript(f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA user_version = {FORMAT};COMMIT;")
            except sqlite3.OperationalError as problem:
                if "locked" not in str(problem) or time.monotonic() >= deadline:
                    raise
                time.sleep(0.005)
            else:
                return

    def _do(self, statement: str, *values: object) -> tuple[list[tuple[bytes, ...]], int]:
        """The rows of a statement, and how many it changed."""
        try:
            with self._lock:
                cursor = self._connection.execute(statement, values)
                return cursor.fetchall(), cursor.rowcount
        except sqlite3.Error as problem:
            raise JournalError(f"{self.path}: {problem}", _hint(problem, self.path)) from problem

    def get(self, kind: str, key: str) -> bytes | None:
        """The value of a cell."""
        rows, _ = self._do(GET, kind, key, self._now())
        return rows[0][0] if rows else None

    def put(self, kind: str, key: str, value: bytes, expires: int = 0, only_new: bool = False) -> bool:
        """Write a cell."""
        if not only_new:
            self._do(PUT, kind, key, bytes(value), expires)
            return True
        return self._do(ADD, kind, key, bytes(value), expires, self._now())[1] > 0

    def swap(self, kind: str, key: str, before: bytes | None, after: bytes, expires: int = 0) -> bool:
        """Write a cell if its value is still `before`."""
        if before is None:
            return self.put(kind, key, after, expires, only_new=True)
        return self._do(SWAP, bytes(after), expires, kind, key, self._now(), bytes(before))[1] > 0

    def take(self, kind: str, key: str) -> bytes | None:
        """The value of a cell, which is gone with this."""
        rows, _ = self._do(TAKE, kind, key, self._now())
        return rows[0][0] if rows else None

    def delete(self, kind: str, key: str) -> bool:
        """Remove a cell."""
        return self.take(kind, key) is not None

    def list(self, kind: str) -> tuple[tuple[str, bytes], ...]:
        """All cells of a kind."""
        rows, _ = self._do(LIST, kind, self._now())
        return tuple((str(key), value) for key, value in rows)

    def prune(self, now: int) -> int:
        """Remove what had expired by then."""
        return self._do(PRUNE, now)[1]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _hint(problem: BaseException, path: Path) -> str:
    text = str(problem)
    if "full" in text or "No space" in text:
        return f"free some space on the disk of {path.parent}"
    if "readonly" in text or "Permission" in text or "unable to open" in text:
        return f"give this user the right to write {path} and its folder"
    if "not a database" in text or "malformed" in text:
        return "restore it from a backup, or move it away: people then sign in anew, and need new passwords and tokens"
    if "locked" in text:
        return "another process holds it; a file on a network file system does not work"
    return "check the disk and the path"
