"""A session with MySQL or MariaDB: statements with bound values, cancelled on the server, failures by their names.

Called by `_sql` alone, and imported when a step needs it. The client blocks, so a thread beside the attempt's own
watches: when it was told to stop, or the time is over, a second connection kills the statement, and if that does not
help within the grace, the first one is cut.

A statement with values is prepared on the server, and they are handed to it as variables of the session, each written
as hex digits: no text of a value is ever part of a statement, whatever the SQL mode or the character set. The client
has no such thing itself: it pastes values into the text.
"""

from __future__ import annotations

import json
import math
import os
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut
from ..model import Literal, Text, Value
from . import _mysql_failures as failures
from ._place import Place, context
from ._records import Records
from ._sql_values import from_json, number
from ._texts import bytes_of
from .protocol import Hands

LATER = 1.0
"""Seconds by which the server's own limit comes later than ours: it is for the case that we are no longer there."""
FETCH = 500
"""Rows that are taken at a time."""
GRACE = 3.0
"""Seconds that the server is given to end a statement, before the connection is cut."""
AGAIN = 0.5
"""Seconds between two attempts to kill a statement: the first may come before it."""
IN_TRANSACTION = 1
"""The flag with which the server says that a transaction is open."""
UNDONE = 1196
"""The warning that says: some tables have no transactions, and were not rolled back."""


def connect(place: Place, hands: Hands, environment: Mapping[str, str]) -> Session:
    """Log in. Raises a named failure."""
    del hands, environment
    made = _connected(place, place.patience)
    session = Session(made, place)
    try:
        session.prepare()
    except BaseException:
        session.close()
        raise
    return session


def _connected(place: Place, patience: float) -> Any:
    tls: dict[str, Any] = {}
    if place.tls != "prefer":
        rules = context(place)
        tls = {"ssl_disabled": True} if rules is None else {"ssl": rules}
    try:
        return pymysql.connect(
            host=place.host,
            port=place.port,
            unix_socket=place.socket or None,
            user=place.user or None,
            password=place.password.encode("utf-8", "surrogateescape"),
            database=place.database or None,
            connect_timeout=max(1, math.ceil(patience)),
            charset="utf8mb4",
            autocommit=True,
            conv=_LOADERS,
            program_name="steadyhand",
            **tls,
        )
    except (pymysql.Error, OSError, RuntimeError) as problem:
        raise failures.connecting(problem, place) from None


class Session:
    """A connection that is logged in."""

    explains_read_only = False
    """MariaDB takes no EXPLAIN of a change in a read-only transaction."""

    def __init__(self, made: Any, place: Place) -> None:
        self._made = made
        self._place = place
        self._hands: Hands | None = None
        self._committing = False
        self._begun = False
        self._stopped = ""
        self._rested = threading.Event()
        version = str(made.get_server_info()).removeprefix("5.5.5-")
        self._maria = "mariadb" in version.lower()
        self.server = f"{'MariaDB' if self._maria else 'MySQL'} {version.partition('-')[0]}"

    def prepare(self) -> None:
        """The settings that the target gives its sessions."""
        for name, value in self._place.options.items():
            if not re.fullmatch(r"\w+", name):
                raise BadInput(f"`options` has no setting {name!r}", "name a variable of the session")
            self._plainly(f"set session {name} = {value if re.fullmatch(r'-?[0-9.]+', value) else _literal(value)}")

    def lend(self, hands: Hands) -> None:
        """From now on it works for this attempt, until it rests."""
        self._hands, self._stopped, self._rested = hands, "", threading.Event()
        woken = threading.Event()
        hands.on_cancel(woken.set)
        threading.Thread(target=self._watch, args=(hands, self._rested, woken), daemon=True).start()

    def rest(self) -> None:
        """It works for nobody."""
        self._rested.set()

    def close(self) -> None:
        """Let go of it."""
        self.rest()
        with suppress(Exception):
            self._made.close()

    def alive(self) -> bool:
        """Whether it still answers."""
        try:
            self._made.ping(reconnect=False)
        except Exception:  # noqa: BLE001 whatever it is, it is not alive
            return False
        return True

    # --- transactions

    def begin(self, *, read_only: bool, isolation: str, lock_timeout: float) -> None:
        """Begin a transaction, with its limits."""
        assert self._hands is not None  # noqa: S101 it is lent
        left = max(0.001, self._hands.remaining() + LATER)
        limit = f"max_statement_time = {left:.3f}" if self._maria else f"max_execution_time = {int(left * 1000)}"
        wait = str(max(1, math.ceil(lock_timeout))) if lock_timeout else "default"
        self._plainly(f"set session {limit}, innodb_lock_wait_timeout = {wait}, lock_wait_timeout = {wait}")
        if isolation:
            self._plainly(f"set transaction isolation level {isolation}")
        if read_only:  # the session too: DDL ends a transaction first, and would be free of it
            self._plainly("set session transaction read only")
        self._plainly(f"start transaction {'read only' if read_only else 'read write'}")
        self._begun = True

    def commit(self) -> None:
        """Commit. What is lost from here on may have happened."""
        self._committing = True
        self._plainly("commit")
        self._committing = False

    def rollback(self) -> None:
        """Roll back."""
        self._plainly("rollback")
        self._begun = False
        with self._made.cursor() as cursor:
            self._done(lambda: cursor.execute("show warnings"))
            stayed = any(row[1] == UNDONE for row in cursor.fetchall())
        if stayed:
            message = f"{self._place.where}: what was changed in tables without transactions cannot be rolled back"
            raise Refused(message, "look at what is there; their engine is no InnoDB", unsure=True)

    def refusing(self) -> str:
        """Why the database takes no changes; '' when it does."""
        with self._made.cursor() as cursor:
            self._done(lambda: cursor.execute("select @@global.read_only"))
            row = cursor.fetchone()
        return "it is read-only, as a replica is" if row and str(row[0]) not in {"0", "OFF"} else ""

    # --- statements

    def run(self, text: Text, records: Records, prefix: str = "") -> None:
        """One statement of the author's, with its values bound."""
        written, binds = self._bound(text)
        statement = prefix + written
        if binds:
            bytes_of(statement, "the statement")
            named = ", ".join(f"@steady_{number} = {bind}" for number, bind in enumerate(binds))
            self._plainly(f"set @steady = {_literal(statement)}, {named}")
            self._plainly("prepare steady from @steady")
            statement = f"execute steady using {', '.join(f'@steady_{n}' for n in range(len(binds)))}"
        cursor = self._made.cursor(SSCursor)
        try:
            self._take(cursor, statement, records)
        except BaseException:
            if cursor._result is not None:  # noqa: SLF001 else the client reads on, once the cursor is collected
                cursor._result.unbuffered_active = False  # noqa: SLF001 as above
            raise

    def _take(self, cursor: Any, statement: str, records: Records) -> None:
        """Send a statement, and take what it gives, row by row."""
        self._done(lambda: cursor.execute(statement))
        if cursor.description is None:
            records.changed(cursor.rowcount)
            if self._begun and not self._made.server_status & IN_TRANSACTION:
                raise Refused(
                    f"{self._place.where}: the statement ended the transaction by itself, and what it did stays",
                    "look at what was done; give such a statement a step of its own", unsure=True,
                )  # fmt: skip
            return
        records.begin([column[0] for column in cursor.description])
        while rows := self._done(lambda: cursor.fetchmany(FETCH)):
            for row in rows:
                records.add([value.hex() if isinstance(value, bytes) else value for value in row])
        self._done(cursor.close)

    def _bound(self, text: Text) -> tuple[str, list[str]]:
        """The statement with ? in it, and what stands for them. A list is as many of them as it has items."""
        assert self._hands is not None  # noqa: S101 it is lent
        written, binds = "", []
        for part in text.parts:
            if isinstance(part, Literal):
                written += part.text
                continue
            if isinstance(part, Value):
                value = json.loads(part.raw) if part.data else part.raw
            else:
                value = self._hands.secret(part.name)
            items = value if isinstance(value, list) else [value]
            if not items:
                raise BadInput("an empty list cannot be bound", "skip the step when there is nothing to look for")
            binds += [_literal(item) for item in items]
            written += ", ".join("?" * len(items))
        return written, binds

    def _plainly(self, statement: str) -> None:
        """A statement of ours that gives nothing back."""
        with self._made.cursor() as cursor:
            self._done(lambda: cursor.execute(statement))

    def _done(self, call: Any) -> Any:
        """What a call of the client gives. Raises a named failure."""
        hands = self._hands
        if hands is not None and not self._stopped and not self._committing:
            self._stopped = "cancelled" if hands.cancelled() else "over" if hands.remaining() <= 0 else ""
        if self._stopped and not self._committing:
            raise self._told()
        try:
            return call()
        except (pymysql.Error, OSError) as problem:
            code = problem.args[0] if problem.args and isinstance(problem.args[0], int) else 0
            if self._stopped and (code in failures.KILLED or code in failures.LOST or not code):
                raise self._told(unsure=self._committing) from None
            raise failures.named(problem, self._place, committing=self._committing) from None
        except (UnicodeError, AttributeError, IndexError, TypeError) as problem:
            if self._stopped:
                raise self._told(unsure=self._committing) from None
            message = f"the answer of {self._place.where} cannot be read: {problem}"
            raise BadResponse(message, "select the column as hex(...)", unsure=self._committing) from None

    # --- stopping

    def _watch(self, hands: Hands, rested: threading.Event, woken: threading.Event) -> None:
        """Beside the attempt: sees that its time is over, or that it was told to stop, and has the server stop."""
        while not hands.cancelled() and hands.remaining() > 0:
            if rested.is_set():
                return
            woken.wait(min(0.2, max(0.0, hands.remaining())))
        self._stopped = "cancelled" if hands.cancelled() else "over"
        for _ in range(int(GRACE / AGAIN)):
            if rested.is_set():
                return
            if not self._committing:
                self._kill()
            if rested.wait(AGAIN):
                return
        self._cut()

    def _kill(self) -> None:
        with suppress(Exception):
            second = _connected(self._place, GRACE)
            with suppress(Exception), second.cursor() as cursor:
                cursor.execute(f"kill query {int(self._made.thread_id())}")
            second.close()

    def _cut(self) -> None:
        """A second handle on the socket is shut: the client may be using the first."""
        with suppress(Exception), socket.socket(fileno=os.dup(self._made._sock.fileno())) as handle:  # noqa: SLF001 the client has no other way to it
            handle.shutdown(socket.SHUT_RDWR)

    def _told(self, *, unsure: bool = False) -> HandlerError:
        undone = "" if unsure else "; nothing was changed"
        if self._stopped == "cancelled":
            return Cancelled(f"it was told to stop before {self._place.where} had answered{undone}", unsure=unsure)
        hint = "give the step a longer `timeout:`, or look at what it waits for in the process list"
        return TimedOut(
            f"{self._place.where} had not answered when the step's time was over{undone}", hint, unsure=unsure
        )


# --- values


def _literal(value: Any) -> str:
    """A JSON value as a literal in which no text can end anything."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"_utf8mb4 X'{bytes_of(text, 'a value').hex()}'"


def _iso(text: str) -> str:
    return text.replace(" ", "T", 1)


_LOADERS: dict[Any, Any] = {
    **dict.fromkeys(
        (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.INT24, FIELD_TYPE.YEAR),
        int,
    ),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), float),
    **dict.fromkeys((FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), number),
    **dict.fromkeys((FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATETIME), _iso),
    FIELD_TYPE.JSON: from_json,
    FIELD_TYPE.BIT: lambda data: int.from_bytes(data, "big") if isinstance(data, bytes) else data,
}
"""The type of a column to what makes JSON of it. Everything else is its text."""
