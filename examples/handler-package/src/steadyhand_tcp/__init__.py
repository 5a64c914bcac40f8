"""`tcp`: does a port answer, and what does it say?

A whole handler: the specification, a pure `plan`, a `preflight`, and a `perform` that watches its hands. What a step
saw and what it could not tell are different things: a refused connection is an answer (`connected: false`, which an
expectation can hold against), a name without an address is not (`Unreachable`, the step's outcome is `error`).
"""

from __future__ import annotations

import errno
import re
import select
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from steadyhand.errors import BadInput, Cancelled, TimedOut, Unreachable
from steadyhand.handlers.protocol import Hands
from steadyhand.model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target

GLANCE = 0.1
"""Seconds between two looks at a cancellation."""
PIECE = 64 * 1024
"""Bytes read at once."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """Connecting only looks. Whoever sends something has to say with `effect:` that it only looks as well."""
    return Effect.CHANGE if "send" in params else Effect.READ


spec = HandlerSpec(
    name="tcp",
    summary="Connect to a port, and read what it says.",
    short="address",
    params=(
        Param("address", "text", "Host and port.", "{{ inputs.host }}:5432", required=True, secret=False),
        Param("send", "text", "What to send once connected.", "PING\r\n"),
        Param("until", "text", "Read until this text has come; else until the other side closes.", "+PONG"),
    ),
    results={
        "connected": "whether the port accepted the connection",
        "reason": "why it did not; empty when it did",
        "answer": "what came, at most 1 MiB of it; empty unless `send` or `until` is given",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"connected": True},
    effect_of=effect_of,
    capabilities=Capabilities(cancel=True, stream=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """Pure: what would be done, for people and for the digest that an approval is bound to. Texts stay `Text`s."""
    if target is not None:
        raise BadInput("a `tcp` step takes no target", "write the host into `address`")
    _split(params["address"].masked())
    lines = [f"connect to {params['address'].masked()}"]
    lines += [
        f"{word} {params[name].masked()!r}"
        for name, word in (("send", "send"), ("until", "read until"))
        if name in params
    ]
    return Plan("tcp", "\n".join(lines), dict(params))


def _split(address: str) -> tuple[str, int]:
    """Host and port. Raises BadInput: nothing has been sent."""
    found = re.fullmatch(r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]\s]+)):(?P<port>\d{1,5})", address)
    if found is None or not 0 < int(found["port"]) < 65_536:
        raise BadInput(f"{address!r} is no address", "write host:port, and [::1]:port for IPv6")
    return found["v6"] or found["host"], int(found["port"])


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Could it be done right now? Changes nothing, and reveals no secret."""
    del hands
    host, _ = _split(plan.request["address"].masked())
    try:
        _resolve(host)
    except Unreachable as problem:
        return [Need(f"an address for {host}", False, problem.message, problem.hint)]
    return [Need(f"an address for {host}", True)]


def perform(plan: Plan, hands: Hands) -> Result:
    """Do it, once. Plain blocking code is right here, as long as it watches `hands`."""
    start = time.monotonic()
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was started")
    host, port = _split(hands.reveal(plan.request["address"]))
    talks = "send" in plan.request or "until" in plan.request
    with closing(socket.socket(*_resolve(host))) as connection:
        reason = _connect(connection, host, port, hands)
        if not reason and talks:
            _talk(connection, plan, hands)
    return Result(
        {
            "connected": not reason,
            "reason": reason,
            "answer": hands.sink("answer").text() if talks else "",
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def _resolve(host: str) -> tuple[socket.AddressFamily, socket.SocketKind]:
    try:
        family, kind, *_ = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as problem:
        raise Unreachable(f"{host} has no address: {problem.strerror}", "check the name, and the DNS here") from None
    return family, kind


def _connect(connection: socket.socket, host: str, port: int, hands: Hands) -> str:
    """'' once connected, else why not."""
    connection.setblocking(False)
    code = connection.connect_ex((host, port))
    if code == errno.EINPROGRESS:
        _ready(connection, hands, write=True, unsure=False)
        code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return "" if not code else errno.errorcode.get(code, str(code))


def _ready(connection: socket.socket, hands: Hands, *, write: bool, unsure: bool) -> None:
    """Wait for the socket, but not past the deadline or a cancellation. `unsure`: something may have had an effect."""
    poll = select.poll()
    poll.register(connection, select.POLLOUT if write else select.POLLIN)
    while not hands.cancelled():
        if hands.remaining() <= 0:
            raise TimedOut("the port had not answered in time", "give the step a longer `timeout:`", unsure=unsure)
        wait = min(GLANCE, max(0.0, hands.remaining()))
        if poll.poll(wait * 1000):
            return
    raise Cancelled("it was told to stop before the port had answered", unsure=unsure)


def _talk(connection: socket.socket, plan: Plan, hands: Hands) -> None:
    """Send, then read into the sink piece by piece: never more than one piece is in memory."""
    changes = "send" in plan.request
    # A secret is revealed where it is used, and kept nowhere.
    out = hands.reveal(plan.request["send"]).encode("utf-8", "surrogateescape") if changes else b""
    wanted = hands.reveal(plan.request["until"]).encode("utf-8", "surrogateescape") if "until" in plan.request else b""
    while out:
        _ready(connection, hands, write=True, unsure=changes)
        out = out[connection.send(out) :]
    sink, seen = hands.sink("answer"), b""
    while not wanted or wanted not in seen:
        _ready(connection, hands, write=False, unsure=changes)
        try:
            piece = connection.recv(PIECE)
        except ConnectionError as problem:
            raise Unreachable(f"the connection was lost: {problem.strerror}", unsure=changes) from None
        if not piece:
            return
        sink.write(piece)
        seen = (seen + piece)[-(PIECE + len(wanted)) :]
