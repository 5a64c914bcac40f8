"""A queue's depth or its purge, from the connection to the answer. Called by `amqp` when a step runs.

The connection is the step's own and is closed after it. The client cannot be interrupted, so it works in a thread
beside the attempt's own, and its socket is shut when the time is over. Until the purge has gone out, nothing can have
happened; from then on, a purge whose answer did not come is in doubt, and a person is asked.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from ..model import Need, Result
from ._amqp_url import NONE, place_of
from ._dial import start_checks
from ._place import authorities, connected
from ._texts import text_of
from .protocol import Hands

CONNECT = 5.0
"""Seconds that connecting and logging in may take unless the target says otherwise."""
GOODBYE = 1.0
"""Seconds that a polite end of the connection may take."""
NOT_FOUND = 404
REFUSALS: Mapping[int, tuple[str, str]] = {
    402: ("does not do that", "look at the broker's log"),
    403: ("does not let us", "look at the user's password and rights: rabbitmqctl list_permissions"),
    405: ("keeps that queue for somebody else", "it is exclusive to the connection that made it"),
    530: (
        "does not let us in",
        "look at the virtual host, and at who may use it: rabbitmqctl list_permissions -p VHOST",
    ),
}
"""A reply code to what is the matter and what to do: the server would not."""
SAID = re.compile(r"\((\d{3})\) (['\"])(.*?)\2(?:[,)]|$)")
"""The broker's own words inside those of the client."""
SYSTEM = re.compile(r"\w*[Ee]rror\(-?\d+, (['\"])(.*?)\1\)")
"""The system's words inside those of the client."""


def perform(request: Mapping[str, Any], hands: Hands) -> Result:
    """Look, and purge if that is asked for; once."""
    start_checks(hands)
    start, queue, purged = time.monotonic(), hands.reveal(request["queue"]), None
    with _session(request["server"], hands) as (connection, where):
        channel = _asked(connection.channel, where, hands, changes=False)
        found = _asked(lambda: channel.queue_declare(queue, passive=True), where, hands, changes=False)
        if found is not None and request["action"] == "purge":
            done = _asked(lambda: channel.queue_purge(queue), where, hands, changes=True)
            purged, found = (done.method.message_count, found) if done is not None else (None, None)
        server = _product(connection)
    return Result(
        {
            "found": found is not None,
            "messages": found.method.message_count if found is not None else None,
            "consumers": found.method.consumer_count if found is not None else None,
            "purged": purged,
            "server": server,
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def preflight(request: Mapping[str, Any], hands: Hands, where: str) -> list[Need]:
    """Whether the broker can be logged in to."""
    try:
        with _session(request["server"], hands):
            pass
    except HandlerError as problem:
        return [Need(f"login to {where}", False, problem.message, problem.hint or "look at the target")]
    return [Need(f"login to {where}", True)]


def _client() -> Any:
    try:
        import pika  # type: ignore[import-untyped]  # it has no types  # noqa: PLC0415 the client is not for `validate`
    except ImportError as problem:
        raise Refused("`amqp` needs the package pika", "pip install 'steadyhand[probes]'") from problem
    log = logging.getLogger("pika")
    if not log.handlers:  # what it has to say is in its exceptions, and would else be on the terminal as well
        log.addHandler(logging.NullHandler())
    return pika


def _failures() -> tuple[type[Exception], ...]:
    """What the client raises."""
    from pika.adapters.utils import connection_workflow  # type: ignore[import-untyped]  # noqa: PLC0415 as in `_client`

    return (_client().exceptions.AMQPError, connection_workflow.AMQPConnectorException, OSError, ValueError)


@contextmanager
def _session(server: Mapping[str, Any], hands: Hands) -> Iterator[tuple[Any, str]]:
    """A connection that is logged in, and the broker by name."""
    client = _client()
    parameters, where = _parameters(client, server, hands)
    try:
        connection = connected(lambda: client.BlockingConnection(parameters), _leave, where, hands)
    except _failures() as problem:
        raise _named(problem, where, unsure=False) from None
    hands.on_cancel(lambda: _shut(connection))
    idle = True
    try:
        yield connection, where
    except (Cancelled, TimedOut):
        idle = False  # the thread that was left alone may still be at it
        raise
    finally:
        if idle:
            _leave(connection)
        _shut(connection)


def _parameters(client: Any, server: Mapping[str, Any], hands: Hands) -> tuple[Any, str]:
    """How to connect, with the secrets in it, and the broker by name."""
    place: Mapping[str, Any] = server
    if "url" in server:
        try:
            place = place_of(hands.reveal(text_of(server["url"])))
        except ValueError:
            raise BadInput(*NONE) from None
    given = {name: hands.reveal(text_of(place[name])) for name in ("host", "port", "vhost", "user", "password")
             if name in place}  # fmt: skip
    host, tls = given.get("host", "localhost"), bool(place.get("tls"))
    port = int(given.get("port", 5671 if tls else 5672))
    patience = min(server.get("connect_timeout", 0) / 1_000_000 or CONNECT, max(0.05, hands.remaining()))
    parameters = client.ConnectionParameters(
        host=host,
        port=port,
        virtual_host=given.get("vhost", "/"),
        credentials=client.PlainCredentials(given.get("user", "guest"), given.get("password", "guest")),
        ssl_options=client.SSLOptions(_context(server, hands), host) if tls else None,
        connection_attempts=1,
        socket_timeout=patience,
        stack_timeout=patience,
        blocked_connection_timeout=max(0.05, hands.remaining()),
        heartbeat=0,  # a step is short, and has a time of its own
        client_properties={"connection_name": "steadyhand"},
    )
    return parameters, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _context(server: Mapping[str, Any], hands: Hands) -> ssl.SSLContext:
    path = hands.reveal(text_of(server["ca"])) if "ca" in server else authorities()
    whole = os.path.join(hands.cwd, path)
    try:
        return ssl.create_default_context(cafile=whole)
    except OSError as problem:
        hint = "name a PEM file that is there"
        raise Refused(f"`ca` of the target cannot be read: {whole}: {problem.strerror}", hint) from None


def _asked(call: Callable[[], Any], where: str, hands: Hands, *, changes: bool) -> Any:
    """The answer to a call, in a thread of its own; None when there is no such queue."""
    start_checks(hands)
    try:
        return connected(call, lambda _: None, where, hands)
    except (Cancelled, TimedOut):
        raise _over(where, hands, unsure=changes) from None
    except _failures() as problem:
        if hands.cancelled():
            raise _over(where, hands, unsure=changes) from None
        code, text = _said(problem)
        if code == NOT_FOUND and "inaccessible" not in text:  # a queue whose node is down is there
            return None
        closed = isinstance(problem, _client().exceptions.ChannelClosedByBroker)
        raise _named(problem, where, unsure=changes and not closed) from None


def _over(where: str, hands: Hands, *, unsure: bool) -> HandlerError:
    if hands.cancelled():
        return Cancelled(f"it was told to stop before {where} had answered", unsure=unsure)
    return TimedOut(f"{where} had not answered in time", "look at its load, or give more time", unsure=unsure)


def _named(problem: Exception, where: str, *, unsure: bool) -> HandlerError:
    """A failure by its name."""
    client, (code, text) = _client(), _said(problem)
    if code in REFUSALS:
        what, hint = REFUSALS[code]
        return Refused(f"{where} {what}: {text}", hint, unsure=unsure)
    if isinstance(problem, socket.gaierror):
        return Unreachable(
            f"the name of {where} has no address: {text}", "check the name, and the DNS here", unsure=unsure
        )
    if "Timeout" in type(problem).__name__ or "timed out" in text.lower():
        return TimedOut(f"{where} had not answered in time", "is it the right port? Or give more time", unsure=unsure)
    if isinstance(problem, (client.exceptions.IncompatibleProtocolError, client.exceptions.ProtocolSyntaxError,
                            client.exceptions.InvalidFrameError)):  # fmt: skip
        return BadResponse(
            f"the answer of {where} is none of an AMQP 0-9-1 broker", "is it the right port?", unsure=unsure
        )
    return Unreachable(f"{where} cannot be reached: {text}", "is it running, and is that its port?", unsure=unsure)


def _said(problem: Exception) -> tuple[int, str]:
    """The reply code (0 for none) and the words of a failure, without what the client wraps around them."""
    client = _client().exceptions
    if isinstance(problem, (client.ChannelClosed, client.ConnectionClosed)):
        return problem.reply_code, str(problem.reply_text)[:300]
    text = " ".join(str(problem).split())
    found = SAID.search(text)
    if found:
        return int(found[1]), found[3][:300]
    system = SYSTEM.search(text) or SYSTEM.search(repr(problem))
    return 0, (system[2] if system else text or type(problem).__name__)[:300]


def _product(connection: Any) -> str:
    """What the broker calls itself."""
    told = connection._impl.server_properties or {}  # noqa: SLF001 the package keeps it there
    return " ".join(str(told[name])[:100] for name in ("product", "version") if name in told)


def _leave(connection: Any) -> None:
    """Say goodbye, so that the broker's log has no lost client; but do not wait for it."""

    def close() -> None:
        with suppress(Exception):
            connection.close()

    thread = threading.Thread(target=close, daemon=True)
    thread.start()
    thread.join(GOODBYE)


def _shut(connection: Any) -> None:
    """Wake whoever waits for an answer on it."""
    with suppress(OSError, AttributeError):
        connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 the package has no other way
