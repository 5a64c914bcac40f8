"""Stores in a real PostgreSQL for the tests: a database of its own for each."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

from ..realparts.postgresql import PASSWORD, SUPERUSER, Postgres, postgres

NUMBERS = count(1)


@contextmanager
def server(*settings: str) -> Iterator[Postgres]:
    """A server that flushes nothing and does nothing by itself."""
    with postgres("autovacuum=off", "max_connections=60", *settings) as running:
        yield running


def new(running: Postgres) -> str:
    """The address of a new database."""
    name = f"store_{os.getpid()}_{next(NUMBERS)}"
    running.psql(f"create database {name}")
    return at(running, name)


def at(running: Postgres, name: str, user: str = SUPERUSER, more: str = "") -> str:
    """The address of a database."""
    return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{running.port}/{name}{more}"


def name_of(url: str) -> str:
    """The database that an address names."""
    return url.rpartition("/")[2].partition("?")[0]


class Way:
    """A way to the server on which a statement with a word in it is lost, as often as was asked for.

    `before`: it never comes to the server. `after`: the server carries it out, and its answer is lost with the
    connection. `silent`: the server carries it out, and the connection stands and says nothing.
    """

    def __init__(self, running: Postgres) -> None:
        self._far = running.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self._threads: list[threading.Thread] = []
        self.port = self._listener.getsockname()[1]
        self._word, self._how, self._left = b"", "", 0
        self.lost = 0
        self._begin(self._accept)

    def to(self, url: str) -> str:
        """The address of a database, by this way."""
        return url.replace(f":{self._far}/", f":{self.port}/")

    def lose(self, word: str, how: str, times: int = 1) -> None:
        """From now on, lose so many statements."""
        self._word, self._how, self._left = word.encode(), how, times

    def _begin(self, act, *given):
        thread = threading.Thread(target=act, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._far))
                self._sockets += [near, far]
                state = {"how": "", "answered": threading.Event()}
                self._begin(self._up, near, far, state)
                self._begin(self._down, far, near, state)

    def _up(self, near, far, state):
        with suppress(OSError):
            while data := near.recv(1 << 20):
                if self._left and self._word in data:
                    self._left -= 1
                    self.lost += 1
                    state["how"] = self._how
                    if self._how != "before":
                        far.sendall(data)
                        state["answered"].wait(5)
                    if self._how == "silent":
                        continue
                    break
                far.sendall(data)
        _shut(near, far)

    def _down(self, far, near, state):
        with suppress(OSError):
            while data := far.recv(1 << 20):
                if state["how"]:
                    state["answered"].set()
                    continue
                near.sendall(data)
        _shut(near, far)

    def close(self) -> None:
        """Nobody goes by it any more."""
        _shut(*self._sockets)
        for thread in self._threads:
            thread.join(6)
        for one in self._sockets:
            one.close()


def _shut(*sockets):
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
