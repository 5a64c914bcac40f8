"""Stores in a real PostgreSQL for the tests: a database of its own for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
