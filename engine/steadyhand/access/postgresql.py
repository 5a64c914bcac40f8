"""The access store in PostgreSQL: one table in a schema of its own, for all servers that share a database.

It stands apart from the journal's schema: what is in there only grows, and who may read that need not read this. One
connection under one lock. A connection that was lost is made anew, and the statement is sent once more: none of them
does harm when it happens twice; a cell that was taken on the way is gone, so what it was good for is refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import JournalError, UsageError
from .protocol import Now, wall

if TYPE_CHECKING:
    import psycopg

FORMAT = 1
"""The format of the table, in the comment of its schema."""
MAKING = 0x5AFE_ACCE
"""The advisory lock of whoever makes the table."""
CONNECTING = 5
"""Seconds that connecting may take."""
ANSWER = 5.0
"""Seconds that a statement may take, and that one waits for those before it: all requests of a server pass here."""
JOURNALS = ("patience=", "connections=")
"""What an address says to the journal, and not to libpq."""
SETTINGS: Mapping[str, Any] = {
    "connect_timeout": CONNECTING,
    "keepalives_idle": 10,
    "tcp_user_timeout": 15_000,
    "application_name": "steadyhand",
    "options": f"-c statement_timeout={int(ANSWER * 1000)}",
}
SCHEMA = """
CREATE SCHEMA IF NOT EXISTS steadyhand_access;
COMMENT ON SCHEMA steadyhand_access IS 'format 1';
CREATE TABLE IF NOT EXISTS steadyhand_access.cells (
    kind text NOT NULL, key text NOT NULL, value bytea NOT NULL, expires bigint NOT NULL, PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS cells_expire ON steadyhand_access.cells (expires) WHERE expires > 0;
"""
FOUND = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'steadyhand_access'"

STANDS = "kind = %s AND key = %s AND (expires = 0 OR expires > %s)"
GET = f"SELECT value FROM steadyhand_access.cells WHERE {STANDS}"  # noqa: S608 a constant, no value from outside
PUT = """INSERT INTO steadyhand_access.cells (kind, key, value, expires) VALUES (%s, %s, %s, %s)
ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires = excluded.expires"""
ADD = f"{PUT} WHERE cells.expires > 0 AND cells.expires <= %s"
SWAP = f"UPDATE steadyhand_access.cells SET value = %s, expires = %s WHERE {STANDS} AND value = %s"  # noqa: S608 a constant
TAKE = f"DELETE FROM steadyhand_access.cells WHERE {STANDS} RETURNING value"  # noqa: S608 a constant
LIST = """SELECT key, value FROM steadyhand_access.cells WHERE kind = %s AND (expires = 0 OR expires > %s)
ORDER BY key COLLATE "C" """
PRUNE = "DELETE FROM steadyhand_access.cells WHERE expires > 0 AND expires <= %s"


class PostgresqlCells:
    """Cells in the schema `steadyhand_access` of a database."""

    def __init__(self, url: str, now: Now = wall) -> None:
        try:
            import psycopg  # noqa: PLC0415 only for those who have their store there
        except ModuleNotFoundError:
            hint = "pip install 'steadyhand[sql]'"
            raise UsageError("a store in PostgreSQL needs the package psycopg", hint) from None
        self._psycopg = psycopg
        self._url = bare(url)
        self._now = now
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._do(FOUND)  # so that a wrong address is told at once

    def _connect(self) -> psycopg.Connection[Any]:
        """A connection to a database that has our table."""
        kind = _bounded(self._psycopg)
        connection = kind.connect(self._url, autocommit=True, **SETTINGS)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        found = connection.execute(FOUND).fetchone()
        if found is None:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
                connection.execute(SCHEMA)
            return
        if found[0] != f"format {FORMAT}":
            hint = "install the version that wrote it, or a later one"
            raise UsageError(f"the schema steadyhand_access is of another version ({found[0]})", hint)

    def _do(self, statement: str, *values: object) -> tuple[list[tuple[Any, ...]], int]:
        """The rows of a statement, and how many it changed."""
        if not self._lock.acquire(timeout=ANSWER):
            raise _told(TimeoutError("the database does not answer"))
        try:
            for again in (True, False):
                try:
                    if self._connection is None:
                        self._connection = self._connect()
                    cursor = self._connection.execute(statement, values)
                    return (cursor.fetchall() if cursor.description else []), cursor.rowcount
                except TimeoutError as problem:
                    if self._connection is not None:
                        self._connection.close()
                        self._connection = None
                    raise _told(problem) from problem
                except self._psycopg.Error as problem:
                    lost = self._connection is not None and self._connection.closed
                    if lost and again:
                        self._connection = None
                        continue
                    raise _told(problem) from problem
            raise AssertionError("it was tried once more")  # pragma: no cover
        finally:
            self._lock.release()

    def get(self, kind: str, key: str) -> bytes | None:
        """The value of a cell."""
        rows, _ = self._do(GET, kind, key, self._now())
        return bytes(rows[0][0]) if rows else None

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
        return bytes(rows[0][0]) if rows else None

    def delete(self, kind: str, key: str) -> bool:
        """Remove a cell."""
        return self.take(kind, key) is not None

    def list(self, kind: str) -> tuple[tuple[str, bytes], ...]:
        """All cells of a kind."""
        rows, _ = self._do(LIST, kind, self._now())
        return tuple((str(key), bytes(value)) for key, value in rows)

    def prune(self, now: int) -> int:
        """Remove what had expired by then."""
        return self._do(PRUNE, now)[1]

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def bare(url: str) -> str:
    """The address as libpq takes it: without what it says to the journal alone."""
    place, mark, query = url.partition("?")
    words = [word for word in query.split("&") if word and not word.startswith(JOURNALS)]
    return f"{place}{mark}{'&'.join(words)}" if words else place


def _bounded(psycopg_: Any) -> type[psycopg.Connection[Any]]:
    """Connections whose statements raise TimeoutError when no answer comes: a server may stand still."""

    def steps(gen: Any, over: float) -> Any:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > over:
                    raise TimeoutError("the database does not answer")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value

    class Bounded(psycopg_.Connection):  # type: ignore[misc]  # the package is known only when it is there
        def wait(self, gen: Any, *given: Any, **named: Any) -> Any:
            return super().wait(steps(gen, time.monotonic() + ANSWER), *given, **named)

    return Bounded


def _told(problem: Exception) -> JournalError:
    """What is said of a failure; the address, which may hold a password, is no part of it."""
    text = " ".join(str(problem).split()) or type(problem).__name__
    if "permission denied" in text:
        hint = "let the role make the schema: GRANT CREATE ON DATABASE ... TO ..., or make steadyhand_access for it"
    elif "password authentication failed" in text:
        hint = "check the role and its password (PGPASSWORD, ~/.pgpass, or the address of the store)"
    else:
        hint = "check that the database can be reached; the server goes on when it is back"
    return JournalError(f"accounts, sessions and tokens could not be looked up: {text}", hint)
