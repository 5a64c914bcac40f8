"""One command over one channel, watched: both streams passed on, input fed, an end that is known or said to be unknown.

Called by _ssh with a channel on which the command was just asked for. The script that becomes the command says on
standard error how far it came (_ssh_words); those lines are taken out here and decide between `it never began` and
`it may have had any part of its effect`.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from msgspec import Struct

from ..errors import BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from ._ssh_words import FOLDER, GO, MISSING, PID, PROMPT

CHUNK = 256 * 1024
"""Bytes taken at once, and the most that is handed on at a time."""
GLANCE = 0.1
"""Seconds between two looks at what nobody announces: a cancellation, the time, a connection that is lost."""
HASTE = 0.005
"""Seconds between two looks at whether more input is taken, and at whether the exit code has come."""
DRAIN = 1.0
"""Seconds that are waited for output after the end, when something that was started still holds it open."""
KEPT = 4096
"""Bytes that are kept of what came on standard error before the command began."""

Write = Callable[[bytes], object]


class Watched(Protocol):
    """What a run must know of the hands that watch it."""

    def remaining(self) -> float:
        """Seconds until its time is over."""

    def cancelled(self) -> bool:
        """Whether it was told to stop."""


class Ended(Struct, frozen=True):
    """How a command ended: its exit code (-9: signal 9 ended it, by the name in `signal`), and whether something it
    had started still held its output open.
    """

    exit_code: int
    signal: str = ""
    held_open: bool = False


class Fed(Struct, frozen=True):
    """What goes to standard input: values for the script, then the command's own; the password when it is asked for."""

    values: bytes = b""
    stdin: bytes = b""
    password: bytes | None = None


class Said(Struct):
    """What the script has said so far."""

    mark: bytes
    out: Write
    pids: list[int] = []
    went: bool = False
    missing: str = ""
    asked: int = 0
    before: bytes = b""
    rest: bytes = b""

    def take(self, data: bytes) -> None:
        """Standard error: the script's lines are taken out, what comes after the last of them is the command's own."""
        if self.went:
            self.out(data)
            return
        self.rest += data
        while self._line():
            pass
        if len(self.rest) > 2 * KEPT:  # a login shell that talks: keep what could be a mark that is cut off
            self.before, self.rest = self.rest[-2 * KEPT : -KEPT], self.rest[-KEPT:]

    def _line(self) -> bool:
        """Take out one line of the script; whether there may be another."""
        before, found, after = self.rest.partition(self.mark + b" ")
        if not found:
            return False
        if after.startswith(PROMPT.encode() + b" "):
            self.asked += 1
            self.rest = after[len(PROMPT) + 1 :]
        elif b"\n" in after:
            line, _, self.rest = after.partition(b"\n")
            self._word(line.decode("ascii", "replace").split())
        else:
            return False
        self.before = (self.before + before)[-KEPT:]
        if self.went:
            rest, self.rest = self.rest, b""
            if rest:
                self.out(rest)
        return not self.went

    def _word(self, words: list[str]) -> None:
        if words[:1] == [PID] and words[-1].isdigit():
            self.pids.append(int(words[-1]))
        elif words in ([MISSING], [FOLDER]):
            self.missing = words[0]
        elif words == [GO]:
            self.went = True

    def complaint(self) -> str:
        """What was said by others before the command began, as one line."""
        text = (self.before + self.rest).decode("utf-8", "replace")
        return " ".join(text.split())[-500:]


class Run:
    """A command on its way. `until_the_end` returns how it ended, or raises why that cannot be told."""

    def __init__(self, channel: Any, host: str, said: Said, out: Write, hands: Watched, fed: Fed) -> None:
        self._channel = channel
        self._host = host
        self.said = said
        self._out = out
        self._hands = hands
        self._fed = fed
        self._pending = memoryview(b"" if fed.password is not None else fed.values + fed.stdin)
        self._passed = fed.password is None
        self._answered = 0
        self._closed_input = False
        self._eof = False
        self._over: float | None = None

    def until_the_end(self) -> Ended:
        """Stay with it. Raises Cancelled and TimedOut with the command still going on: whoever called ends it."""
        descriptor = self._channel.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            self._feed()
            busy = self._drain()
            ended = self._ended()
            if ended is not None:
                return ended
            if not busy:
                self._check()
                self._wait(poll)

    def _wait(self, poll: Any) -> None:
        if self._eof:  # its descriptor is always ready from here on
            self._channel.status_event.wait(HASTE if self._pending else GLANCE)
            return
        poll.poll(1000 * (HASTE if self._pending or self._channel.exit_status_ready() else GLANCE))

    def _check(self) -> None:
        if self._hands.cancelled():
            raise Cancelled("it was told to stop before it had ended", unsure=True)
        if self._hands.remaining() <= 0:
            hint = "give the step a longer `timeout:` if it needs more time"
            raise TimedOut("it had not ended when its time was over", hint, unsure=True)

    def _drain(self) -> bool:
        """Pass on what has come on both streams; whether anything had."""
        channel, busy = self._channel, False
        if channel.recv_ready():
            self._out(channel.recv(CHUNK))
            busy = True
        if channel.recv_stderr_ready():
            self.said.take(channel.recv_stderr(CHUNK))
            busy = True
        self._eof = channel.eof_received or channel.closed
        return busy

    def _feed(self) -> None:
        """Send what is taken of the input. A command that does not read its input is no failure."""
        if self.said.asked > self._answered:
            self._answered = self.said.asked
            if self._answered > 1 or self._fed.password is None:
                self._close_input()  # asked again: the password was wrong, and nothing else must be taken for one
                return
            self._pending = memoryview(self._fed.password + b"\n")
        if not self._passed and len(self.said.pids) > 1:
            self._passed = True
            self._pending = memoryview(bytes(self._pending) + self._fed.values + self._fed.stdin)
        while self._pending and not self._closed_input:
            try:
                sent = self._channel.send(self._pending[:CHUNK])
            except TimeoutError:
                return
            except OSError:
                self._closed_input = True
                return
            self._pending = self._pending[sent:]
        if self._passed:
            self._close_input()

    def _close_input(self) -> None:
        if not self._closed_input:
            self._closed_input = True
            self._pending = memoryview(b"")
            with suppress(OSError, EOFError):
                self._channel.shutdown_write()

    # --- the end

    def _ended(self) -> Ended | None:
        channel = self._channel
        if not channel.status_event.is_set():
            return None
        drained = self._eof and not channel.recv_ready() and not channel.recv_stderr_ready()
        if not drained:
            self._over = self._over or time.monotonic() + DRAIN
            if time.monotonic() < self._over or channel.recv_ready() or channel.recv_stderr_ready():
                return None
        by = getattr(channel, "ended_by", "")
        if channel.exit_status < 0 and not by:
            raise self._lost()
        if not self.said.went:
            raise self._never_began(channel.exit_status)
        if by:
            name = f"SIG{by.partition('@')[0].removeprefix('SIG')}"
            return Ended(-_number(name), name, not drained)
        return Ended(channel.exit_status, "", not drained)

    def _lost(self) -> HandlerError:
        if self._channel.get_transport().is_active():
            what = f"{self._host} closed the command's channel without saying how it ended"
            return BadResponse(what, "look at what it did before doing it again", unsure=True)
        what = f"the connection to {self._host} was lost while the command ran"
        hint = "whether it went on there is not known: look before doing it again"
        return Unreachable(what, hint, unsure=True)

    def _never_began(self, code: int) -> HandlerError:
        said = self.said
        if said.missing == MISSING:
            return Refused(f"{self._host} has no such program", "install it there, or give its whole path")
        if said.missing == FOLDER:
            return Refused(f"{self._host}: the folder cannot be entered: {said.complaint()}", "correct `cwd:`")
        if said.pids:
            return self._no_sudo()
        text = said.complaint() or f"its login shell ended with exit code {code}"
        hint = "log in by hand: the account may have no shell, or a forced command"
        return Refused(f"{self._host} does not run commands for this user: {text}", hint)

    def _no_sudo(self) -> HandlerError:
        text = self.said.complaint() or "it does not say why"
        if self.said.asked > 1 or "incorrect password" in text:
            return Refused(f"sudo on {self._host} does not take the password", "correct `sudo: {password: ...}`")
        if "tty" in text:
            return Refused(f"sudo on {self._host} wants a terminal: {text}", "remove `requiretty` in its sudoers")
        if "password is required" in text:
            return Refused(f"sudo on {self._host} wants a password", "give `sudo: {password: ...}`, or NOPASSWD there")
        hint = "sudoers there must allow /bin/sh; for one command alone write argv: [sudo, -n, ...]"
        return Refused(f"sudo on {self._host} would not: {text}", hint)


def _number(name: str) -> int:
    import signal  # noqa: PLC0415 for a rare end

    return int(getattr(signal, name, 0)) or 1
