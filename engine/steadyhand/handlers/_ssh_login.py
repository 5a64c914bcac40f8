"""Reaching a machine and logging in: a socket, a transport, its host key, our keys.

Called by _ssh for every hop, inside `hands.shared`, and imported when a step runs: the client costs nine times the
interpreter's own start. Everything in here is watched: a step that is told to stop, or whose time is over, has the
socket closed under it, which ends whatever waits on it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import paramiko

from ..errors import Cancelled, HandlerError, Refused, TimedOut, Unreachable
from . import _ssh_keys, _ssh_known
from ._ssh_route import Hop
from .protocol import Hands

GLANCE = 0.02
"""Seconds between two looks at whether a connection has come about, and at whether it is still wanted."""
SESSIONS = 8
"""Commands at once on one connection: a server takes ten sessions unless told, and two stay free to end the others."""
AT_ONCE = 32
"""Logins under way at once in a run: they are work for this machine's processors, and more only make each late."""
SILENT = 3
"""Keep-alives without an answer after which a connection is given up by the kernel."""
SHA2 = ("rsa-sha2-512", "rsa-sha2-256")


class Turns:
    """The places that a connection has for commands. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def take(self) -> bool:
        """A place, if one is free."""
        with self._lock:
            if self._count == SESSIONS:
                return False
            self._count += 1
            return True

    def give(self) -> None:
        """The place is free again."""
        with self._lock:
            self._count -= 1

    def taken(self) -> bool:
        """Whether anybody has a place."""
        return self._count > 0


class Connection:
    """A machine, logged in to. Shared by all steps of a run; safe from any thread."""

    def __init__(self, hop: Hop, transport: paramiko.Transport, helper: subprocess.Popen[bytes] | None) -> None:
        self.hop = hop
        self.transport = transport
        self.turns = Turns()
        self._helper = helper

    def alive(self) -> bool:
        """As far as can be told without asking."""
        return bool(self.transport.is_active())

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError, AttributeError):  # its thread would look only once in a while
            self.transport.sock.shutdown(socket.SHUT_RDWR)
        self.transport.close()
        _end(self._helper)


def login(hop: Hop, through: Connection | None, hands: Hands, secrets: _ssh_keys.Secrets) -> Connection:
    """Reach a machine, check that it is the one, and log in. Raises a HandlerError; nothing was run."""
    places = hands.shared("ssh logins", lambda: threading.BoundedSemaphore(AT_ONCE), lambda _: None)
    while not places.acquire(timeout=GLANCE):
        _still_wanted(hop, hands)
    try:
        return _login(hop, through, hands, secrets)
    finally:
        places.release()


def _still_wanted(hop: Hop, hands: Hands) -> None:
    if hands.cancelled():
        raise Cancelled(f"told to stop before {hop.shown} was reached")
    if hands.remaining() <= 0:
        raise TimedOut(f"its time was over before {hop.shown} was reached", "give the step a longer `timeout:`")


def _login(hop: Hop, through: Connection | None, hands: Hands, secrets: _ssh_keys.Secrets) -> Connection:
    watch = _Watch(hop, hands)
    helper: subprocess.Popen[bytes] | None = None
    transport: paramiko.Transport | None = None
    try:
        with watch:
            sock, helper = _socket(hop, through, watch)
            transport = _transport(hop, sock, watch)
            _ssh_keys.authenticate(transport, hop, hands, secrets, watch.left)
            return Connection(hop, transport, helper)
    except BaseException as problem:
        if transport is not None:
            transport.close()
        _end(helper)
        raise watch.named(problem) from problem


class _Watch:
    """Closes what a login waits on when it is told to stop, and says why it ended. Time is kept by each wait itself."""

    def __init__(self, hop: Hop, hands: Hands) -> None:
        self._hop = hop
        self._hands = hands
        self._over = hands.remaining() - min(hop.connect_timeout, max(hands.remaining(), 0.0))
        self._closes: list[Callable[[], object]] = []
        self._ended = False

    def __enter__(self) -> None:
        self._hands.on_cancel(self._close)

    def __exit__(self, *_: object) -> None:
        self._ended = True  # from here on the connection is everybody's

    def left(self) -> float:
        """Seconds."""
        return self._hands.remaining() - self._over

    def guard(self, close: Callable[[], object]) -> None:
        """Have this called when the login is no longer wanted."""
        self._closes.append(close)

    def check(self) -> None:
        """Raises when the login is no longer wanted."""
        if self._hands.cancelled():
            raise Cancelled(f"told to stop before {self._hop.shown} was reached")
        if self.left() <= 0:
            raise self._late()

    def _close(self) -> None:
        if not self._ended:
            for close in self._closes:
                with suppress(Exception):
                    close()

    def _late(self) -> HandlerError:
        if self._hands.remaining() <= 0:
            return TimedOut(
                f"its time was over before {self._hop.shown} was reached", "give the step a longer `timeout:`"
            )
        hint = "look at the network and at the load there, or raise the target's `connect_timeout`"
        return Unreachable(f"{self._hop.shown} had not let us in after {self._hop.connect_timeout:g} s", hint)

    def named(self, problem: BaseException) -> BaseException:
        """The failure by its name; a bug of ours as it is."""
        if self._hands.cancelled() and not isinstance(problem, Cancelled):
            return Cancelled(f"told to stop before {self._hop.shown} was reached")
        if isinstance(problem, HandlerError):
            return problem
        if self.left() <= 0:
            return self._late()
        if isinstance(problem, (paramiko.SSHException, OSError, EOFError)):
            return _failure(self._hop, problem)
        return problem


def _failure(hop: Hop, problem: BaseException) -> HandlerError:
    text = str(problem) or type(problem).__name__
    if isinstance(problem, paramiko.ssh_exception.IncompatiblePeer):
        return Refused(f"no common algorithms with {hop.shown}: {text}", "update the SSH server there")
    if "banner" in text:
        return Unreachable(
            f"{hop.shown} does not answer as an SSH server", "is it the right port? Does sshd run there?"
        )
    hint = "look at the SSH server's log there (it may take no more logins at once: MaxStartups)"
    return Unreachable(f"{hop.shown} hung up before we were logged in: {text}", hint)


# --- sockets


def _socket(hop: Hop, through: Connection | None, watch: _Watch) -> tuple[Any, subprocess.Popen[bytes] | None]:
    if hop.proxy:
        return _through_a_command(hop, watch)
    if through is None:
        return _direct(hop, watch), None
    try:
        channel = through.transport.open_channel(
            "direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=watch.left()
        )
    except paramiko.ChannelException as problem:
        what = f"{through.hop.shown} cannot reach {hop.address}:{hop.port}: {problem.text or 'refused'}"
        raise Unreachable(what, "look at the name, the port and the firewall as that host sees them") from problem
    watch.guard(channel.close)
    return channel, None


def _direct(hop: Hop, watch: _Watch) -> socket.socket:
    last: OSError | None = None
    for family, kind, protocol, _, place in _resolved(hop, watch):
        sock = socket.socket(family, kind, protocol)
        watch.guard(sock.close)
        try:
            sock.setblocking(False)
            _connect(sock, place, watch)
            _tuned(sock, hop.keepalive)
        except OSError as problem:
            sock.close()
            last = problem
        else:
            return sock
    hint = "is its SSH server running, and on that port?"
    why = last.strerror if last else "no address"
    raise Unreachable(f"{hop.host} ({hop.address}:{hop.port}) cannot be reached: {why}", hint)


def _connect(sock: socket.socket, place: Any, watch: _Watch) -> None:
    import select  # noqa: PLC0415 only here, and only for machines that are reached directly

    with suppress(BlockingIOError):
        sock.connect(place)
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    while not poll.poll(GLANCE * 1000):
        watch.check()
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


def _tuned(sock: socket.socket, keepalive: float) -> None:
    """No waiting for company before a packet leaves (a command would lose 40 ms), and an end to silence."""
    sock.setblocking(True)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    patience = int(max(SILENT * keepalive, 10) * 1000)
    with suppress(OSError, AttributeError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)


def _resolved(hop: Hop, watch: _Watch) -> list[Any]:
    """The addresses of a name. The resolver cannot be interrupted, so it is asked in a thread that may be left."""
    with suppress(OSError, UnicodeError):
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return list(socket.getaddrinfo(hop.address, hop.port, type=socket.SOCK_STREAM, flags=numeric))
    answer: list[Any] = []
    done = threading.Event()

    def ask() -> None:
        try:
            answer.append(socket.getaddrinfo(hop.address, hop.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as problem:
            answer.append(problem)
        done.set()

    threading.Thread(target=ask, name=f"resolve {hop.address}", daemon=True).start()
    while not done.wait(GLANCE):
        watch.check()
    if isinstance(answer[0], Exception):
        why = getattr(answer[0], "strerror", "") or str(answer[0])
        raise Unreachable(f"the name {hop.address} has no address: {why}", "check the name, and the DNS here")
    return list(answer[0])


def _through_a_command(hop: Hop, watch: _Watch) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """A socket whose other end is a ProxyCommand, run as OpenSSH runs it."""
    ours, theirs = socket.socketpair()
    watch.guard(ours.close)
    with theirs:
        helper = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {hop.proxy}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    watch.guard(lambda: _end(helper))
    return ours, helper


def _end(helper: subprocess.Popen[bytes] | None) -> None:
    if helper is not None and helper.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(helper.pid, signal.SIGKILL)
        helper.wait()


# --- the transport and its host key


def _transport(hop: Hop, sock: Any, watch: _Watch) -> paramiko.Transport:
    """Keys agreed on, and the host's key checked. Raises Refused for a host that is not the one."""
    known = _ssh_known.lines(hop.known_hosts, hop.name, hop.port)
    transport = _Transport(sock)
    transport.daemon = True
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = max(watch.left(), GLANCE)
    watch.guard(transport.close)
    _prefer(transport, known)
    transport.start_client(timeout=max(watch.left(), GLANCE))
    watch.check()
    key = transport.get_remote_server_key()
    path = hop.known_hosts[0] if hop.known_hosts else os.path.expanduser("~/.ssh/known_hosts")
    _ssh_known.check(hop.shown, hop.name, hop.port, (key.get_name(), key.asbytes()), known, path)
    transport.set_keepalive(max(1, round(hop.keepalive)))
    return transport


def _prefer(transport: paramiko.Transport, known: tuple[_ssh_known.Line, ...]) -> None:
    """Ask the host for a key of a kind that is filed, as OpenSSH does: it has several."""
    options = transport.get_security_options()
    filed = [name for kind in _ssh_known.kinds(known) for name in (SHA2 if kind == "ssh-rsa" else (kind,))]
    first = [name for name in filed if name in options.key_types]
    options.key_types = (*first, *(name for name in options.key_types if name not in first))


def _requested(channel: Any, message: paramiko.Message) -> None:
    """What the other side says of a channel. The client passes over by which signal a command ended."""
    place = message.packet.tell()
    if message.get_text() == "exit-signal":
        message.get_boolean()
        channel.ended_by = message.get_text()
        channel.status_event.set()
        return
    message.packet.seek(place)
    channel._handle_request(message)  # noqa: SLF001 the client's own, which stands in its table


class _Transport(paramiko.Transport):  # type: ignore[misc]  # the client has no types
    """The client's transport, which also hears of signals.

    Not its newer one, which may miss the answer to a login and then waits for ever: it looks out only after asking.
    """

    _channel_handler_table: ClassVar = {
        **paramiko.Transport._channel_handler_table,  # noqa: SLF001 there is no other way to hear of it
        paramiko.common.MSG_CHANNEL_REQUEST: _requested,
    }
