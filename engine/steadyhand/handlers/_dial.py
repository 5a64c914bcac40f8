"""Host, port and a TCP connection that keeps to its time: for the probes (`tcp`, `tls`) that look at a port.

What a port does is an answer, and is returned in words; a name without an address is Unreachable, for then nobody was
asked. A name is resolved in a thread beside the attempt's own, since a resolver cannot be interrupted.
"""

from __future__ import annotations

import errno
import re
import select
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, Cancelled, TimedOut, Unreachable
from ..model import Need, Text

if TYPE_CHECKING:
    from .protocol import Hands

PATIENCE = 5_000_000
"""Microseconds that a connection may take unless the step says otherwise."""
GLANCE = 0.1
"""Seconds between two looks at whether the attempt was told to stop."""
MARGIN = 0.9
"""The share of the step's time after which a connection that has not come is an answer, and no end of the time."""
REASONS: Mapping[int, str] = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ETIMEDOUT: "timed out",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "the network is unreachable",
    errno.EACCES: "not permitted on this machine",
    errno.EPERM: "not permitted on this machine",
}
"""errno of a connection that did not come about, in words."""


def split(address: Text, default: int = 0) -> tuple[str, int]:
    """Host and port of an address. Raises BadInput; nothing was asked."""
    if address.secrets:
        raise BadInput("a secret cannot stand in `address`: where a step looks is shown to people", "write the name")
    text = address.masked()
    found = re.fullmatch(r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]\s/@]+))(?::(?P<port>[0-9]{1,5}))?", text)
    port = int(found["port"] or default) if found else 0
    if found is None or not 0 < port < 65_536:
        raise BadInput(f"{text[:80]!r} is no address", "write host:port, and [::1]:port for IPv6")
    return found["v6"] or found["host"], port


def joined(host: str, port: int) -> str:
    """As people write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def resolve(host: str, port: int, hands: Hands) -> list[Any]:
    """The addresses of a name, as the socket module gives them. Raises Unreachable when it has none."""
    from ._place import connected  # noqa: PLC0415 only when a step runs

    def look() -> list[Any]:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    try:
        return connected(look, lambda _: None, host, hands)
    except (OSError, UnicodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is no name"
        raise Unreachable(f"the name {host} has no address: {why}", "check the name, and the DNS here") from None


def named(host: str, port: int, hands: Hands) -> list[Need]:
    """For a preflight: whether the name has an address. Nobody is connected to."""
    try:
        resolve(host, port, hands)
    except (Unreachable, TimedOut) as problem:
        return [Need(f"an address for {host}", False, problem.message, problem.hint)]
    return [Need(f"an address for {host}", True)]


def connect(host: str, port: int, hands: Hands, patience: int = PATIENCE) -> tuple[socket.socket | None, str, str]:
    """A connection, the address it goes to, and ''; or nothing, the last address tried, and why not.

    Every address of the name is tried in turn. The connection does not block. Raises Unreachable for a name without an
    address, Cancelled, and TimedOut when even the name was not resolved in time.
    """
    start_checks(hands)
    over = time.monotonic() + min(patience / 1_000_000, max(0.0, hands.remaining()) * MARGIN)
    found, tried = resolve(host, port, hands), ("", "timed out")
    for index, (family, kind, protocol, _, where) in enumerate(found):
        left = max(0.0, over - time.monotonic()) / (len(found) - index)
        connection, tried = _attempt((family, kind, protocol), where, left, hands)
        if connection is not None:
            return connection, tried[0], ""
    return None, *tried


def start_checks(hands: Hands) -> None:
    """Raises Cancelled or TimedOut for an attempt that is over before it has begun."""
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was started")
    if hands.remaining() <= 0:
        raise TimedOut("its time was over before it was started", "give the step a longer `timeout:`")


def _attempt(
    kind: tuple[int, int, int], where: Any, patience: float, hands: Hands
) -> tuple[socket.socket | None, tuple[str, str]]:
    over, shown = time.monotonic() + patience, joined(where[0], where[1])
    connection = socket.socket(*kind)
    try:
        code = _code(connection, where, over, hands)
    except BaseException:
        connection.close()
        raise
    if code:
        connection.close()
        return None, (shown, REASONS.get(code, errno.errorcode.get(code, str(code))))
    with suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection, (shown, "")


def _code(connection: socket.socket, where: Any, over: float, hands: Hands) -> int:
    """0 once connected, else errno."""
    connection.setblocking(False)
    code = connection.connect_ex(where)
    if code != errno.EINPROGRESS:
        return code
    while (left := over - time.monotonic()) > 0:
        if wait(connection, select.POLLOUT, min(GLANCE, left)):
            return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if hands.cancelled():
            raise Cancelled("it was told to stop while connecting")
    return errno.ETIMEDOUT


def wait(connection: socket.socket, what: int, seconds: float) -> bool:
    """Whether the socket became ready for it in that time."""
    poll = select.poll()
    poll.register(connection, what)
    return bool(poll.poll(seconds * 1000))


def ready(connection: socket.socket, hands: Hands, *, write: bool, unsure: bool = False) -> None:
    """Wait for the socket, but not past the deadline or a cancellation. `unsure`: something may have had an effect."""
    what = select.POLLOUT if write else select.POLLIN
    while not hands.cancelled():
        left = hands.remaining()
        if left <= 0:
            raise TimedOut("the port had not answered in time", "give the step a longer `timeout:`", unsure=unsure)
        if wait(connection, what, min(GLANCE, left)):
            return
    raise Cancelled("it was told to stop before the port had answered", unsure=unsure)
