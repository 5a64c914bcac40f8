"""Connections to the PostgreSQL of a store: where it is, how it is reached, a few of them for many threads.

Called by the PostgreSQL journal, its artifacts and its leases. Who works with a lent connection need not know whether
it holds: what is lost is opened again until patience is over, and a server that has stopped to answer counts as lost.
Nothing that is printed holds a password: of an address only user, host, port and database are told.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from ..errors import JournalError, Unfit, UsageError
from .addresses import shown

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for which a database that is gone is waited for, unless the address says `patience`."""
OPENING = 5.0
"""Seconds for which it is waited for when the store is opened: nothing was started yet."""
SHARE = 1 / 3
"""The part of patience that a statement may take until the connection counts as lost; the rest is for another try."""
CONNECTIONS = 8
"""How many connections a process opens at most, unless the address says `connections`."""
REST = 60.0
"""Seconds after which a connection that nobody needs is closed."""
PAUSE = 0.5
"""The longest pause, in seconds, between two attempts to reach the database."""
OURS = ("patience=", "connections=")
"""What an address says to us, and not to libpq."""
OLDEST = 130000
"""The oldest version that has 64-bit transaction numbers."""
AWAY = {"57P01", "57P02", "57P03", "57P05", "53300", "25006"}
"""What a server says that goes away, comes up, is full, or has become a standby: another try may succeed."""
SLOW = "57014"
"""What a server says that has given up a statement after its time: it was not carried out."""
SPELL = "write postgresql://user@host:5432/database; other characters in a password are percent-encoded (%40 is @)"
SYNCHRONOUS = (
    "alter role {user} reset synchronous_commit, and see that neither the database nor the server turns it off"
)
TCP = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}
"""A peer that is gone is noticed within half a minute, unless the address says otherwise."""
SETTINGS = """
SELECT current_setting('synchronous_commit'), current_setting('server_encoding'), current_user,
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('statement_timeout', %s::text, false), set_config('idle_in_transaction_session_timeout', %s::text, false),
  set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false)
"""
"""What a session says, and is told. The server too is to notice within half a minute that this machine is gone, because
until then it keeps the locks of the runs that were driven here."""


class Address:
    """What an address says: how to reach the database, how patiently, with how many connections. Raises UsageError."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.shown = shown(url)
        self.patience, self.connections = PATIENCE, CONNECTIONS
        self.given = self._parsed(url)
        if "," in str(self.given.get("host", "")):  # of several servers, the one that takes changes
            self.given.setdefault("target_session_attrs", "read-write")
        self.given.setdefault("application_name", "steadyhand")
        self.given.setdefault("connect_timeout", 5)
        self.given = {**TCP, **self.given, "client_encoding": "UTF8"}

    def _parsed(self, url: str) -> dict[str, Any]:
        place, _, query = url.partition("?")
        words = [word for word in query.split("&") if word]
        ours = dict(word.partition("=")[::2] for word in words if word.startswith(OURS))
        rest = "&".join(word for word in words if not word.startswith(OURS))
        try:
            given: dict[str, Any] = dict(conninfo_to_dict(f"{place}?{rest}" if rest else place))
        except psycopg.Error:  # its message would show the address, and the password in it
            raise UsageError(f"the address of the store cannot be read: {self.shown}", SPELL) from None
        if not re.fullmatch(r"[\d,]*", str(given.get("port", ""))):  # libpq would print a part of a misspelt password
            raise UsageError(f"the address of the store cannot be read: {self.shown}", SPELL)
        for name, value in ours.items():
            if not value.isdecimal() or not 0 < int(value) < 10_000:
                raise UsageError(f"{name}={value} in the address of the store is no number", f"write {name}=20")
            setattr(self, name, int(value))
        return given


class Wire(psycopg.Connection[Any]):
    """A connection whose statements are not waited for without end."""

    answer = PATIENCE * SHARE
    rested = 0.0

    def wait(self, gen: Generator[Any, Any, T], *given: Any, **named: Any) -> T:
        """Wait for an answer. Raises OperationalError when none comes in time."""
        return super().wait(_bounded(gen, time.monotonic() + self.answer), *given, **named)


def _bounded(gen: Generator[Any, Any, T], over: float) -> Generator[Any, Any, T]:
    """The same steps, with an end: the waiting loop looks in at least ten times a second."""
    ready: Any = None
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > over:
                raise Silent("the server does not answer")
            wanted = gen.send(ready)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # what the generator returns


class Silent(psycopg.OperationalError):
    """No answer in time: what was sent may have been carried out, or may be yet."""


def is_lost(problem: BaseException, wire: Wire | None) -> bool:
    """Whether the connection is to blame, so that another one may do better."""
    if not isinstance(
        problem, (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
    ):
        return False
    return isinstance(problem, Silent) or problem.sqlstate in AWAY or wire is None or wire.closed


def dial(address: Address, answer: float) -> Wire:
    """A new connection that fits a journal, and waits so many seconds for an answer. Raises psycopg.Error, Unfit."""
    wire = Wire.connect(**address.given, autocommit=True, prepare_threshold=0)
    wire.answer = answer
    try:
        _fit(wire, address)
    except BaseException:
        wire.close()
        raise
    return wire


def _fit(wire: Wire, address: Address) -> None:
    """See that what this connection commits is durable, and that it can hold any text."""
    version = wire.info.server_version
    if version < OLDEST:
        raise Unfit(f"{address.shown} is PostgreSQL {version // 10000}", "a store needs PostgreSQL 13 or later")
    row = wire.execute(
        SETTINGS, (f"{int(wire.answer * 900)}ms", f"{int(wire.answer * 1000)}ms"), prepare=False
    ).fetchone() or ("", "", "")
    synchronous, encoding, user, *_ = row
    if synchronous == "off":
        said = f"{address.shown}: synchronous_commit is off for {user}: what was recorded could be lost"
        raise Unfit(said, SYNCHRONOUS.format(user=user))
    if encoding != "UTF8":
        raise Unfit(f"{address.shown} has the encoding {encoding}", "a store needs a database with the encoding UTF8")


def _final(problem: BaseException) -> str:
    return next((key for pattern, key in FINAL if re.search(pattern, str(problem))), "")


def said(problem: BaseException) -> str:
    """What the database said, on one line."""
    diagnosed = getattr(problem, "diag", None)
    text = (diagnosed.message_primary if diagnosed else None) or str(problem)
    return " ".join(text.split()) or type(problem).__name__


class Pool:
    """A few connections for many threads, opened when they are needed."""

    def __init__(self, address: Address, size: int = 0, opened: Callable[[Wire], None] | None = None) -> None:
        self.address = address
        self.patience = float(address.patience)
        self.size = size or address.connections
        self._opened = opened
        """What is done with every new connection."""
        self._free = threading.Semaphore(self.size)
        self._lock = threading.Lock()
        self._idle: list[Wire] = []
        self._closed = False

    def patiently(self, act: Callable[[Wire], T], consequence: Callable[[], str] | str, patience: float = -1) -> T:
        """Do something with a connection, again with another one where it is lost.

        What is done must bear that: a statement whose answer was lost may have been carried out. Raises JournalError.
        """
        until = time.monotonic() + (self.patience if patience < 0 else patience)
        pause = 0.02
        while True:
            wire: Wire | None = None
            try:
                with self._lent(until) as wire:
                    return act(wire)
            except psycopg.Error as problem:
                final = _final(problem) if wire is None else ""
                lost, over = is_lost(problem, wire), time.monotonic() + pause >= until
                slow = problem.sqlstate == SLOW  # such as a lock of a session that the server does not know to be gone
                if final or not (lost or (slow and not over)):
                    raise self.problem(problem, consequence, final) from problem
                if lost:
                    self._drop_idle()
                if over:
                    raise self._gone(problem, consequence) from problem
            time.sleep(pause)
            pause = min(pause * 2, PAUSE)

    @contextmanager
    def _lent(self, until: float) -> Iterator[Wire]:
        if not self._free.acquire(timeout=max(0.0, until - time.monotonic())):
            raise psycopg.OperationalError(f"all {self.size} connections of this process are busy")
        try:
            wire = self._rested() or self._new()
            try:
                yield wire
            finally:
                idle = wire.info.transaction_status == pq.TransactionStatus.IDLE
                self._give_back(wire) if idle else _end(wire)
        finally:
            self._free.release()

    @property
    def _answer(self) -> float:
        return max(self.patience * SHARE, 0.1)

    def _new(self) -> Wire:
        wire = dial(self.address, self._answer)
        if self._opened is not None:
            try:
                self._opened(wire)
            except BaseException:
                _end(wire)
                raise
        return wire

    def _rested(self) -> Wire | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, wire: Wire) -> None:
        wire.rested = now = time.monotonic()
        wire.answer = self._answer
        with self._lock:
            if not self._closed and not wire.closed:
                self._idle.append(wire)
            over = [old for old in self._idle if old.rested < now - REST]
            self._idle = [one for one in self._idle if one not in over]
            if wire not in self._idle:
                over.append(wire)
        for old in over:
            _end(old)

    def _drop_idle(self) -> None:
        """One was lost: the others are no better."""
        with self._lock:
            over, self._idle = self._idle, []
        for wire in over:
            _end(wire)

    def close(self) -> None:
        """Let go of all connections."""
        self._closed = True
        self._drop_idle()

    # --- messages

    def _gone(self, problem: BaseException, consequence: Callable[[], str] | str) -> JournalError:
        return self._told(problem, consequence, GONE)

    def problem(self, problem: BaseException, consequence: Callable[[], str] | str, state: str = "") -> JournalError:
        """What the database said, as an error of ours, with what to do."""
        state = state or getattr(problem, "sqlstate", None) or ""
        return self._told(problem, consequence, HINTS.get(state) or HINTS.get(state[:2], HINTS[""]))

    def _told(self, problem: BaseException, consequence: Callable[[], str] | str, hint: str) -> JournalError:
        after = consequence if isinstance(consequence, str) else consequence()
        return JournalError(f"{self.address.shown}: {self._hidden(said(problem))}; {after}", hint)

    def _hidden(self, text: str) -> str:
        secret = str(self.address.given.get("password") or "")
        return text.replace(secret, "***") if secret else text


FINAL = (
    (r"password authentication failed|no password supplied|no pg_hba.conf entry|role \".*\" does not exist", "28"),
    (r"database \".*\" does not exist", "3D"),
    (r"permission denied for database|not permitted to log in", "42501"),
    (r"certificate|does not match host name|does not support SSL", "TLS"),
    (r"definition of service|service file", "28"),
)
"""What a connection fails with that waiting does not cure, and the key of the hint."""

GONE = "see that the database runs and can be reached, then try again; runs go on with `steady resume`"
HINTS = {
    "TLS": "look at sslmode, sslrootcert and the host name in the address",
    "": "check the address and the database; --store names another store",
    "23": "run `steady audit verify`",
    "28": "check user and password: PGPASSWORD, ~/.pgpass or a service file keep it out of the address",
    "3D": "create the database, or name another one in the address",
    "42501": "give this role the right (see docs/how-to/postgresql.md), or name another one in the address",
    "53100": "free some space on the disk of the database, then run `steady resume`",
    SLOW: "the database is too slow or locked; see what it does, then run `steady resume`",
}
"""What to do, by SQLSTATE or its first two letters."""


def _end(wire: Wire) -> None:
    with suppress(Exception):
        wire.close()
