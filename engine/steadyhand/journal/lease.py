"""One live driver for a run on this machine: a lock that the kernel frees when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from .open import location


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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, who.encode(), 0)
    return Lease(descriptor)


def holder(store: str, stream: str) -> str:
    """Who drives the run on this machine right now; '' when nobody does."""
    path = _file(store, stream)
    if path is None or not path.exists():
        return ""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 256, 0).decode(errors="replace") or "another process"
    finally:
        os.close(descriptor)
    return ""
