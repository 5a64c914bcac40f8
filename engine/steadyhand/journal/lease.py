"""One live driver for a run: a lock that is free as soon as its holder dies, however it dies.

For a store in a file the kernel of this machine keeps it, for one in PostgreSQL the server does, for all machines. It
is a courtesy among drivers, so that none begins what another one does: what keeps a run safe is the journal's epoch.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Protocol

from ..errors import Unfit
from .addresses import is_postgresql
from .open import location

GLANCES = 20
"""How often a lock is tried again that somebody may only be looking at (each look takes microseconds)."""


class Lease(Protocol):
    """A held lock. It ends with `release`, or with the process."""

    def release(self) -> None:
        """Let others drive."""


class Leases(Protocol):
    """The locks of a store's runs."""

    def acquire(self, stream: str, who: str) -> Lease | None:
        """The right to drive a run, or None when somebody else has it. Raises JournalError where none can tell."""

    def holder(self, stream: str) -> str:
        """Who drives the run right now; '' when nobody does. Raises JournalError where that cannot be told."""

    def close(self) -> None:
        """Let go of everything."""


def leases(store: str) -> Leases:
    """The locks of the store of that name."""
    if is_postgresql(store):
        from .postgresql_lease import SessionLeases  # noqa: PLC0415 psycopg is only for stores in PostgreSQL

        return SessionLeases(store)
    path = location(store)
    return NoLeases() if path is None else FileLeases(path.parent / f"{path.name}.locks")


class NoLeases:
    """A store in memory has no other processes."""

    def acquire(self, stream: str, who: str) -> Lease | None:
        """It is always free."""
        del stream, who
        return _FileLease(-1)

    def holder(self, stream: str) -> str:
        """Nobody else can."""
        del stream
        return ""

    def close(self) -> None:
        """Nothing to let go of."""


class _FileLease:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others drive."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class FileLeases:
    """Locked files in a folder beside the store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def acquire(self, stream: str, who: str) -> Lease | None:
        """The right to drive a run, or None when another process of this machine has it."""
        path = self._folder / stream
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise _refused(path, problem) from problem
        if not _locked(descriptor):
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, who.encode("utf-8", "backslashreplace"), 0)
        return _FileLease(descriptor)

    def holder(self, stream: str) -> str:
        """Who drives the run on this machine right now; '' when nobody does."""
        path = self._folder / stream
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return ""
        except OSError as problem:
            raise _refused(path, problem) from problem
        try:
            if _free(descriptor):
                return ""
            return os.pread(descriptor, 256, 0).decode(errors="replace") or "another process"
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Each lock is let go of by its holder."""


def _locked(descriptor: int) -> bool:
    """Take the lock. One that is shared is held by somebody who looks for its holder, and is free in a moment."""
    for _ in range(GLANCES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _free(descriptor):
                return False
            time.sleep(0.002)
        else:
            return True
    return False


def _free(descriptor: int) -> bool:
    """Whether nobody holds the lock for driving."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _refused(path: Path, problem: OSError) -> Unfit:
    return Unfit(
        f"{path}: {problem.strerror}; whether another process drives the run cannot be told",
        f"give this user the right to write in {path.parent.parent}, or name another store with --store",
    )
