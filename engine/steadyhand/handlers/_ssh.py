"""Commands on other machines, for every handler that needs them: `ssh`, and facts of disks and processes.

A handler's pure half puts `_ssh_target.connection(target)` into its plan's request (and `_ssh_target.FAMILY` into its
specification); its half with hands calls

    found = _ssh.run(["df", "-P"], plan.request["connection"], hands)
    found.exit_code, found.stdout, found.stderr

One connection to a machine serves a whole run: it is kept in `hands.shared` and made anew when it has died before a
command was asked for. `run` raises the named failures; `unsure` is true from the moment the command was asked for, for
then it may have had any part of its effect. A command that is told to stop, or whose time is over, is ended on the
machine itself, with all that it started. Raises Refused when the client is not installed (`steadyhand[ssh]`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets as chance
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from ..errors import Cancelled, HandlerError, Refused, TimedOut, Unreachable
from . import _ssh_config, _ssh_route
from ._ssh_channel import Ended, Fed, Run, Said, Write
from ._ssh_words import Command, Sudo, fed, ladder, line, script
from ._texts import bytes_of

if TYPE_CHECKING:
    from ._ssh_login import Connection
    from .protocol import Hands

MODULE, EXTRA = "paramiko", "ssh"
MOST = 1024 * 1024
"""Bytes that `run` keeps of each stream."""
TRIES = 2
"""Connections that are tried: the one that is there may have died without anybody noticing."""
PATIENT = 10
"""Refusals in a row, by a server on which nothing of ours runs any more, after which there is no session to be had."""
ENDING = 8.0
"""Seconds that ending a command may take: the rungs of its ladder, and a look."""
TURN = 0.02
"""Seconds between two looks at whether a session is free."""


class Found(Struct, frozen=True):
    """How a command ended, and what it printed, the first MiB of each."""

    exit_code: int
    stdout: str
    stderr: str


class Secret(Struct, frozen=True):
    """What is said to the other side over standard input, and never on a command line."""

    variables: Mapping[str, str] = {}
    password: str | None = None


def run(argv: Sequence[str], connection: Mapping[str, Any], hands: Hands, *, stdin: bytes = b"") -> Found:
    """Run a program on the machine of a connection request, and keep what it prints."""
    out, err = _Kept(), _Kept()
    ended = perform(Command(tuple(argv), looked_for=True), connection, hands, out=out.take, err=err.take, stdin=stdin)
    return Found(ended.exit_code, out.text(), err.text())


def perform(
    command: Command,
    connection: Mapping[str, Any],
    hands: Hands,
    *,
    out: Write,
    err: Write,
    stdin: bytes = b"",
    secret: Secret = Secret(),  # noqa: B008 a frozen value
) -> Ended:
    """Run a command on the machine of a connection request; its streams go to `out` and `err` as they come."""
    values = b"".join(fed(value, f"the variable {name}") for name, value in secret.variables.items())
    password = None if secret.password is None else bytes_of(secret.password, "the password of sudo")
    mark = f"steady-{chance.token_hex(8)}"
    text = line(script(command, mark))
    with Session(connection, hands) as session:
        channel = session.channel()
        session.ask(channel, text)
        said = Said(mark.encode("ascii"), err)
        watched = Run(channel, session.host, said, out, hands, Fed(values, stdin, password))
        try:
            return watched.until_the_end()
        except (Cancelled, TimedOut) as stopped:
            how = _end(session, said.pids, command.sudo, password)
            raise type(stopped)(f"{stopped.message}; {how}", stopped.hint, unsure=True) from None
        finally:
            with suppress(Exception):
                channel.close()


def _end(session: Session, pids: Sequence[int], sudo: Sudo | None, password: bytes | None) -> str:
    """End what a command started, over a channel of its own; in words, what came of it."""
    if not pids:
        return "its channel was closed before it said which process it is"
    shown = ", ".join(str(pid) for pid in pids)
    kept, mark = _Kept(), f"steady-{chance.token_hex(8)}"
    command = Command(("/bin/sh", "-c", ladder(pids)), sudo=sudo)
    lent = _Last(ENDING)
    try:
        channel = session.connection.transport.open_session(timeout=ENDING / 2)
        session.ask(channel, line(script(command, mark)), ENDING / 2)
        said = Said(mark.encode("ascii"), _nowhere)
        Run(channel, session.host, said, kept.take, lent, Fed(password=password)).until_the_end()
        channel.close()
    except Exception as problem:  # noqa: BLE001 whatever is wrong, the step ends; what could not be done is said
        why = " ".join(str(problem).split())[:200] or type(problem).__name__
        return f"the process {shown} on {session.host} could not be ended: {why}"
    words = kept.text().split()
    if words[:1] == ["ended"]:
        return "it ended by itself" if words[1:] == ["itself"] else f"SIG{words[1]} ended it"
    return f"the process {shown} on {session.host} could not be ended"


def _nowhere(data: bytes) -> None:
    del data


# --- sessions on shared connections


class Session:
    """A place among those that a connection has for commands; given back when the block ends."""

    def __init__(self, connection: Mapping[str, Any], hands: Hands) -> None:
        self._request = connection
        self._hands = hands
        self._held: Connection | None = None
        self._in_use = False

    @property
    def connection(self) -> Connection:
        """The connection that the session is on."""
        assert self._held is not None  # noqa: S101 there is one from the first `channel` on
        return self._held

    @property
    def host(self) -> str:
        """The machine as people write it."""
        return self.connection.hop.shown

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    def channel(self, kind: Callable[[Any, float], Any] | None = None) -> Any:
        """A channel on a connection that lives. Raises a HandlerError; nothing was asked for yet."""
        return self._opened(kind or (lambda transport, left: transport.open_session(timeout=left)))

    def _opened(self, kind: Callable[[Any, float], Any]) -> Any:
        lost, refused, paramiko = 0, 0, client()
        while True:
            self._held = connected(self._request, self._hands)
            self._take_turn()
            try:
                return kind(self.connection.transport, self._patience())
            except HandlerError:
                self._release()
                raise
            except (paramiko.SSHException, OSError, EOFError) as problem:
                self._release()
                alone = not self.connection.turns.taken()
                late = "Timeout" in str(problem)
                if self.connection.alive() and not (late and alone):
                    # Its limit is lower than ours, or it is slow: wait until others have ended. The connection is not
                    # to be closed under them.
                    refused = refused + 1 if alone else 0
                    if refused == PATIENT:
                        what = f"{self.host} takes no session: {getattr(problem, 'text', '') or problem}"
                        raise Refused(what, "look at MaxSessions in its sshd_config") from problem
                    self._hands.wait(5 * TURN)
                    continue
                self.connection.close()
                lost += 1
                if lost == TRIES:
                    raise Unreachable(f"{self.host} no longer answers: {problem}", "look at the network") from problem

    def ask(self, channel: Any, text: str, patience: float = 0.0) -> None:
        """Ask for a command. From here on it may have had an effect."""
        paramiko = client()
        channel.settimeout(patience or self._patience())
        try:
            channel.exec_command(text)
        except (paramiko.SSHException, OSError, EOFError) as problem:
            if self.connection.alive():
                what = f"{self.host} does not run commands for this user"
                raise Refused(what, "the account may be there for files alone: ask whoever runs the host") from problem
            what = f"the connection to {self.host} was lost as the command was sent"
            raise Unreachable(what, "whether it began is not known: look", unsure=True) from problem
        channel.settimeout(0.0)

    def _patience(self) -> float:
        return max(0.1, min(self._hands.remaining(), self.connection.hop.connect_timeout))

    def _take_turn(self) -> None:
        while not self.connection.turns.take():
            self._hands.wait(TURN)
            if self._hands.cancelled():
                raise Cancelled("told to stop while it waited for its turn on the connection")
            if self._hands.remaining() <= 0:
                raise TimedOut("its time was over before its turn on the connection came", "limit how many run at once")
        self._in_use = True

    def _release(self) -> None:
        if self._in_use:
            self._in_use = False
            self.connection.turns.give()


def client() -> Any:
    """The client's package. Raises Refused when it is not installed."""
    # It imports a task runner for `Match exec`, two fifths of its cost, and does without: None says not to import it.
    modules: dict[str, Any] = sys.modules
    unneeded = modules.setdefault("invoke", None)
    try:
        import paramiko  # noqa: PLC0415 the client is not for `validate`
    except ImportError as problem:
        raise Refused(f"`ssh` needs the package {MODULE}", f"pip install 'steadyhand[{EXTRA}]'") from problem
    finally:
        if unneeded is None:
            modules.pop("invoke", None)
    logger = logging.getLogger(MODULE)
    if not logger.handlers:  # it would write to the terminal what is said by us, in our words
        logger.addHandler(logging.NullHandler())
    return paramiko


def connected(connection: Mapping[str, Any], hands: Hands) -> Connection:
    """The connection to the machine of a request, that of the run where there is one. Raises a HandlerError."""
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was begun")
    if hands.remaining() <= 0:
        raise TimedOut("its time was over before it was begun", "give the step a longer `timeout:`")
    client()
    from . import _ssh_keys, _ssh_login  # noqa: PLC0415 the client is not for `validate`

    def read(path: str) -> _ssh_config.Lines:
        return hands.shared(f"ssh config {path}", lambda: _ssh_config.lines(path), lambda _: None)

    way = _ssh_route.hops(connection, _ssh_route.here(hands.cwd), hands.reveal, read)
    known = {name: hands.reveal(connection[name]) for name in ("password", "passphrase") if name in connection}
    held = _ssh_keys.Secrets(**known)

    def reach(index: int) -> Connection:
        through = reach(index - 1) if index else None
        return hands.shared(
            _key(way[: index + 1], held),
            lambda: _ssh_login.login(way[index], through, hands, held),
            lambda made: made.close(),
            lambda made: made.alive(),
        )

    return reach(len(way) - 1)


def _key(way: Sequence[_ssh_route.Hop], held: Any) -> str:
    """All that a connection depends on. Secrets of several runbooks may have one name, so their values count."""
    from msgspec import to_builtins  # noqa: PLC0415 as above

    said = json.dumps([to_builtins(way), held.password, held.passphrase], sort_keys=True)
    return f"ssh {way[-1].user}@{way[-1].shown} {hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()}"


class _Kept:
    """The beginning of a stream."""

    def __init__(self) -> None:
        self._data = bytearray()

    def take(self, data: bytes) -> None:
        room = MOST - len(self._data)
        if room > 0:
            self._data += data[:room]

    def text(self) -> str:
        return self._data.decode("utf-8", "surrogateescape")


class _Last:
    """The hands of an ending: it has its own time, and is not stopped by what stopped the command."""

    def __init__(self, seconds: float) -> None:
        import time  # noqa: PLC0415 for a rare end

        self._now = time.monotonic
        self._over = time.monotonic() + seconds

    def remaining(self) -> float:
        return self._over - self._now()

    def cancelled(self) -> bool:
        return False


__all__ = [
    "Command",
    "Ended",
    "Found",
    "HandlerError",
    "Secret",
    "Session",
    "Sudo",
    "bytes_of",
    "client",
    "connected",
    "perform",
    "run",
]
