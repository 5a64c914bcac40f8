"""Real databases for the tests of `sql`, the same for both kinds, and a proxy that cuts the connection at a word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import pytest

from steadyhand.expressions import render_text
from steadyhand.handlers import sql
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Plan, Result, Secret, Syntax, Target, Text, plain

from ..realparts.mariadb import mariadb
from ..realparts.postgresql import postgres

PASSWORD = "opensesame"
TABLE = "create table item (id int primary key, app varchar(100), n int)"


class Database(NamedTuple):
    """A running server of one kind, as a step's target and as its administrator sees it."""

    kind: str
    port: int
    user: str
    name: str
    socket: str
    ask: Callable[[str], str]

    def target(self, **given: Any) -> Target:
        """The target, some of it said otherwise."""
        usual = {"host": "127.0.0.1", "port": self.port, "database": self.name, "user": self.user, "password": PASSWORD}
        found = {**usual, **given}
        return Target("db", self.kind, {k: plain(v) if isinstance(v, str) else v for k, v in found.items() if v != ""})

    def at(self, address: str) -> Target:
        """The target, reached by another way."""
        return self.target(port=int(address.rpartition(":")[2]))

    def series(self, count: int) -> str:
        """What stands for a table of the numbers from 1."""
        return f"generate_series(1, {count}) x(seq)" if self.kind == "postgresql" else f"seq_1_to_{count}"

    def fill(self, count: int = 20) -> None:
        """A table `item` of so many rows."""
        self.ask(f"drop table if exists item; {TABLE}; insert into item select seq, 'orders', seq from {self.series(count)}")  # fmt: skip

    def count(self) -> int:
        """How many rows there are in it."""
        return int(self.ask("select count(*) from item"))

    def running(self, text: str) -> int:
        """How many sessions are busy with a statement that holds this text."""
        if self.kind == "postgresql":
            where = f"state = 'active' and query like '%{text}%' and pid <> pg_backend_pid()"
            return int(self.ask(f"select count(*) from pg_stat_activity where {where}"))
        where = f"command in ('Query', 'Execute') and info like '%{text}%' and id <> connection_id()"
        return int(self.ask(f"select count(*) from information_schema.processlist where {where}"))

    @property
    def sleep(self) -> str:
        """The function that waits so many seconds."""
        return "pg_sleep" if self.kind == "postgresql" else "sleep"


class Cut(NamedTuple):
    """That a connection is being cut, and that the server has answered all the same."""

    begun: threading.Event
    answered: threading.Event


@pytest.fixture(scope="module")
def pg() -> Iterator[Database]:
    with postgres("max_connections=20") as server:
        yield Database("postgresql", server.port, "steady", "postgres", str(server.folder), server.psql)


@pytest.fixture(scope="module")
def my() -> Iterator[Database]:
    with mariadb("--max-connections=12") as server:
        ask = lambda statement: server.sql(f"use shop; {statement}")  # noqa: E731 a column of a row
        yield Database("mysql", server.port, "steady", "shop", server.socket, ask)


@pytest.fixture(scope="module", params=["pg", "my"])
def db(request: pytest.FixtureRequest) -> Database:
    """Each of them in turn."""
    found: Database = request.getfixturevalue(request.param)
    return found


def text(template: str, **names: Any) -> Text:
    """A statement as the engine renders it."""
    return render_text(template, names, Syntax.SQL)


def secret(before: str, name: str, after: str = "") -> Text:
    """A statement with a secret in it."""
    return Text((*plain(before).parts, Secret(name), *(plain(after).parts if after else ())))


def planned(target: Target, params: dict[str, Any]) -> Plan:
    """A plan of rendered parameters; texts may be given bare."""
    return sql.plan({k: plain(v) if isinstance(v, str) else v for k, v in params.items()}, target)


def done(target: Target, hands: BenchHands | None = None, **params: Any) -> Result:
    """What a step gives."""
    hands = hands or BenchHands()
    try:
        return sql.perform(planned(target, params), hands)
    finally:
        hands.connections.close()


@contextmanager
def proxy(port: int, word: bytes, *, forward: bool) -> Iterator[str]:
    """Passes everything on, until `word` goes to the server: then all is cut, after it was sent on or before."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = [listener]

    def pump(source: socket.socket, sink: socket.socket, cut: Cut, *, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if up and word in data:
                    cut.begun.set()
                    if forward:
                        sink.sendall(data)
                        cut.answered.wait(5)
                    break
                if not up and cut.begun.is_set():
                    cut.answered.set()  # it is done there, and nobody here is told
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                sockets.extend((near, far))
                cut = Cut(threading.Event(), threading.Event())
                for source, sink, up in ((near, far, True), (far, near, False)):
                    thread = threading.Thread(target=pump, args=(source, sink, cut), kwargs={"up": up}, daemon=True)
                    threads.append(thread)
                    thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in [acceptor, *threads]:
            thread.join(6)
        for one in sockets:
            one.close()
