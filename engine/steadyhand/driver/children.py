"""Processes that outlived their engine: found by the run's name in their environment, told apart by their start time.

Linux only; elsewhere nothing is found, and a cut-off change is asked about all the same.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

LADDER = ((signal.SIGINT, 2.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))
"""The signals that end a process, gentlest first, with the seconds each is given."""

_PROC = Path("/proc")


class Orphan(Struct, frozen=True):
    """A process of a run whose engine is gone."""

    pid: int
    pgid: int
    started: int
    step: str
    attempt: int
    command: str


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; [] when there is no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def start_time(pid: int) -> int:
    """When a process was started, in clock ticks since boot; 0 when that cannot be told."""
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def alive(pid: int, started: int) -> bool:
    """Whether this very process still runs (a zombie does not, nor another process with its number)."""
    fields = _stat(pid)
    return bool(fields) and fields[0] not in {"Z", "X"} and int(fields[19]) == started


def find(run: str) -> tuple[Orphan, ...]:
    """The processes of a run that are alive, this one and its ancestors left out; leaders of a group first."""
    wanted = f"STEADY_RUN={run}".encode()
    found = [orphan for pid in _pids() if (orphan := _orphan(pid, wanted))]
    return tuple(sorted(found, key=lambda o: (o.pid != o.pgid, o.pid)))


def _pids() -> Iterator[int]:
    own = {os.getpid(), os.getppid(), 0, 1}
    try:
        names = os.listdir(_PROC)
    except OSError:
        return
    yield from sorted(pid for name in names if name.isdigit() and (pid := int(name)) not in own)


def _orphan(pid: int, wanted: bytes) -> Orphan | None:
    try:
        environ = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
        if wanted not in environ:
            return None
        command = (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    fields = _stat(pid)
    if not fields or fields[0] in {"Z", "X"}:
        return None
    known = dict(pair.partition(b"=")[::2] for pair in environ)
    step = known.get(b"STEADY_STEP", b"").decode(errors="replace")
    attempt = known.get(b"STEADY_ATTEMPT", b"0").decode(errors="replace")
    return Orphan(pid, int(fields[2]), int(fields[19]), step, int(attempt) if attempt.isdigit() else 0, command[:200])


def end(orphan: Orphan) -> str:
    """End an orphan, gently first: it, and the rest of its group where it leads one. The signal that did it, or ''."""
    for number, patience in LADDER:
        if not alive(orphan.pid, orphan.started):
            return ""
        _signal(orphan, number)
        over = time.monotonic() + patience
        while alive(orphan.pid, orphan.started):
            if time.monotonic() > over:
                break
            time.sleep(0.02)
        else:
            return number.name
    return ""


def _signal(orphan: Orphan, number: signal.Signals) -> None:
    try:
        if orphan.pid == orphan.pgid and orphan.pgid not in {0, 1, os.getpgrp()}:
            os.killpg(orphan.pgid, number)
        else:
            os.kill(orphan.pid, number)
    except (ProcessLookupError, PermissionError):
        return
