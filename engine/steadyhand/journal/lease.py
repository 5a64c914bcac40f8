"""One live driver for a run on this machine: a lock that the kernel frees when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from ..errors import Unfit
from .open import location

GLANCES = 20
"""How often a lock is tried again that somebody may only be looking at (each look takes microseconds)."""


class Lease:
    """A held lock. It ends with `release`, or with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others drive."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _file(store: str, stream: str) -> Path | None:
    path = location(store)
    return None if path is None else path.parent / f"{path.name}.locks" / stream


def acquire(store: str, stream: str, who: str) -> Lease | None:
    """The right to drive a run, or None when another process of this machine has it. A store in memory is free."""
    path = _file(store, stream)
    if path is None:
        return Lease(-1)
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
    return Lease(descriptor)


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


def holder(store: str, stream: str) -> str:
    """Who drives the run on this machine right now; '' when nobody does."""
    path = _file(store, stream)
    if path is None:
        return ""
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
