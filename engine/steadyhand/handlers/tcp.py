"""`tcp`: does a port answer, and what does it say?

What a step saw and what it could not tell are different things: a refused connection is an answer (`connected: false`,
which an expectation can hold against), a name without an address is not. Connecting only looks; whoever sends
something has to say with `effect: read` that this only looks as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, Unreachable
from ..model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target, unknown_in
from ._texts import bytes_of, text_of

if TYPE_CHECKING:
    import socket

    from .protocol import Hands

LIMIT = 1024 * 1024
"""Bytes that are read unless the step says otherwise."""
PIECE = 64 * 1024
"""Bytes read at once."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """Connecting only looks. What is sent may do anything."""
    return Effect.CHANGE if "send" in params else Effect.READ


spec = HandlerSpec(
    name="tcp",
    summary="Connect to a port, and read what it says.",
    short="address",
    params=(
        Param("address", "text", "Host and port.", "{{ inputs.host }}:5432", required=True, secret=False),
        Param("send", "text", "What to send once connected. A change, unless `effect: read` is declared.", "ruok"),
        Param("until", "text", "Read until this text has come; else, until the other side closes.", "imok"),
        Param("limit", "size", "Read no more than that; 1 MiB unless said.", "64KiB"),
        Param("connect_timeout", "duration", "How long the connection may take; 5s unless said.", "2s"),
    ),
    results={
        "connected": "whether the port took the connection",
        "reason": "why it did not (refused, timed out, no route to the host); empty when it did",
        "received": "what came, at most 1 MiB of it; empty unless `send`, `until` or `limit` is given",
        "address": "the address that answered, or the last one that was tried",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"connected": True},
    effect_of=effect_of,
    capabilities=Capabilities(cancel=True, stream=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """What would be connected to and sent, with secrets by name. Raises BadInput."""
    from . import _dial  # noqa: PLC0415 sockets are not for `validate`

    if target is not None:
        raise BadInput("a `tcp` step takes no target", "write the host into `address`")
    request: dict[str, Any] = {name: text_of(params[name]) for name in ("address", "send", "until") if name in params}
    request |= {name: params[name] for name in ("limit", "connect_timeout") if name in params}
    if not unknown_in(request["address"]):
        _dial.split(request["address"])
    for name in ("limit", "connect_timeout"):
        if request.get(name, 1) <= 0:
            raise BadInput(f"`{name}` must be above 0", f"leave `{name}` out, or give more")
    if "until" in request and not request["until"].parts:
        raise BadInput("`until` is empty", "leave it out, and all that comes is read")
    lines = [f"connect to {request['address'].masked()}"]
    lines += [f"{w} {request[n].masked()!r}" for n, w in (("send", "send"), ("until", "read until")) if n in request]
    return Plan("tcp", "\n".join(lines), request)


def perform(plan: Plan, hands: Hands) -> Result:
    """Connect, once; send and read what is asked for."""
    import time  # noqa: PLC0415 not for `validate`

    from . import _dial  # noqa: PLC0415 as above

    start, request = time.monotonic(), plan.request
    host, port = _dial.split(request["address"])
    patience = request.get("connect_timeout", _dial.PATIENCE)
    connection, address, reason = _dial.connect(host, port, hands, patience)
    talks = bool(request.keys() & {"send", "until", "limit"})
    if connection is not None:
        with connection:
            if talks:
                _talk(connection, request, hands)
    return Result(
        {
            "connected": connection is not None,
            "reason": reason,
            "received": hands.sink("received").text() if talks else "",
            "address": address,
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the name has an address. Nobody is connected to."""
    from . import _dial  # noqa: PLC0415 sockets are not for `validate`

    return _dial.named(*_dial.split(plan.request["address"]), hands)


def _talk(connection: socket.socket, request: Mapping[str, Any], hands: Hands) -> None:
    """Send, then read into the sink piece by piece: never more than one piece is in memory."""
    from . import _dial  # noqa: PLC0415 sockets are not for `validate`

    changes = "send" in request
    wanted = bytes_of(hands.reveal(request["until"]), "`until`") if "until" in request else b""
    out = bytes_of(hands.reveal(request["send"]), "`send`") if changes else b""
    gone = False
    try:
        while out:
            _dial.ready(connection, hands, write=True, unsure=gone)
            out, gone = out[connection.send(out) :], changes
        left, sink, seen = request.get("limit", LIMIT), hands.sink("received"), b""
        while left > 0 and (not wanted or wanted not in seen):
            _dial.ready(connection, hands, write=False, unsure=gone)
            piece = connection.recv(min(PIECE, left))
            if not piece:
                return
            sink.write(piece)
            left -= len(piece)
            seen = (seen + piece)[-(PIECE + len(wanted)) :] if wanted else b""
    except OSError as problem:
        what = f"the connection was lost: {problem.strerror}"
        raise Unreachable(what, "look at the server's log", unsure=gone) from None
