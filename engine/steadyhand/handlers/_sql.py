"""A step's statements from the connection to the result: read-only and rolled back, or judged before the commit.

Called by `sql` when a step runs. What is particular to a database lies in `_postgresql` and `_mysql`, each imported
when a step needs it. Sessions that read are kept for the run, as many as there are steps at once; a session that has
changed something is closed, so that nothing of it (a setting, a lock) reaches another step.

The promise of this file: `unsure` is exact. Until the COMMIT is sent, whatever happens, the database rolls back. From
then on, a connection that is lost leaves the change in doubt, and a person is asked.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from ..errors import BadInput, Cancelled, HandlerError, Refused, TimedOut
from ..model import PASS, Need, Result, Text, digest
from . import _statements
from ._place import Place, connected, place_of
from ._records import Records
from .protocol import Hands

CLIENTS: Mapping[str, tuple[str, str]] = {
    "postgresql": ("steadyhand.handlers._postgresql", "psycopg"),
    "mysql": ("steadyhand.handlers._mysql", "pymysql"),
}
"""The kind of a database to our module for it and the package which that imports."""
LOOK = 0.05
"""Seconds between two attempts to get a connection from a server that has none left."""
FREED = 3.0
"""Seconds for which a server that is full is asked again: one that was let go may not count as free at once."""


class Session(Protocol):
    """A connection that is logged in. Its methods raise named failures; after one it can only be closed."""

    server: str
    explains_read_only: bool
    """Whether it says what a change would do in a transaction that only reads."""

    def lend(self, hands: Hands) -> None:
        """From now on it works for this attempt."""

    def rest(self) -> None:
        """It works for nobody."""

    def alive(self) -> bool:
        """Whether it still answers."""

    def begin(self, *, read_only: bool, isolation: str, lock_timeout: float) -> None:
        """Begin a transaction."""

    def run(self, text: Text, records: Records, prefix: str = "") -> None:
        """Carry out one statement."""

    def refusing(self) -> str:
        """Why the database takes no changes; '' when it does."""

    def commit(self) -> None:
        """Commit. A failure that leaves it open whether that happened is `unsure`."""

    def rollback(self) -> None:
        """Roll back."""

    def close(self) -> None:
        """Let go of it."""


class _Pool:
    """The idle sessions that read one database, for a run. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._out = 0
        self._closed = False

    def session(self, request: Mapping[str, Any], hands: Hands) -> Session:
        """An idle one, or one more. Where the server has none left, one that another step uses is waited for.

        A server that is full is what brings people here, and it keeps as little as one connection for them.
        """
        over = time.monotonic() + FREED
        while True:
            try:
                found = self.take(hands) or _open(request, hands)
            except Refused as problem:
                hopeless = not self._out and time.monotonic() >= over
                if hopeless or not _is_full(problem) or hands.remaining() <= 0 or hands.cancelled():
                    raise
                time.sleep(LOOK)
                continue
            with self._lock:
                self._out += 1
            return found

    def gone(self) -> None:
        """One was lost."""
        with self._lock:
            self._out -= 1

    def take(self, hands: Hands) -> Session | None:
        """An idle one that still answers."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                session = self._idle.pop()
            session.lend(hands)
            if session.alive():
                return session
            session.close()

    def give(self, session: Session) -> None:
        """One that is idle again."""
        session.rest()
        with self._lock:
            self._out -= 1
            if not self._closed:
                self._idle.append(session)
                return
        session.close()

    def let_go(self) -> int:
        """Close those that are idle; how many they were."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            with suppress(Exception):
                session.close()
        return len(idle)

    def close(self) -> None:
        """Close them all."""
        with self._lock:
            self._closed = True
        self.let_go()


def perform(request: Mapping[str, Any], hands: Hands) -> Result:
    """Carry the statements out, once. Raises the named failures of a handler."""
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was sent")
    if hands.remaining() <= 0:
        raise TimedOut("its time was over before it was sent", "give the step a longer `timeout:`")
    return _query(request, hands) if "query" in request else _execute(request, hands)


def _query(request: Mapping[str, Any], hands: Hands) -> Result:
    pool = _pool(request, hands)
    session = pool.session(request, hands)
    start, records = time.monotonic(), Records(hands, request["max_rows"])
    try:
        session.begin(read_only=True, isolation=request["isolation"], lock_timeout=_seconds(request))
        session.run(request["query"][0], records)
        session.rollback()
    except BaseException:
        pool.gone()
        session.close()
        raise
    pool.give(session)
    return Result({**records.values(), "committed": False, **_around(session, start)})


def _pool(request: Mapping[str, Any], hands: Hands) -> _Pool:
    return hands.shared(f"sql:{digest(request['database'])}", _Pool, _Pool.close)


def _is_full(problem: Refused) -> bool:
    """Whether a server has no connection left. Both clients say it with these words."""
    return "no connection left" in problem.message


def _changing(request: Mapping[str, Any], hands: Hands) -> Session:
    """A session of its own for a change. Where the server has none left, the idle ones are let go for it."""
    over = time.monotonic() + FREED
    while True:
        try:
            return _open(request, hands)
        except Refused as problem:
            late = time.monotonic() >= over or hands.remaining() <= 0 or hands.cancelled()
            if late or not _is_full(problem):
                raise
            _pool(request, hands).let_go()
            time.sleep(LOOK)


def _execute(request: Mapping[str, Any], hands: Hands) -> Result:
    session = _changing(request, hands)
    start, records = time.monotonic(), Records(hands, request["max_rows"])
    lonely = _lonely(request)
    sent = False
    try:
        if not lonely:
            session.begin(read_only=False, isolation=request["isolation"], lock_timeout=_seconds(request))
        for text in request["execute"]:
            sent = True
            session.run(text, records)
        values = {**records.values(), "committed": True, **_around(session, start)}
        if lonely:
            return Result(values)
        if hands.judge(values).outcome == PASS:
            session.commit()
            return Result(values)
        session.rollback()
        return Result({**values, "committed": False})
    except HandlerError as problem:
        if sent and request["at_once"] and _may_have_acted(problem, lonely=lonely):
            message = problem.message.replace("nothing was changed", "what acts at once may have happened")
            raise type(problem)(message, problem.hint, unsure=True) from problem
        raise
    finally:
        session.close()


def _lonely(request: Mapping[str, Any]) -> bool:
    """Whether it is one statement that no transaction can hold."""
    kind = request["database"]["kind"]
    return bool(_statements.alone(_statements.parsed(request["execute"][0], kind, "`execute`")))


def _may_have_acted(problem: HandlerError, *, lonely: bool) -> bool:
    """Whether what acts at once may have, though it failed. What the server refused as a whole has not."""
    if isinstance(problem, BadInput):
        return False
    return not (lonely and isinstance(problem, Refused))


def _seconds(request: Mapping[str, Any]) -> float:
    return float(request["lock_timeout"]) / 1_000_000


def _around(session: Session, start: float) -> dict[str, Any]:
    return {"duration": int((time.monotonic() - start) * 1_000_000), "server": session.server}


def _open(request: Mapping[str, Any], hands: Hands) -> Session:
    """A session of its own, logged in."""
    place = place_of(request["database"], hands)
    client = _client(place)
    session: Session = connected(
        lambda: client.connect(place, hands, hands.environment), lambda made: made.close(), place.where, hands
    )
    session.lend(hands)
    return session


def _client(place: Place) -> Any:
    module, package = CLIENTS[place.kind]
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        if (problem.name or "").partition(".")[0] != package:
            raise
        hint = "pip install 'steadyhand[sql]'"
        raise Refused(
            f"a target of kind {place.kind} needs the package {package}, which is not installed", hint
        ) from None


# --- asking beforehand


def preflight(request: Mapping[str, Any], hands: Hands) -> list[Need]:
    """Whether we can log in, and whether the database takes what is asked."""
    what = f"log in to {request['database']['name']}"
    try:
        session = _open(request, hands)
    except HandlerError as problem:
        return [Need(what, False, problem.message, problem.hint or "look at the target")]
    needs = [Need(f"{what} ({session.server})", True)]
    try:
        if "execute" in request:
            reason = session.refusing()
            hint = "name the primary as the target"
            needs.append(Need("the database takes changes", not reason, reason, hint if reason else ""))
    except HandlerError as problem:
        needs.append(Need("the database takes changes", False, problem.message, problem.hint or "look at its log"))
    finally:
        session.close()
    return needs


def explain(request: Mapping[str, Any], hands: Hands) -> Result:
    """What EXPLAIN says of each statement. It ends at one that EXPLAIN does not take."""
    session = _open(request, hands)
    start, records = time.monotonic(), Records(hands, request["max_rows"])
    shown: list[dict[str, Any]] = []
    try:
        session.begin(read_only=session.explains_read_only, isolation="", lock_timeout=0.0)
        for text in request["query"] if "query" in request else request["execute"]:
            statement = _statements.parsed(text, request["database"]["kind"], "it")
            if statement.first not in _statements.EXPLAINED:
                break  # what follows may need what this one would do
            session.run(text, records, "explain ")
            shown += records.rows
        session.rollback()
    finally:
        session.close()
    found = {**records.values(), "rows": 0, "records": shown, "value": None, "committed": False}
    return Result({**found, **_around(session, start)})
