"""The formats of a SQLite store: is a file ours, and how one of an earlier format becomes one of today's.

Events are never touched by it: only the cells beside them, which can be told from the events, are made anew. Called by
the SQLite journal when it opens a file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import Unfit

FORMAT = 2
"""The format of the file, in SQLite's user_version."""

TABLES = {"events", "streams"}


def fit(connection: sqlite3.Connection, path: Path, *, readonly: bool) -> int:
    """The format of a file that is ours, 0 for one that is still empty. Raises Unfit for any other."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if found > FORMAT and names >= TABLES:
        hint = "install the version that wrote it, or a later one"
        raise Unfit(f"{path} was written by a later version (format {found})", hint)
    if not 0 <= found <= FORMAT or not (names >= TABLES if found else names <= TABLES):
        raise Unfit(f"{path} is another program's database", "name another file with --store")
    if readonly and 0 < found < FORMAT:
        hint = "run any command once as a user who may write it, such as `steady runs`"
        raise Unfit(f"{path} was written by an earlier version (format {found})", hint)
    return found


def bring(connection: sqlite3.Connection, queries: Mapping[str, str]) -> None:
    """Make what is missing: all of it in an empty file; what has changed since, in one of an earlier format."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been faster
        if found != FORMAT:
            for name in ("set_aside", "schema", "take_over") if found else ("schema",):
                for statement in _statements(queries[name]):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(text: str) -> Iterator[str]:
    """One statement after the other; triggers hold semicolons of their own."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
