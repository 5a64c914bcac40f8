"""Finds processes that outlived their engine, and ends them without ever hitting another one.

Used by the driver when it resumes a run. Every process that a step starts carries STEADY_RUN in its environment, and
so does what it starts in turn, wherever it went. A process is named by its pid *and* the kernel's start time, because
pids are used again. Only Linux tells both; elsewhere nothing is found and nothing is signalled.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

GRACES = ((signal.SIGINT, 2.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0))
"""The stop ladder: each signal, and the seconds it is given."""
POLL = 0.02
"""Seconds between two looks at whether it has ended."""
LONGEST = 300
"""Characters of a command line that are kept."""


class Orphan(Struct, frozen=True):
    """A live process that a run has started: what it is, and for which step and attempt."""

    pid: int
    pgid: int
    started: int
    step: str
    attempt: int
    command: str


class Status(Struct, frozen=True):
    """What the kernel says of a process: its state letter, parent, group, and start time (clock ticks since boot)."""

    state: str
    parent: int
    pgid: int
    started: int


def start_time(pid: int) -> int:
    """When the process was started, in clock ticks since boot; 0 where that is not known, or there is none."""
    status = _status(pid)
    return status.started if status else 0


def alive(pid: int, started: int) -> bool:
    """Whether that very process still runs. One that has ended and was not waited for (a zombie) does not."""
    status = _status(pid)
    return status is not None and started > 0 and status.started == started


def find(run: str) -> tuple[Orphan, ...]:
    """The live processes of a run, oldest first, without this one and those that it runs under."""
    found: list[Orphan] = []
    ours = _ancestry()
    for pid in _pids():
        status = _status(pid)
        if status is None or pid in ours or not run:
            continue
        environment = _environment(pid)
        if environment.get("STEADY_RUN") == run and alive(pid, status.started):
            found.append(_orphan(pid, status, environment))
    return tuple(sorted(found, key=lambda orphan: (orphan.started, orphan.pid)))


def group_members(pgid: int) -> dict[int, int]:
    """The live processes of a process group: pid to start time."""
    return {pid: status.started for pid in _pids() if (status := _status(pid)) is not None and status.pgid == pgid}


def end_group(pgid: int, pid: int, started: int, *, graces: tuple[tuple[signal.Signals, float], ...] = GRACES) -> str:
    """End an orphan and its process group: ask, ask again, then kill. Returns the name of the signal that did it.

    Returns '' when no signal of ours ended it: it was gone, another process has its pid by now, it may not be
    signalled, or not even SIGKILL helped (`alive` tells). Only the process itself is ended when strangers are in the
    group: ourselves, what we run under, or (unless the orphan leads it) processes that are not of its run.
    """
    status = _status(pid)
    if status is None or started <= 0 or status.started != started or pid in _ancestry() or pid <= 1:
        return ""
    hunt = _Hunt(pid, started, status.pgid if status.pgid == pgid and _may_be_ended(pgid, pid) else 0)
    for number, grace in graces:
        if not hunt.left():
            return ""
        if not hunt.signal(number):
            return ""
        if hunt.ended_within(grace):
            return number.name
    return ""


class _Hunt:
    """What is to be ended: one process, or (with a group) all the members that it has whenever we look.

    A group id is free for others once its last member is gone. So the members seen at the last look are remembered,
    and the group is signalled only while one of them, or another process of the same run, is in it.
    """

    def __init__(self, pid: int, started: int, pgid: int) -> None:
        self._pid = pid
        self._started = started
        self._pgid = pgid
        self._run = _environment(pid).get("STEADY_RUN", "")
        self._seen = {(pid, started)}

    def left(self) -> bool:
        """Whether any of it still runs."""
        if not self._pgid:
            return alive(self._pid, self._started)
        now = group_members(self._pgid)
        known = not self._seen.isdisjoint(now.items())
        if known or (self._run and any(_environment(pid).get("STEADY_RUN") == self._run for pid in now)):
            self._seen = set(now.items())
            return True
        return False

    def signal(self, number: signal.Signals) -> bool:
        """Send it; false when it may not be sent. One that is stopped is woken, so that it can obey."""
        try:
            for each in (number, signal.SIGCONT):
                if self._pgid:
                    os.killpg(self._pgid, each)
                else:
                    _signal_one(self._pid, self._started, each)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return True

    def ended_within(self, grace: float) -> bool:
        over = time.monotonic() + grace
        while self.left():
            if time.monotonic() >= over:
                return False
            time.sleep(POLL)
        return True


def _signal_one(pid: int, started: int, number: signal.Signals) -> None:
    """Through a handle of the process, so that not even a pid used again in this very moment is hit."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:  # a kernel without handles
        if alive(pid, started):
            os.kill(pid, number)
        return
    try:
        if alive(pid, started):
            signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def _may_be_ended(pgid: int, pid: int) -> bool:
    """Whether a group as a whole may be signalled: the orphan leads it, or no stranger is known to be in it."""
    members = group_members(pgid)
    if pgid <= 1 or pgid == os.getpgrp() or not _ancestry().isdisjoint(members):
        return False
    run = _environment(pid).get("STEADY_RUN", "")
    known = (environment for member in members if (environment := _environment(member)))
    return pgid == pid or all(run and environment.get("STEADY_RUN") == run for environment in known)


# --- what the kernel says


def _pids() -> Iterator[int]:
    try:
        names = os.listdir("/proc")
    except OSError:
        return
    yield from (int(name) for name in names if name.isdigit())


def _status(pid: int) -> Status | None:
    """None when there is no such process, it has ended, or this is not Linux."""
    text = _read(pid, "stat")
    # The name stands in parentheses and may hold anything, parentheses and newlines too: what counts follows the last.
    fields = text[text.rfind(b")") + 1 :].split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X", b"x"):
        return None
    return Status(fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[19]))


def _environment(pid: int) -> Mapping[str, str]:
    """The environment that a process was started with; empty where we may not read it."""
    entries = (entry.partition(b"=") for entry in _read(pid, "environ").split(b"\0"))
    return {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, _, value in entries}


def _orphan(pid: int, status: Status, environment: Mapping[str, str]) -> Orphan:
    words = _read(pid, "cmdline").rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "backslashreplace")
    command = words or f"[{_read(pid, 'comm').decode('utf-8', 'backslashreplace').strip()}]"
    attempt = environment.get("STEADY_ATTEMPT", "")
    return Orphan(
        pid=pid,
        pgid=status.pgid,
        started=status.started,
        step=environment.get("STEADY_STEP", ""),
        attempt=int(attempt) if attempt.isdecimal() else 0,
        command=command if len(command) <= LONGEST else command[:LONGEST] + "…",
    )


def _ancestry() -> set[int]:
    """Ourselves and all that we run under."""
    ours = {0, 1}
    pid = os.getpid()
    while pid not in ours:
        ours.add(pid)
        status = _status(pid)
        pid = status.parent if status else 0
    return ours


def _read(pid: int, name: str) -> bytes:
    with suppress(OSError), open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()
    return b""
