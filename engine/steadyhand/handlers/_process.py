"""A child process, watched: streamed output, a deadline, a way to stop it, and nothing left behind.

Every handler that starts a program uses `run`, in the attempt's own thread. The child leads a session of its own, so
that a signal reaches whatever it starts, and the terminal's Ctrl-C does not reach it by accident. Only one chunk of
output is ever in memory. It knows nothing of runbooks: bytes, signals and the named failures, no more.

The leader is not reaped before its group is empty, so the number that signals go to cannot belong to anybody else.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock

from msgspec import Struct

from ..errors import Cancelled, HandlerError, Refused, TimedOut
from . import _argv, _confine
from .protocol import Hands

CHUNK = 256 * 1024
"""Bytes read at once, and the most that is in memory of a stream."""
PIPE = 1024 * 1024
"""The size asked for a pipe once a child fills the usual 64 KiB: fewer wake-ups (the kernel's limit for everybody)."""
LADDER = ((signal.SIGINT, 2.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))
"""How a group is ended, and the seconds each signal is given: a script's traps and a client's cancel request end within
two, a server's orderly end within three, and the last cannot be refused: only the kernel can hold a process longer."""
DRAIN = 1.0
"""Seconds that are waited for output after the child has ended, when something it started still holds the pipe."""
GLANCE = 0.02
"""Seconds between two looks at what nobody announces: the rest of a group, and the child where there is no pidfd."""
LONGEST = 3600.0
"""Seconds that one sleep lasts at most."""


class Ended(Struct, frozen=True):
    """How a child ended: its exit code (-9: signal 9 killed it), the name of that signal ('' for none), and whether
    something it had started still held its output open, and so was not read to its end.
    """

    exit_code: int
    signal: str
    held_open: bool


def run(
    argv: Sequence[str], hands: Hands, *, env: Mapping[str, str] | None = None, cwd: str = "", stdin: bytes = b""
) -> Ended:
    """Start a program and stay with it until it has ended; its output goes to the sinks `stdout` and `stderr`.

    `env` comes on top of this process's variables, those of `hands` on top of it. Texts become bytes as UTF-8, lone
    surrogates the bytes they stand for. Raises BadInput or Refused (nothing was started), and TimedOut or Cancelled.
    """
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was started")
    if hands.remaining() <= 0:
        raise TimedOut("its time was over before it was started", "give the step a longer `timeout:`")
    alarm = _Alarm()
    try:
        with _confine.Cage(hands.confine) as cage:
            own = {**(env or {}), **hands.environment, **cage.environment}
            child = _argv.start(argv, own, cwd, piped=bool(stdin), behind=cage.behind, passed=cage.passed)
            cage.started()
            watch = _Watch(child, hands, stdin, alarm.out)
            try:
                hands.child(child.pid)
                hands.on_cancel(alarm.ring)
                ended = watch.until_the_end()
            finally:
                watch.close()
            problem = cage.problem(argv, cwd, hands.sink("stderr").text(CHUNK)) if hands.confine else None
            if problem is not None:
                raise problem
            return ended
    finally:
        alarm.close()


class _Alarm:
    """Wakes the selector from another thread. It can be rung at any time, and does nothing once closed."""

    def __init__(self) -> None:
        try:
            self.out, self._into = os.pipe()
        except OSError as problem:
            hint = "raise `ulimit -n`, or run fewer steps at once"
            raise Refused(f"nothing can be started: {problem.strerror}", hint) from problem
        self._lock = Lock()
        self._open = True

    def ring(self) -> None:
        with self._lock:
            if self._open:
                os.write(self._into, b"!")

    def close(self) -> None:
        with self._lock:
            self._open = False
            os.close(self.out)
            os.close(self._into)


class _Watch:
    """Stays with one child: passes its output on, feeds its input, and climbs the ladder when it must end."""

    def __init__(self, child: subprocess.Popen[bytes], hands: Hands, stdin: bytes, woken: int) -> None:
        self._child = child
        self._hands = hands
        self._stdin = memoryview(stdin)
        self._selector = selectors.PollSelector()
        self._open: set[int] = set()
        self._ended_at: float | None = None
        self._why: type[HandlerError] | None = None
        self._rung = -1
        self._rung_over = 0.0
        self._pidfd = _pidfd(child.pid)
        self._register(woken)

    def _register(self, woken: int) -> None:
        self._selector.register(woken, selectors.EVENT_READ, self._selector.unregister)
        if self._pidfd is not None:
            self._selector.register(self._pidfd, selectors.EVENT_READ, self._exited)
        for name, pipe in (("stdout", self._child.stdout), ("stderr", self._child.stderr)):
            if pipe is not None:
                self._on(pipe.fileno(), selectors.EVENT_READ, _Stream(name, self._hands).read)
                self._open.add(pipe.fileno())
        if self._child.stdin is not None:
            self._on(self._child.stdin.fileno(), selectors.EVENT_WRITE, self._feed)

    def _on(self, descriptor: int, events: int, call: Callable[[int], object]) -> None:
        os.set_blocking(descriptor, False)
        self._selector.register(descriptor, events, call)

    # --- the loop

    def until_the_end(self) -> Ended:
        """Returns how it ended by itself; raises Cancelled or TimedOut when it was ended."""
        while not self._over():
            for key, _ in self._selector.select(self._patience()):
                if key.data(key.fd) == _END:
                    self._selector.unregister(key.fd)
                    self._open.discard(key.fd)
            self._look()
        held_open = not all(self._last_words(descriptor) for descriptor in tuple(self._open))
        if self._why is not None:
            raise self._stopped(self._why)
        code = self._child.wait()
        return Ended(code, _name(-code) if code < 0 else "", held_open)

    def _over(self) -> bool:
        if self._why is not None:
            return self._rung == len(LADDER) or (self._ended_at is not None and not self._left())
        if self._ended_at is None:
            return False
        return not self._open or min(self._hands.remaining(), self._ended_at + DRAIN - time.monotonic()) <= 0

    def _patience(self) -> float:
        """Seconds until something must be looked at without being told."""
        now = time.monotonic()
        waits = [LONGEST]
        if self._why is not None:
            waits.append(self._rung_over - now)
        else:
            waits.append(self._hands.remaining())
        if self._ended_at is not None:
            waits.append(GLANCE if self._why is not None else self._ended_at + DRAIN - now)
        elif self._pidfd is None:
            waits.append(GLANCE)
        return max(0.0, min(waits))

    def _look(self) -> None:
        """Has it ended? Must it end? Is it time for the next signal?"""
        if self._pidfd is None and self._ended_at is None and self._child.poll() is not None:
            self._ended_at = time.monotonic()
        if self._why is None and self._ended_at is None:
            if self._hands.cancelled():
                self._why = Cancelled
            elif self._hands.remaining() <= 0:
                self._why = TimedOut
        if self._why is None:
            return
        # Once the leader has ended, the first signal has done its work: what is left is told to end at once.
        if time.monotonic() >= self._rung_over or (self._ended_at is not None and self._rung == 0 and self._left()):
            self._climb()

    def _exited(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)
        self._ended_at = time.monotonic()

    # --- streams

    def _last_words(self, descriptor: int) -> bool:
        """Read what lies in a pipe, and not what may still come: true when that was its end."""
        read = self._selector.get_key(descriptor).data
        return any(read(descriptor) == _END for _ in range(2 * PIPE // CHUNK))

    def _feed(self, descriptor: int) -> int:
        """Write what the pipe takes. A child that does not read its input is no failure."""
        try:
            self._stdin = self._stdin[os.write(descriptor, self._stdin[:CHUNK]) :]
        except BlockingIOError:
            return _MORE
        except OSError:
            self._stdin = memoryview(b"")
        if not self._stdin and self._child.stdin is not None:
            self._selector.unregister(descriptor)
            self._child.stdin.close()
        return _MORE

    # --- ending it

    def _climb(self) -> None:
        self._rung += 1
        if self._rung < len(LADDER):
            number, patience = LADDER[self._rung]
            self._rung_over = time.monotonic() + patience
            self._signal(number)
            self._signal(signal.SIGCONT)  # a stopped process acts on a signal only when it goes on

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def _left(self) -> bool:
        """Whether anything of the group still runs."""
        if self._pidfd is not None:
            return _in_group(self._child.pid)
        try:
            os.killpg(self._child.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _stopped(self, why: type[HandlerError]) -> HandlerError:
        """The failure, saying what it took. The action may have had any part of its effect."""
        early = "it was told to stop before it had ended"
        text = early if why is Cancelled else "it had not ended when its time was over"
        hint = "" if why is Cancelled else "give the step a longer `timeout:` if it needs more time"
        if self._rung == len(LADDER):
            hint = f"look at process group {self._child.pid}: it belongs to another user, or waits in the kernel"
            return why(f"{text}, and could not be ended: not even SIGKILL reached it", hint, unsure=True)
        return why(f"{text}; {LADDER[self._rung][0].name} ended it", hint, unsure=True)

    def close(self) -> None:
        """Let go of everything; whatever still runs and should not is killed."""
        if self._child.returncode is None:
            self._signal(signal.SIGKILL)  # stopped, or cut off by an error: nothing of the group is to go on
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(0.0 if self._rung == len(LADDER) else LADDER[-1][1])
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._selector.close()
        if self._pidfd is not None:
            os.close(self._pidfd)


_MORE, _END = 1, 2
"""What a reader says of its stream."""


class _Stream:
    """Reads one pipe into one sink."""

    def __init__(self, name: str, hands: Hands) -> None:
        self._name = name
        self._hands = hands
        self._enlarged = False

    def read(self, descriptor: int) -> int:
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return _MORE
        if not data:
            return _END
        self._hands.sink(self._name).write(data)
        if len(data) >= CHUNK // 4 and not self._enlarged:
            self._enlarged = True
            with suppress(OSError, AttributeError):  # a wish: other systems and a user's quota may refuse it
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE)
        return _MORE


def _pidfd(pid: int) -> int | None:
    """A descriptor that tells of the child's end; None where the kernel has none."""
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None


def _in_group(group: int) -> bool:
    """Whether a process of the group is alive, by the process table (a zombie is not)."""
    wanted = str(group).encode()
    try:
        names = os.listdir("/proc")
    except OSError:
        return False
    for name in names:
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                # "pid (name) state ppid pgrp ...": the name may hold anything, parentheses too
                fields = stat.read().rpartition(b")")[2].split()
                if fields[2] == wanted and fields[0] not in {b"Z", b"X"}:
                    return True
    return False


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
