"""One question to the DNS, and its answer as plain values. Called by `dns` when a step runs.

The package writes and reads the messages; the sockets are ours, so that a step that is told to stop does so while it
waits. A question that gets no answer over UDP is sent again, to the next server and in ever longer turns, until the
step's time is over.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BadInput, BadResponse, Cancelled, Refused, TimedOut, Unreachable
from ..model import Result
from . import _dial
from ._dns_names import checked, server_of
from .protocol import Hands

TURN = 1.0
"""Seconds that a server is waited for at first; each round through all of them doubles it."""
LONGEST_TURN = 8.0
PAYLOAD = 1232
"""Bytes of an answer over UDP: what passes every network in one piece."""
HEADER = 12
RECEIVED = 65_535


def perform(request: Mapping[str, Any], hands: Hands) -> Result:
    """Ask, until there is an answer or the time is over."""
    _dial.start_checks(hands)
    start = time.monotonic()
    query = _query(checked(hands.reveal(request["name"]), request["type"]), request["type"])
    servers = [server_of(request["server"].masked())] if "server" in request else _machine()
    servers, answer = (_over_tcp if request["tcp"] else _over_udp)(query, servers, hands)
    truncated = not request["tcp"] and _cut(answer)
    if truncated:
        servers, answer = _over_tcp(query, servers, hands)
    found = _read(query, answer, servers[0])
    return Result(
        {
            **_values(found, request["type"]),
            "server": _dial.joined(*servers[0]),
            "truncated": truncated,
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def _client() -> Any:
    try:
        import dns.message  # noqa: PLC0415 the client is not for `validate`
        import dns.resolver  # noqa: PLC0415 as above
    except ImportError as problem:
        raise Refused("`dns` needs the package dnspython", "pip install 'steadyhand[probes]'") from problem
    return dns


def _query(name: str, kind: str) -> Any:
    client = _client()
    try:
        whole = client.name.from_text(f"{name}.", idna_codec=client.name.IDNA_2003)
        return client.message.make_query(whole, kind, use_edns=0, payload=PAYLOAD)
    except (client.exception.DNSException, UnicodeError) as problem:
        raise BadInput(f"{name[:80]!r} is no name: {problem}", "write it as shop.example.com") from None


def _machine(path: str = "/etc/resolv.conf") -> list[tuple[str, int]]:
    """The servers that this machine asks."""
    client = _client()
    try:
        found = client.resolver.Resolver(path)
    except client.resolver.NoResolverConfiguration:
        found = None
    if found is None or not found.nameservers:
        raise Refused(f"this machine has no resolver: {path} names none", "name one with `server`")
    return [(str(address), found.port) for address in found.nameservers]


def _over_udp(query: Any, servers: Sequence[tuple[str, int]], hands: Hands) -> tuple[list[tuple[str, int]], bytes]:
    """The server that answered, alone in a list, and what it said."""
    wire, left, turn, why = query.to_wire(), list(servers), TURN, ""
    while left:
        for server in list(left):
            try:
                answer = _turn(wire, server, turn, hands)
            except OSError as problem:
                why = _why(problem)
                left.remove(server)
                continue
            if answer:
                return [server], answer
        turn = min(LONGEST_TURN, turn * 2)
    raise Unreachable(f"{_named(servers)} cannot be reached: {why}", "is it running, and is that its port?")


def _turn(wire: bytes, server: tuple[str, int], seconds: float, hands: Hands) -> bytes:
    """Send it to one server and wait for some time; nothing when no answer came. Raises OSError."""
    with socket.socket(_family(server), socket.SOCK_DGRAM) as asked:
        asked.setblocking(False)
        # Connected: the kernel lets through what comes from there alone, and says that nobody listens.
        asked.connect(server)
        asked.send(wire)
        over = time.monotonic() + seconds
        while _ready(asked, select.POLLIN, server, hands, over):
            try:
                answer = asked.recv(RECEIVED)
            except BlockingIOError:  # what came was damaged, and the kernel let it go
                continue
            if len(answer) >= HEADER and answer[:2] == wire[:2] and answer[2] & 0x80:
                return answer
    return b""


def _over_tcp(query: Any, servers: Sequence[tuple[str, int]], hands: Hands) -> tuple[list[tuple[str, int]], bytes]:
    """As over UDP. The first server that takes a connection is the one that is asked."""
    why = ""
    for server in servers:
        connection, _, why = _dial.connect(*server, hands)
        if connection is None:
            continue
        with connection:
            try:
                return [server], _exchanged(connection, query.to_wire(), server, hands)
            except OSError as problem:
                why = f"the connection was lost ({_why(problem)})"
    if why == "timed out":
        raise TimedOut(f"{_named(servers)} did not take a connection in time", "is there a firewall before it?")
    raise Unreachable(f"{_named(servers)} cannot be reached over TCP: {why}", "is it running, and is that its port?")


def _exchanged(connection: socket.socket, wire: bytes, server: tuple[str, int], hands: Hands) -> bytes:
    """Over TCP each message has its length before it."""
    out, came = struct.pack("!H", len(wire)) + wire, b""
    while out:
        _ready(connection, select.POLLOUT, server, hands)
        out = out[connection.send(out) :]
    while len(came) < 2 or len(came) < 2 + int.from_bytes(came[:2], "big"):
        _ready(connection, select.POLLIN, server, hands)
        piece = connection.recv(RECEIVED)
        if not piece:
            raise ConnectionResetError(errno.ECONNRESET, "closed")
        came += piece
    return came[2 : 2 + int.from_bytes(came[:2], "big")]


def _ready(asked: socket.socket, what: int, server: tuple[str, int], hands: Hands, over: float = 0.0) -> bool:
    """Wait for the socket; false once it is past `over`. Raises Cancelled and TimedOut."""
    where = _dial.joined(*server)
    while not hands.cancelled():
        left = hands.remaining()
        if left <= 0:
            raise TimedOut(f"{where} had not answered in time", "is it a DNS server, and may this machine ask it?")
        turn = over - time.monotonic() if over else left
        if turn <= 0:
            return False
        if _dial.wait(asked, what, min(_dial.GLANCE, left, turn)):
            return True
    raise Cancelled(f"it was told to stop before {where} had answered")


def _read(query: Any, answer: bytes, server: tuple[str, int]) -> Any:
    client, where = _client(), _dial.joined(*server)
    try:
        found = client.message.from_wire(answer, ignore_trailing=True)
    except (client.exception.DNSException, ValueError) as problem:
        raise BadResponse(f"the answer of {where} cannot be read: {problem}", "is it a DNS server?") from None
    if not query.is_response(found):
        raise BadResponse(f"the answer of {where} is to another question", "is it a DNS server?")
    return found


def _values(found: Any, kind: str) -> dict[str, Any]:
    client = _client()
    wanted = client.rdatatype.from_text(kind)
    records = sorted(record for records in found.answer if records.rdtype == wanted for record in records)
    return {
        "answers": [_text(record, kind) for record in records],
        "count": len(records),
        "rcode": client.rcode.to_text(found.rcode()),
        # A name that stands for another is kept no longer than each record on the way.
        "ttl": min(each.ttl for each in found.answer) if records else None,
        "authoritative": bool(found.flags & client.flags.AA),
    }


def _text(record: Any, kind: str) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "surrogateescape")
    if kind == "CAA":
        return str(record.to_text())
    words = record.to_text().split(" ")
    return " ".join(word[:-1] if word.endswith(".") and word != "." else word for word in words)


def _cut(answer: bytes) -> bool:
    """Whether the server says that not all of it is here."""
    return bool(answer[2] & 0x02)


def _family(server: tuple[str, int]) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in server[0] else socket.AF_INET


def _named(servers: Sequence[tuple[str, int]]) -> str:
    return ", ".join(_dial.joined(*server) for server in servers)


def _why(problem: OSError) -> str:
    return _dial.REASONS.get(problem.errno or 0, problem.strerror or "lost")
