"""A session with PostgreSQL: statements with bound values, cancelled on the server, failures by their names.

Called by `_sql` alone, and imported when a step needs it. It drives libpq through psycopg without blocking, in the
attempt's own thread: between two looks at the socket it sees that it was told to stop, and asks the server to.

Every statement goes by the extended protocol, which takes one statement at a time: a text cannot end the transaction
it is in and go on. What is set is set for the transaction (SET LOCAL), never for the session: behind a pooler such as
PgBouncer the session is somebody else's a moment later.
"""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import pq

from ..errors import BadInput, Cancelled, HandlerError, TimedOut
from ..model import Literal, Text, Value
from . import _postgresql_failures as failures
from ._place import LOOK, Place, authorities
from ._records import Records
from ._sql_values import dumped, loaded
from ._texts import bytes_of
from .protocol import Hands

LATER = 1.0
"""Seconds by which the server's own limit comes later than ours: it is for the case that we are no longer there."""
CHUNK = 500
"""Rows that come at a time."""
GRACE = 3.0
"""Seconds that the server is given to cancel a statement, and a COMMIT to end, before the connection is cut."""


def connect(place: Place, hands: Hands, environment: Mapping[str, str]) -> Session:
    """Log in. Raises a named failure."""
    given: dict[str, Any] = {"connect_timeout": max(2, round(place.patience)), "client_encoding": "UTF8"}
    given["application_name"] = f"steadyhand {environment.get('STEADY_RUN', '')}".strip()[:63]
    if place.url:
        given |= _of_url(place)
    else:
        given |= {"host": place.socket or place.host, "port": place.port, "dbname": place.database}
        given |= {"user": place.user, "password": place.password}
    given.setdefault("sslmode", "disable" if place.tls == "off" else place.tls)
    if given["sslmode"].startswith("verify"):
        given.setdefault("sslrootcert", place.ca or authorities())
    given |= {"sslcert": place.cert, "sslkey": place.key}
    try:
        # autocommit: the transaction is ours to begin and to end. No prepared statements: nothing is left behind.
        made = psycopg.connect(**{k: v for k, v in given.items() if v != ""}, autocommit=True, prepare_threshold=None)
    except psycopg.Error as problem:
        raise failures.connecting(problem, place) from None
    return Session(made, place, hands)


def _of_url(place: Place) -> dict[str, Any]:
    try:
        return dict(psycopg.conninfo.conninfo_to_dict(place.url))
    except psycopg.Error:  # its message would show the address, and the password in it
        raise BadInput(
            "the `url` of the target cannot be read", "postgresql://user:password@host:5432/database"
        ) from None


class Session:
    """A connection that is logged in."""

    explains_read_only = True

    def __init__(self, made: psycopg.Connection[Any], place: Place, hands: Hands) -> None:
        self._made = made
        self._pg = made.pgconn
        self._place = place
        self._hands = hands
        self._committing = False
        version = self._pg.parameter_status(b"server_version") or b"?"
        self.server = f"PostgreSQL {version.decode().partition(' ')[0]}"

    def lend(self, hands: Hands) -> None:
        """From now on it works for this attempt."""
        self._hands = hands

    def rest(self) -> None:
        """It works for nobody."""

    def close(self) -> None:
        """Let go of it."""
        with suppress(Exception):
            self._made.close()

    def alive(self) -> bool:
        """Whether it still answers, and is in no transaction."""
        try:
            self._plainly("select 1")
        except (HandlerError, psycopg.Error):
            return False
        return self._pg.transaction_status == pq.TransactionStatus.IDLE

    # --- transactions

    def begin(self, *, read_only: bool, isolation: str, lock_timeout: float) -> None:
        """Begin a transaction, its limits within it."""
        level = f" isolation level {isolation}" if isolation else ""
        self._plainly(f"begin{level}{' read only' if read_only else ' read write'}")
        left = max(1, int((self._hands.remaining() + LATER) * 1000))
        settings = {"statement_timeout": str(left), "standard_conforming_strings": "on"}
        if lock_timeout:
            settings["lock_timeout"] = str(max(1, int(lock_timeout * 1000)))
        settings |= self._place.options
        binds = [bytes_of(word, "a setting") for setting in settings.items() for word in setting]
        calls = [f"set_config(${2 * number + 1}, ${2 * number + 2}, true)" for number in range(len(settings))]
        self._plainly(f"select {', '.join(calls)}", list(binds))

    def commit(self) -> None:
        """Commit. What is lost from here on may have happened."""
        found = self._row("select pg_catalog.txid_current_if_assigned()::text")
        self._committing = True
        try:
            tag = self._plainly("commit")
        except HandlerError as problem:
            if problem.unsure and found and found[0]:
                problem.hint = f"ask the database what became of it: select txid_status({found[0]})"
            raise
        finally:
            self._committing = False
        if tag != "COMMIT":
            raise failures.rolled_back(self._place)

    def rollback(self) -> None:
        """Roll back."""
        self._plainly("rollback")

    def refusing(self) -> str:
        """Why the database takes no changes; '' when it does."""
        found = self._row("select case when pg_catalog.pg_is_in_recovery() then 'it is a standby' when"
                          " current_setting('default_transaction_read_only') = 'on' then"
                          " 'default_transaction_read_only is on' else '' end")  # fmt: skip
        return str(found[0]) if found else ""

    # --- statements

    def run(self, text: Text, records: Records, prefix: str = "") -> None:
        """One statement of the author's, with its values bound."""
        written, binds, types = self._bound(text)
        names: list[str] | None = None
        kinds: list[int] = []
        for result in self._results(prefix + written, binds, types):
            if result.nfields and names is None:
                names = [(result.fname(i) or b"").decode("utf-8", "replace") for i in range(result.nfields)]
                kinds = [result.ftype(i) for i in range(result.nfields)]
                records.begin(names)
            if names is None:
                records.changed(result.command_tuples or 0)
            for row in range(result.ntuples):
                records.add([loaded(result.get_value(row, i), kinds[i]) for i in range(len(kinds))])

    def _bound(self, text: Text) -> tuple[str, list[bytes | None], list[int]]:
        """The statement with $1, $2 ... in it, and what stands for them."""
        written, binds, types = "", [], []
        for part in text.parts:
            if isinstance(part, Literal):
                written += part.text
                continue
            if isinstance(part, Value):
                bind, kind = dumped(json.loads(part.raw) if part.data else part.raw)
            else:
                bind, kind = dumped(self._hands.secret(part.name))
            binds.append(bind)
            types.append(kind)
            written += f"${len(binds)}"
        return written, binds, types

    def _plainly(self, statement: str, binds: list[bytes | None] | None = None) -> str:
        """A statement of ours; returns the tag of the command."""
        tag = ""
        for result in self._results(statement, binds or [], None):
            tag = (result.command_status or b"").decode()
        return tag

    def _row(self, statement: str) -> list[Any]:
        """The first row of a statement of ours."""
        found: list[Any] = []
        for result in self._results(statement, [], None):
            if result.ntuples and not found:
                found = [loaded(result.get_value(0, i), result.ftype(i)) for i in range(result.nfields)]
        return found

    def _results(self, statement: str, binds: list[bytes | None], types: list[int] | None) -> Iterator[Any]:
        """The results of one statement as they come. Raises a named failure, once all that was sent has been read."""
        self._stopped, self._over = "", 0.0
        data = bytes_of(statement, "the statement")
        if b"\0" in data or any(b"\0" in bind for bind in binds if bind):
            raise BadInput("a NUL character cannot be sent to PostgreSQL", "correct the value where it comes from")
        failed: Any = None
        try:
            self._pg.send_query_params(data, binds, param_types=types)
            self._few_at_a_time()
            while (result := self._next()) is not None:
                if result.status in {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE}:
                    failed = failed or result
                elif result.status in {pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH}:
                    raise BadInput("COPY from and to the client cannot be carried out", "write an INSERT or a SELECT")
                elif failed is None:
                    yield result
        except psycopg.OperationalError as problem:
            raise failures.lost(str(problem), self._place, committing=self._committing) from None
        if failed is not None:
            raise self._named(failed, statement)
        if self._stopped and not self._committing:
            raise self._told(self._stopped)

    def _few_at_a_time(self) -> None:
        if psycopg.capabilities.has_stream_chunked():
            self._pg.set_chunked_rows_mode(CHUNK)
        else:
            self._pg.set_single_row_mode()

    def _next(self) -> Any:
        """The next result, waited for; None after the last."""
        while self._pg.flush():
            self._look(select.POLLIN | select.POLLOUT)
            self._pg.consume_input()
        while self._pg.is_busy():
            if self._look(select.POLLIN):
                self._pg.consume_input()
        return self._pg.get_result()

    def _look(self, events: int) -> bool:
        """Whether something came. Sees to it that we stop when we are told to, and in time."""
        poll = select.poll()
        poll.register(self._pg.socket, events)
        came = bool(poll.poll(LOOK * 1000))
        if self._stopped:
            if time.monotonic() > self._over:
                self.close()
                raise self._told(self._stopped, unsure=self._committing)
        elif self._hands.cancelled() or self._hands.remaining() <= 0:
            self._stopped = "cancelled" if self._hands.cancelled() else "over"
            self._over = time.monotonic() + GRACE
            if not self._committing:
                with suppress(psycopg.Error):
                    self._made.cancel_safe(timeout=GRACE)
        return came

    def _told(self, stopped: str, *, unsure: bool = False) -> HandlerError:
        undone = "" if unsure else "; nothing was changed"
        if stopped == "cancelled":
            return Cancelled(f"it was told to stop before {self._place.where} had answered{undone}", unsure=unsure)
        hint = "give the step a longer `timeout:`, or look at what it waits for in pg_stat_activity"
        return TimedOut(
            f"{self._place.where} had not answered when the step's time was over{undone}", hint, unsure=unsure
        )

    def _named(self, result: Any, statement: str) -> HandlerError:
        """A failure that the server has told, by its name."""
        state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
        text = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY)
        if not state or text is None:
            return failures.lost(self._made.pgconn.get_error_message(), self._place, committing=self._committing)
        if self._stopped and state == failures.CANCELED:
            return self._told(self._stopped)
        details = {
            name: (result.error_field(field) or b"").decode("utf-8", "replace")
            for name, field in (
                ("detail", pq.DiagnosticField.MESSAGE_DETAIL),
                ("hint", pq.DiagnosticField.MESSAGE_HINT),
                ("position", pq.DiagnosticField.STATEMENT_POSITION),
                ("severity", pq.DiagnosticField.SEVERITY_NONLOCALIZED),
            )
        }
        said = failures.Said(state, text.decode("utf-8", "replace"), statement=statement, **details)
        return failures.named(said, self._place, committing=self._committing, remaining=self._hands.remaining())
