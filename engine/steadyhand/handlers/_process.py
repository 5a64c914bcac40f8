"""A child process, watched: streamed output, a deadline, a way to stop it, and nothing left behind.

Every handler that starts a program uses `run`. The child leads a group of its own, so that a signal reaches whatever it
starts, and the terminal's Ctrl-C does not reach it by accident. Only one chunk of output is ever in memory.
"""

from __future__ import annotations

import errno
import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from ..errors import BadInput, Cancelled, HandlerError, Refused, TimedOut
from .protocol import Hands

CHUNK = 256 * 1024
PIPE = 1024 * 1024
"""The size asked for a pipe: fewer wake-ups for a child that prints much (the kernel's usual limit)."""
LADDER = ((signal.SIGINT, 2.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))
"""How a child is ended, and the seconds each signal is given: the first lets a script clean up, the last cannot fail."""
DRAIN = 1.0
"""Seconds to wait for output after the child has ended, in case something it started still holds the pipe."""
ARGUMENT = 128 * 1024
"""The kernel's bound for one argument (MAX_ARG_STRLEN on Linux)."""


class Ended(Struct, frozen=True):
    """How a child ended: its exit code, the name of the signal that killed it ('' for none), and whether something it
    started still held its output open."""

    exit_code: int
    signal: str
    held_open: bool


def run(argv: Sequence[str], hands: Hands, *, env: Mapping[str, str], cwd: str, stdin: bytes = b"") -> Ended:
    """Start a program and stay with it until it has ended. Raises the named failures of a handler."""
    child = _start(argv, env, cwd, stdin)
    hands.child(child.pid)
    wake_out, wake_in = os.pipe()
    hands.on_cancel(lambda: _wake(wake_in))
    try:
        return _Watch(child, hands, stdin, wake_out).until_the_end()
    finally:
        _close(child)
        os.close(wake_out)
        os.close(wake_in)


def _wake(descriptor: int) -> None:
    with suppress(OSError):  # the attempt has ended meanwhile
        os.write(descriptor, b"!")


def _close(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _start(argv: Sequence[str], env: Mapping[str, str], cwd: str, stdin: bytes) -> subprocess.Popen[bytes]:
    _check(argv, env)
    try:
        child = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd or None,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as problem:
        raise _refused(problem, argv, cwd) from problem
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE)
    return child


def _check(argv: Sequence[str], env: Mapping[str, str]) -> None:
    for word in (*argv, *env.values()):
        if "\0" in word:
            raise BadInput("a NUL byte cannot be passed to a program", "pass the value through `stdin`, or refuse it")
        if len(word) >= ARGUMENT // 4 and len(os.fsencode(word)) >= ARGUMENT:
            size = len(os.fsencode(word))
            hint = "pass the value through `stdin`"
            raise BadInput(f"one argument is {size} bytes long, and the kernel takes less than {ARGUMENT}", hint)


def _refused(problem: OSError, argv: Sequence[str], cwd: str) -> HandlerError:
    """Nothing was started, and why."""
    name = argv[0] if argv else ""
    if cwd and not os.path.isdir(cwd):
        return Refused(f"there is no folder {cwd} to start in", "create it, or change `cwd`")
    if problem.errno == errno.ENOENT:
        return Refused(f"there is no program {name}", "install it, or give its whole path")
    if problem.errno == errno.E2BIG:
        return BadInput("the arguments and environment are too long for the kernel", "pass values through `stdin`")
    return Refused(f"{name} cannot be started: {problem.strerror}", "check its permissions and format")


class _Watch:
    """Stays with one child: passes output on, feeds stdin, and climbs the ladder when it must end."""

    def __init__(self, child: subprocess.Popen[bytes], hands: Hands, stdin: bytes, wake: int) -> None:
        self._child = child
        self._hands = hands
        self._stdin = memoryview(stdin)
        self._selector = selectors.DefaultSelector()
        self._selector.register(wake, selectors.EVENT_READ, "wake")
        self._wake = wake
        for name, pipe in (("stdout", child.stdout), ("stderr", child.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe.fileno(), selectors.EVENT_READ, name)
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            self._selector.register(child.stdin.fileno(), selectors.EVENT_WRITE, "stdin")
        self._open = 2
        self._rung = -1
        self._rung_over = 0.0
        self._why: HandlerError | None = None
        self._ended_at: float | None = None

    def until_the_end(self) -> Ended:
        try:
            while self._open:
                self._turn()
                if self._ended_at is not None and time.monotonic() > self._ended_at + DRAIN:
                    break
            self._wait()
        finally:
            self._selector.close()
        if self._why is not None:
            self._sweep()
            raise self._why
        code = self._child.returncode
        name = signal.Signals(-code).name if code < 0 else ""
        return Ended(code, name, held_open=bool(self._open))

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._patience()):
            match key.data:
                case "wake":
                    self._selector.unregister(key.fd)
                case "stdin":
                    self._feed(key.fd)
                case name:
                    self._read(key.fd, str(name))
        self._look()

    def _patience(self) -> float:
        """Seconds until something must be looked at without being told."""
        waits = [0.5 if self._ended_at is None else 0.05]
        waits.append(self._rung_over - time.monotonic() if self._rung >= 0 else self._hands.remaining())
        return max(0.0, min(waits))

    def _read(self, descriptor: int, name: str) -> None:
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        if data:
            self._hands.sink(name).write(data)
        else:
            self._selector.unregister(descriptor)
            self._open -= 1

    def _feed(self, descriptor: int) -> None:
        """Write what the pipe takes. A child that does not read its input is no failure."""
        try:
            self._stdin = self._stdin[os.write(descriptor, self._stdin[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._stdin = memoryview(b"")
        if not self._stdin and self._child.stdin is not None:
            self._selector.unregister(descriptor)
            self._child.stdin.close()

    def _look(self) -> None:
        """Has it ended? Must it end?"""
        if self._ended_at is None and self._child.poll() is not None:
            self._ended_at = time.monotonic()
        if self._why is None:
            if self._hands.cancelled():
                self._why = Cancelled("it was told to stop before it had ended", unsure=True)
            elif self._hands.remaining() <= 0:
                hint = "give the step a longer `timeout:` if it needs more time"
                self._why = TimedOut("it had not ended when its time was over", hint, unsure=True)
        if self._why is not None and self._ended_at is None and time.monotonic() >= self._rung_over:
            self._climb()

    def _climb(self) -> None:
        self._rung = min(self._rung + 1, len(LADDER) - 1)
        number, patience = LADDER[self._rung]
        self._rung_over = time.monotonic() + patience
        self._signal(number)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def _wait(self) -> None:
        """The pipes are closed; the child may still run (a daemon that closed its output)."""
        while self._child.poll() is None:
            self._selector.select(min(0.05, max(0.0, self._patience())))
            self._look()
            if self._child.poll() is None and self._wake not in self._selector.get_map():
                time.sleep(0.01)

    def _sweep(self) -> None:
        """Whatever the child left in its group ends with it."""
        self._signal(signal.SIGTERM)
        over = time.monotonic() + 0.5
        while time.monotonic() < over:
            try:
                os.killpg(self._child.pid, 0)
            except (ProcessLookupError, PermissionError):
                return
            time.sleep(0.02)
        self._signal(signal.SIGKILL)
