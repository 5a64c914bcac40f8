"""Keeps the processes of a drill together: however they try to get away, they are reaped meanwhile and ended after.

`python -m steadyhand.driver.overseer NAMESPACE COMMAND...` runs a command as its only child. Linux hands a process
whose parent has died to the nearest ancestor that has asked for it (PR_SET_CHILD_SUBREAPER, or process 1 of a
namespace), so orphans of the command come here; they are reaped at once, since a dead process that nobody has waited
for still looks alive to `kill -0`. The command itself waits for its own children only, and is never robbed of them.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress

PR_SET_CHILD_SUBREAPER = 36
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
GRACE = 5.0
"""Seconds between the request to end and the end."""
OVERSEER = "STEADY_OVERSEER"
"""The variable that tells a command by which process it is overseen."""


def main(words: list[str]) -> int:
    """Run the command that the words give, and end all that it leaves; its exit code."""
    namespace, *command = words
    if namespace == "namespace":
        _loopback()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has it too, and ends in good order
    child = subprocess.Popen(
        command,
        env={**os.environ, OVERSEER: str(os.getpid())},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 this process has one thread
    )
    code = _wait_for(child.pid)
    end_all(os.getpid(), spare=())
    return code


def _wait_for(pid: int) -> int:
    """Reap whatever dies until the command has; its exit code, as a shell tells it."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _loopback() -> None:
    """Bring the loopback interface of a new network namespace up."""
    with socket.socket() as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING))


def end_all(root: int, spare: tuple[int, ...], grace: float = GRACE) -> int:
    """End every descendant of `root` but those to spare, the gentle way first; returns how many there were."""
    found = [pid for pid in descendants(root) if pid not in spare]
    alive = found
    for number in (signal.SIGTERM, signal.SIGKILL):
        over = time.monotonic() + grace
        while alive and time.monotonic() < over:
            for pid in alive:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            time.sleep(0.02)
            alive = [pid for pid in descendants(root) if pid not in spare]
    return len(found)


def descendants(root: int) -> list[int]:
    """All living processes below one."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as stat:
                state, parent = stat.read().rpartition(b")")[2].split()[:2]
                if state not in {b"Z", b"X"}:
                    parents[int(name)] = int(parent)
    below: list[int] = []
    level = {root}
    while level := {pid for pid, parent in parents.items() if parent in level}:
        below.extend(sorted(level))
    return below


def overseen_by() -> int:
    """The process that oversees this one; 0 when there is none."""
    return int(os.environ.get(OVERSEER, "0"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
