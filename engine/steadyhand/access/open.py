"""From the words that name a store to the access store that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .memory import MemoryCells
from .protocol import Now, wall

if TYPE_CHECKING:
    from .protocol import Cells

MEMORY = "memory:"
POSTGRESQL = ("postgresql://", "postgres://")
SUFFIX = ".access.db"
"""What stands behind the journal's path in the name of the file beside it."""


def path_of(url: str) -> str:
    """The file of the access store of a journal in a file; '' where the journal is in none."""
    if url == MEMORY:
        return ""
    scheme, mark, rest = url.partition("://")
    if mark and scheme != "sqlite":
        return ""
    path = rest.removeprefix("/") if mark and rest.startswith("//") else rest if mark else url
    return f"{path}{SUFFIX}"


def open_cells(url: str, now: Now = wall) -> Cells:
    """The access store beside the journal of that name, made where it does not exist."""
    if url == MEMORY:
        return MemoryCells(now)
    if url.startswith(POSTGRESQL):
        from .postgresql import PostgresqlCells  # noqa: PLC0415 psycopg is only for those who have their store there

        return PostgresqlCells(url, now)
    path = path_of(url)
    if not path:
        raise UsageError(
            f"accounts, sessions and tokens cannot be kept in {url.partition(':')[0]} by this version",
            "use a file as the store: --store /path/journal.db",
        )
    from .sqlite import SqliteCells  # noqa: PLC0415 sqlite3 is only for those who have a file

    return SqliteCells(path, now)
