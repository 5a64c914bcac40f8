"""Stores as a whole: one is copied into another."""

from __future__ import annotations

from contextlib import closing

from ..errors import UsageError
from ..journal.addresses import shown
from ..journal.copying import Copied as Copied  # noqa: PLC0414 for the doors, which may not reach the journal
from ..journal.copying import copy
from ..journal.open import MEMORY, location, open_journal


def copy_store(source: str, target: str) -> Copied:
    """Copy what one store has and the other has not. Raises UsageError, NotFound, JournalError."""
    if MEMORY in {source, target}:
        raise UsageError("a store in memory is gone when the command ends", "name a file or a database")
    if source == target or (location(source) is not None and location(source) == location(target)):
        raise UsageError(f"{shown(source)} is both the one and the other", "name two stores")
    with closing(open_journal(source, make=False)) as old, closing(open_journal(target)) as new:
        if new.readonly:
            raise UsageError(f"{shown(target)} can only be read: {new.readonly}", "name a store that can be written")
        return copy(old, new)
