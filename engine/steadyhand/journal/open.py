"""From the words that name a store to the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NotFound, UsageError
from .addresses import is_postgresql

if TYPE_CHECKING:
    from .protocol import Journal

MEMORY = "memory:"


def location(url: str) -> Path | None:
    """The file of a store, or None for one in memory or in PostgreSQL. Raises UsageError for what names no store."""
    if url == MEMORY or is_postgresql(url):
        return None
    if url.startswith("file:"):
        hint = f"write the path alone: {url.removeprefix('file:').partition('?')[0]}"
        raise UsageError("a store is not named by a `file:` address", hint)
    scheme, mark, rest = url.partition("://")
    if mark and scheme != "sqlite":
        hint = "write sqlite:///path/journal.db, a path, postgresql://user@host/database, or memory:"
        raise UsageError(f"{scheme}:// names no kind of store", hint)
    path = rest.removeprefix("/") if mark and rest.startswith("//") else rest if mark else url
    return Path(path).expanduser()


def open_journal(url: str, *, make: bool = True) -> Journal:
    """The store of that name, made where it does not exist (with `make` off: NotFound)."""
    if is_postgresql(url):
        try:
            from .postgresql import PostgresqlJournal  # noqa: PLC0415 psycopg is only for stores in PostgreSQL
        except ImportError as problem:
            hint = "pip install 'steadyhand[sql]' brings it"
            raise UsageError(f"a store in PostgreSQL needs psycopg, which is not here: {problem}", hint) from None
        return PostgresqlJournal(url, make=make)
    path = location(url)
    if path is None:
        from .memory import MemoryJournal  # noqa: PLC0415 only one of the two is needed

        return MemoryJournal()
    if not make and not path.is_file():
        raise NotFound(f"there is no store {path}", "check the path")
    from .sqlite import SqliteJournal  # noqa: PLC0415 sqlite3 costs as much as the rest of a cold start

    return SqliteJournal(str(path))
