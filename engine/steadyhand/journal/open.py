"""From the words that name a store to the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .protocol import Journal

MEMORY = "memory:"


def location(url: str) -> Path | None:
    """The file of a store, or None for one in memory. Raises UsageError for what this version has not."""
    if url == MEMORY:
        return None
    if url.startswith(("postgresql://", "postgres://")):
        raise UsageError(
            "a PostgreSQL store is not in this version", "use a file: --store /path/journal.db, or leave --store out"
        )
    if url.startswith("file:"):
        hint = f"write the path alone: {url.removeprefix('file:').partition('?')[0]}"
        raise UsageError("a store is not named by a `file:` address", hint)
    scheme, mark, rest = url.partition("://")
    if mark and scheme != "sqlite":
        raise UsageError(f"{url} names no kind of store", "write sqlite:///path/journal.db, a path, or memory:")
    path = rest.removeprefix("/") if mark and rest.startswith("//") else rest if mark else url
    return Path(path).expanduser()


def open_journal(url: str) -> Journal:
    """The store of that name, made where it does not exist."""
    path = location(url)
    if path is None:
        from .memory import MemoryJournal  # noqa: PLC0415 only one of the two is needed

        return MemoryJournal()
    from .sqlite import SqliteJournal  # noqa: PLC0415 sqlite3 costs as much as the rest of a cold start

    return SqliteJournal(str(path))
