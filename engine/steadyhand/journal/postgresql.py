"""The journal in PostgreSQL: one store for a team, any number of processes on any number of machines.

An append is one statement and one round trip: it moves the head of its stream, if that still is where the caller has
seen it, and adds the events. What that needs to know of the head (hash, time) is kept from the last time it was seen.
A connection that is lost on the way leaves open whether the events were recorded; that is settled by reading them back,
and never guessed. Threads append side by side, each with a connection of its own for as long as its statement takes;
the server flushes their commits together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

import psycopg
from msgspec.structs import astuple

from ..errors import Fenced, HeadMoved, JournalError, NotFound, Unfit
from ..events import Event, Recorded, chain, decode
from .bodies import bodies, is_text, spelt
from .connections import OPENING, Address, Pool, Wire, is_lost
from .ends import START, End, Ends
from .postgresql_artifacts import Table
from .protocol import Append, Fault, Head, Row
from .queries import load
from .verify import check_stream, following

FORMAT = 1
"""The format of the tables, in steadyhand.formats."""
MAKING = 0x5AFE_4A4D
"""The advisory lock of whoever makes the tables."""
TRIES = 100
"""How often an append is tried that neither moves the head nor finds that it has moved."""
LONG = 600.0
"""Seconds that a look through a whole store may take."""
UNREAD = "it was not read"


class PostgresqlJournal:
    """A journal in the schema `steadyhand` of a database. With `make` off, one that is not there is not made."""

    def __init__(self, url: str, patience: float = -1, *, make: bool = True) -> None:
        address = Address(url)
        self.shown = address.shown
        self._queries = load("postgresql.sql")
        self._pool = Pool(address)
        if patience >= 0:
            self._pool.patience = patience
        self._ends = Ends()
        self._artifacts = Table(self._pool, self._queries)
        try:
            opening = min(OPENING, self._pool.patience)
            self._pool.patiently(lambda wire: self._prepare(wire, make), "the store was not opened", opening)
            self.readonly = self._pool.patiently(self._unwritable, "the store was not opened", opening)
        except BaseException:
            self._pool.close()
            raise

    # --- opening

    def _prepare(self, wire: Wire, make: bool) -> None:
        found = self._format(wire)
        if found == 0 and not make:
            raise NotFound(f"there is no store in {self.shown}", "check the address")
        if found == 0:
            try:
                with wire.transaction():
                    wire.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,), prepare=False)
                    if self._format(wire, inside=True) == 0:  # else another process was faster
                        wire.execute(self._queries["schema"], prepare=False)
            except psycopg.errors.InsufficientPrivilege as problem:
                hint = (
                    "have the owner of the database open it once (`steady --store ... doctor`), then grant the rights"
                )
                raise Unfit(f"{self.shown} holds no store, and this role may not make one", hint) from problem
            except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateFunction) as problem:
                hint = "name another database, or rename that schema"
                raise Unfit(f"the schema steadyhand in {self.shown} is another program's", hint) from problem
            except psycopg.errors.ReadOnlySqlTransaction as problem:
                raise Unfit(
                    f"{self.shown} holds no store, and takes no changes", "name the primary server"
                ) from problem
            found = self._format(wire)
        if found != FORMAT:
            hint = "install the version that wrote it, or a later one"
            raise Unfit(f"{self.shown} was written by a later version (format {found})", hint)

    def _format(self, wire: Wire, *, inside: bool = False) -> int:
        """The format of the store; 0 when there is none."""
        there = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        row = wire.execute(
            f"{there} WHERE n.nspname = 'steadyhand' AND c.relname = 'formats'", prepare=False
        ).fetchone()
        if not row or not row[0]:
            return 0
        try:
            row = wire.execute(self._queries["format"], prepare=False).fetchone()
        except psycopg.errors.InsufficientPrivilege as problem:
            if inside:
                raise
            hint = "grant them: see docs/how-to/postgresql.md"
            raise Unfit(f"{self.shown}: this role has no rights in the store", hint) from problem
        except psycopg.errors.UndefinedColumn:
            row = None
        if not row:
            raise Unfit(f"the schema steadyhand in {self.shown} is another program's", "name another database")
        return int(row[0])

    def _unwritable(self, wire: Wire) -> str:
        standby, reading, rights, user = wire.execute(self._queries["rights"], prepare=False).fetchone() or (
            0,
            0,
            1,
            "",
        )
        if standby:
            return "the server is a standby"
        if reading:
            return f"default_transaction_read_only is on for {user}"
        return "" if rights else f"{user} may not append there"

    def _rows(self, query: str, *values: object, answer: float = 0.0) -> list[tuple[Any, ...]]:
        """The rows of a query; one that needs longer than usual says so."""

        def ask(wire: Wire) -> list[tuple[Any, ...]]:
            if not answer:
                return wire.execute(self._queries[query], values or None).fetchall()
            wire.answer = answer
            wire.execute("BEGIN")
            wire.execute("SELECT set_config('statement_timeout', %s::text, true)", (str(int(answer * 1000)),))
            found = wire.execute(self._queries[query], values or None).fetchall()
            wire.execute("COMMIT")
            return found

        return self._pool.patiently(ask, UNREAD)

    # --- appending

    def append(
        self, stream: str, expected: int, events: Sequence[Event], *, actor: str, at: int, epoch: int
    ) -> tuple[Recorded, ...]:
        """Append all or nothing after `expected`; durable on return."""
        texts, actor = bodies(stream, events), spelt(actor)

        def chained(end: End) -> list[Row]:
            when, before, rows = max(at, end.at) if end.seq else at, end.hash, []
            for number, (name, body) in enumerate(texts, end.seq + 1):
                after = chain(before, stream, number, when, actor, epoch, name, body)
                rows.append(Row(number, when, actor, epoch, name, body, before, after))
                before = after
            return rows

        rows = self._commit(stream, expected, epoch, chained, len(texts))
        return tuple(
            Recorded(stream, row.seq, row.at, actor, epoch, event) for row, event in zip(rows, events, strict=True)
        )

    def append_all(self, appends: Sequence[Append]) -> tuple[tuple[Recorded, ...] | JournalError, ...]:
        """Several appends side by side, so that the server flushes them together; those to one stream in turn."""
        self._see_writable()
        streams: dict[str, list[int]] = {}
        for number, one in enumerate(appends):
            bodies(one.stream, one.events)
            streams.setdefault(one.stream, []).append(number)
        came: dict[int, tuple[Recorded, ...] | JournalError] = {}

        def follow(numbers: Sequence[int]) -> None:
            for number in numbers:
                one = appends[number]
                try:
                    came[number] = self.append(
                        one.stream, one.expected, one.events, actor=one.actor, at=one.at, epoch=one.epoch
                    )
                except JournalError as problem:
                    came[number] = problem

        if len(streams) < 2:
            for numbers in streams.values():
                follow(numbers)
        else:
            with ThreadPoolExecutor(min(len(streams), self._pool.size)) as threads:
                list(threads.map(follow, streams.values()))
        return tuple(came[number] for number in range(len(appends)))

    def adopt(self, stream: str, expected: int, rows: Sequence[Row]) -> None:
        """Append events as they stand in another store."""

        def checked(end: End) -> Sequence[Row]:
            following(stream, (end.seq, end.hash, end.at, end.epoch), rows)
            return rows

        self._commit(stream, expected, rows[-1].epoch, checked, len(rows))

    def _commit(
        self, stream: str, expected: int, epoch: int, made: Callable[[End], Sequence[Row]], count: int
    ) -> Sequence[Row]:
        """Append what follows the end of the stream, and settle whether it was recorded."""
        self._see_writable()
        sent: Sequence[Row] = ()
        """What an earlier attempt has sent without an answer."""
        known = START if expected == 0 else self._ends.get(stream)

        def act(wire: Wire) -> Sequence[Row]:
            nonlocal sent, known
            for _ in range(TRIES):
                if sent and self._ours(wire, stream, sent[-1]):
                    return sent
                if known is None or known.seq != expected:
                    known = self._end(wire, stream)
                _refuse(stream, known, expected, epoch)
                rows = made(known)
                before, sent = sent, rows
                try:
                    if self._sent(wire, stream, known, rows):
                        return rows
                except psycopg.Error as problem:
                    sent = rows if is_lost(problem, wire) else before
                    raise
                sent, known = before, None  # an answer: this attempt has recorded nothing, an earlier one may have
            raise JournalError(
                f"{self.shown}: the head of {stream} does not move; {told()}", "run `steady audit verify`"
            )

        def told() -> str:
            what = f"{count} event{'s'[: count != 1]} of {stream}"
            unsure = f"whether {what} were recorded cannot be told: look before you go on"
            return unsure if sent else f"{what} were not recorded"

        try:
            rows = self._pool.patiently(act, told)
        except JournalError:
            self._ends.forget(stream)
            raise
        last = rows[-1]
        self._ends.put(stream, End(last.seq, last.hash, last.epoch, last.at))
        return rows

    def _see_writable(self) -> None:
        if self.readonly:
            hint = "give this role the right to append, or name another store with --store"
            raise Unfit(f"{self.shown} can only be read: {self.readonly}", hint)

    def _end(self, wire: Wire, stream: str) -> End:
        row = wire.execute(self._queries["head"], (stream,)).fetchone()
        return End(row[1], row[2], row[3], row[5]) if row else START

    def _ours(self, wire: Wire, stream: str, row: Row) -> bool:
        found = wire.execute(self._queries["ours"], (stream, row.seq)).fetchone()
        return found is not None and bytes(found[0]) == row.hash

    def _sent(self, wire: Wire, stream: str, end: End, rows: Sequence[Row]) -> bool:
        """Send the one statement; whether it has recorded the events."""
        last = rows[-1]
        seqs, ats, actors, epochs, types, texts, prevs, hashes = map(list, zip(*map(astuple, rows), strict=True))
        values = {"stream": stream, "seq": end.seq, "before": end.hash, "last": last.seq, "hash": last.hash,
                  "epoch": last.epoch, "created": rows[0].at, "at": last.at, "seqs": seqs, "ats": ats, "actors": actors,
                  "epochs": epochs, "types": types, "bodies": texts, "prevs": prevs, "hashes": hashes}  # fmt: skip
        return wire.execute(self._queries["move" if end.seq else "create"], values).rowcount == len(rows)

    # --- reading

    def read(self, stream: str, after: int = 0) -> tuple[Recorded, ...]:
        """The events of a stream after one."""
        rows = self._rows("read", stream, after) if is_text(stream) else []
        rows = rows or self._none_or_late(stream, after)
        if rows:
            seq, at, _, epoch, _, _, after_hash = rows[-1]
            self._ends.put(stream, End(seq, after_hash, epoch, at))
        return tuple(self._recorded(stream, row) for row in rows)

    def _none_or_late(self, stream: str, after: int) -> list[tuple[Any, ...]]:
        """There was nothing to read: is there no such stream, is nothing new, came it just now, or was it removed?"""
        head = self.head(stream)
        if head is None:
            raise NotFound(f"there is no run {stream} in {self.shown}")
        rows = self._rows("read", stream, after) if head.seq > after else []
        if not rows and head.seq > after:
            raise JournalError(f"event {after + 1} of {stream} is missing in {self.shown}", "run `steady audit verify`")
        return rows

    def _recorded(self, stream: str, row: tuple[Any, ...]) -> Recorded:
        seq, at, actor, epoch, name, body, _ = row
        try:
            return Recorded(stream, seq, at, actor, epoch, decode(name, body))
        except ValueError as problem:
            raise JournalError(f"event {seq} of {stream}: {problem}", "run `steady audit verify`") from problem

    def head(self, stream: str) -> Head | None:
        """The end of a stream."""
        rows = self._rows("head", stream) if is_text(stream) else []
        return Head(*rows[0][:5]) if rows else None

    def streams(self, prefix: str = "") -> Iterator[Head]:
        """All streams, newest first; they are asked for as they are taken, a page at a time."""
        rows = self._rows("newest", prefix) if is_text(prefix) else []
        while rows:
            yield from (Head(*row) for row in rows)
            rows = self._rows("heads", prefix, rows[-1][4], rows[-1][0])

    def mark(self) -> object:
        """The last append and those under way: it differs as soon as one of them has been recorded."""
        ((latest, under_way, timeline),) = self._rows("mark")
        return (timeline, latest, tuple(under_way))

    def grown(self, after: int | None) -> tuple[int, tuple[Head, ...]]:
        """The streams that have grown after a point.

        Transactions are numbered when they begin and seen when they end: a point lies before all that are under way.
        It names the timeline of the server too, since after a failover numbers may be given once more.
        """
        ((latest, oldest, upcoming, timeline),) = self._rows("point")
        era = int(timeline, 16) << 64
        point = era + min(int(oldest), int(latest) + 1) if latest else 0
        if after is None:
            return point, ()
        here = after - era
        back = not 0 <= here <= int(upcoming)  # this is not the server that the point is of
        rows = self._rows("all") if after == 0 or back else self._rows("grown", str(here))
        return (point if rows else after), tuple(Head(*row) for row in rows)

    # --- artifacts

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep an artifact, durably."""
        return self._artifacts.put(content)

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading."""
        return self._artifacts.get(sha256)

    # --- verifying

    def rows(self, stream: str, after: int = 0) -> Iterator[Row]:
        """The events of a stream after one as they stand, a page at a time."""
        rows = self._rows("rows", stream, after) if is_text(stream) else []
        while rows:
            yield from (Row(*row) for row in rows)
            rows = self._rows("rows", stream, rows[-1][0])

    def verify(self, stream: str) -> Fault | None:
        """Walk the chain."""
        return check_stream(self, stream)

    def verify_store(self) -> tuple[Fault, ...]:
        """Walk all chains, and look at the store itself: its triggers, and streams without a head."""
        faults: list[Fault] = []
        try:
            standing = {row[0]: tuple(row[1:]) for row in self._rows("rules")}
            faults += [Fault("", 0, problem) for problem in _broken_rules(self._queries["schema"], standing)]
            for (stream,) in self._rows("stray", answer=LONG):
                if self.verify(stream) is not None:  # else it has come just now
                    faults.append(Fault(str(stream), 1, "the stream has lost its head or all its events"))
            heads = list(self.streams())
        except JournalError as problem:
            return (*faults, Fault("", 0, f"the store cannot be looked through: {problem.message}"))
        return (*faults, *(fault for head in heads if (fault := self.verify(head.stream))))

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()


def _refuse(stream: str, end: End, expected: int, epoch: int) -> None:
    if end.epoch > epoch:
        raise Fenced(f"run {stream} was taken over by another driver", "watch it with `steady watch`")
    if end.seq != expected:
        raise HeadMoved(f"run {stream} has {end.seq} events, not {expected}")


def _broken_rules(schema: str, standing: dict[str, tuple[str, str, str]]) -> Iterator[str]:
    """What differs from the triggers that we make, their functions included."""
    sources = dict(re.findall(r"CREATE FUNCTION steadyhand\.(\w+)\(\).*?AS \$\$(.*?)\$\$;", schema, re.DOTALL))
    ours = {
        m[1]: (m[0], m[2]) for m in re.finditer(r"CREATE TRIGGER (\w+) .* FUNCTION steadyhand\.(\w+)\(.*\)", schema)
    }
    yield from (f"trigger {name} was removed" for name in ours if name not in standing)
    for name, (definition, source, fires) in standing.items():
        if name not in ours:
            yield f"trigger {name} was added"
        elif (definition, source) != (ours[name][0], sources[ours[name][1]]):
            yield f"trigger {name} was changed"
        elif fires not in "OA":
            yield f"trigger {name} was turned off"
