"""One command to a Redis, from the connection to an answer that is JSON. Called by `redis` when a step runs.

The connection is the step's own and is closed after it. Until the command has gone out, nothing can have happened;
from then on, a change whose answer did not come is in doubt, and a person is asked.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from ..model import Need, Result
from ._dial import start_checks
from ._place import connected
from ._redis_words import SCRIPTS
from ._texts import bytes_of, text_of
from .protocol import Hands

CONNECT = 5.0
"""Seconds that connecting may take unless the target says otherwise."""
MOST = 1024 * 1024
"""Characters of text that are kept of an answer."""
DEEPEST = 50
PAIRS = frozenset({("HGETALL",), ("CONFIG", "GET"), ("MEMORY", "STATS"), ("PUBSUB", "NUMSUB"), ("XINFO", "STREAM")})
"""Commands whose list is names and values in turn."""
ANSWERS: Mapping[str, tuple[str, str]] = {
    "NOAUTH": ("wants a password", "give the target a `password`"),
    "WRONGPASS": ("does not take this password", "look at the secret, and at `username`"),
    "NOPERM": ("does not let this user do that", "ask whoever runs it, or look at ACL LIST"),
    "READONLY": ("is a replica, and takes no changes", "use the primary: INFO replication names it"),
    "OOM": ("is at its maxmemory, and takes no more", "look at INFO memory and its policy"),
    "MISCONF": ("cannot write to its disk, and takes no changes", "look at its log and its disk"),
    "LOADING": ("is still loading its data", "wait, or give the step a `retry`"),
    "MASTERDOWN": ("has lost its primary", "look at INFO replication"),
    "CLUSTERDOWN": ("is a cluster that is down", "look at CLUSTER INFO"),
    "MOVED": ("keeps that key on another node", "name that node as the target"),
    "BUSY": ("is held up by a script", "SCRIPT KILL ends it when it has changed nothing"),
}
"""The first word of an error to what is the matter and what to do: the server would not."""


def perform(request: Mapping[str, Any], hands: Hands) -> Result:
    """Send the command, once."""
    start_checks(hands)
    start = time.monotonic()
    names, changes = tuple(request["names"]), request["changes"]
    sent = [bytes_of(hands.reveal(word), "`command`") for word in request["command"]]
    with _session(request["server"], hands) as connection:
        answer = _asked(connection, sent, names, hands, changes=changes)
    kept = _Kept()
    value = kept.json(answer, pairs=names in PAIRS)
    return Result(
        {
            "value": value,
            "type": _type(value),
            "info": _info(value) if names == ("INFO",) and isinstance(value, str) else {},
            "truncated": kept.left < 0,
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def preflight(request: Mapping[str, Any], hands: Hands, where: str) -> list[Need]:
    """Whether the server can be logged in to."""
    try:
        with _session(request["server"], hands) as connection:
            _asked(connection, [b"PING"], ("PING",), hands, changes=False)
    except HandlerError as problem:
        return [Need(f"login to {where}", False, problem.message, problem.hint or "look at the target")]
    return [Need(f"login to {where}", True)]


def _client() -> Any:
    try:
        import redis  # noqa: PLC0415 the client is not for `validate`
    except ImportError as problem:
        raise Refused("`redis` needs the package redis", "pip install 'steadyhand[probes]'") from problem
    return redis


@contextmanager
def _session(server: Mapping[str, Any], hands: Hands) -> Iterator[Any]:
    """A connection that is logged in, and whose waits end when the attempt is told to stop."""
    client = _client()
    host, port = hands.reveal(text_of(server.get("host", "localhost"))), int(text_of(server.get("port", 6379)).masked())
    where = text_of(server["socket"]).masked() if "socket" in server else f"{host}:{port}"
    patience = min(server.get("connect_timeout", 0) / 1_000_000 or CONNECT, max(0.05, hands.remaining()))
    options: dict[str, Any] = {
        "db": int(text_of(server.get("db", 0)).masked()),
        "username": hands.reveal(text_of(server["username"])) if "username" in server else None,
        "password": hands.reveal(text_of(server["password"])) if "password" in server else None,
        "socket_timeout": patience,
        "retry": client.retry.Retry(client.backoff.NoBackoff(), 0),
        "protocol": 2,
        "client_name": "steadyhand",
    }
    kind = client.connection.UnixDomainSocketConnection if "socket" in server else client.connection.Connection
    if "socket" in server:
        options["path"] = where
    else:
        options |= {"host": host, "port": port, "socket_connect_timeout": patience}
        if server.get("tls"):
            kind, ca = client.connection.SSLConnection, hands.reveal(text_of(server.get("ca", "")))
            options |= {"ssl_ca_certs": os.path.join(hands.cwd, ca) if ca else None, "ssl_check_hostname": True}

    def make() -> Any:
        made = kind(**options)
        made.connect()
        return made

    try:
        connection = connected(make, lambda made: made.disconnect(), where, hands)
    except (client.RedisError, OSError, ValueError) as problem:
        raise _named(problem, where, unsure=False) from None
    hands.on_cancel(lambda: _shut(connection))
    try:
        yield connection
    finally:
        with suppress(Exception):
            connection.disconnect()


def _shut(connection: Any) -> None:
    """Wake whoever waits for an answer on it."""
    with suppress(OSError, AttributeError):
        connection._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 the package has no other way to end a wait


def _asked(connection: Any, sent: Sequence[bytes], names: tuple[str, ...], hands: Hands, *, changes: bool) -> Any:
    """The answer to a command."""
    client = _client()
    where = getattr(connection, "path", "") or f"{connection.host}:{connection.port}"
    gone = False
    try:
        start_checks(hands)
        gone = True
        connection._sock.settimeout(max(0.05, hands.remaining()))  # noqa: SLF001 as in `_shut`
        connection.send_command(*sent)
        answer = connection.read_response()
    except client.ResponseError as problem:
        raise _named(problem, where, unsure=names[0] in SCRIPTS) from None
    except (client.RedisError, OSError) as problem:
        if hands.cancelled():
            raise Cancelled(f"it was told to stop before {where} had answered", unsure=gone and changes) from None
        ended = isinstance(problem, client.ConnectionError) and not isinstance(problem, client.TimeoutError)
        if names == ("SHUTDOWN",) and ended:
            return None
        raise _named(problem, where, unsure=gone and changes) from None
    if isinstance(answer, client.ResponseError):
        raise _named(answer, where, unsure=names[0] in SCRIPTS)
    return answer


def _named(problem: Exception, where: str, *, unsure: bool) -> HandlerError:
    """A failure by its name."""
    client, text = _client(), " ".join(str(problem).split())
    if isinstance(problem, client.TimeoutError):
        return TimedOut(f"{where} had not answered in time", "look at SLOWLOG GET, or give more time", unsure=unsure)
    found = _refusal(problem, text)
    if found:
        return Refused(f"{where} {found[0]}: {text[:300]}", found[1], unsure=unsure)
    if isinstance(problem, client.ResponseError):
        return BadInput(f"{where} says: {text[:300]}", "look at the command", unsure=unsure)
    if isinstance(problem, client.exceptions.InvalidResponse):
        return BadResponse(
            f"the answer of {where} is none of a Redis: {text[:200]}", "is it the right port?", unsure=unsure
        )
    return Unreachable(
        f"{where} cannot be reached: {text[:300]}", "is it running, and is that its port?", unsure=unsure
    )


def _refusal(problem: Exception, text: str) -> tuple[str, str] | None:
    client = _client()
    if isinstance(problem, client.AuthenticationError):
        return ANSWERS["NOAUTH" if "required" in text.lower() or "NOAUTH" in text else "WRONGPASS"]
    by_class = {"NoPermissionError": "NOPERM", "ReadOnlyError": "READONLY", "OutOfMemoryError": "OOM",
                "BusyLoadingError": "LOADING", "MasterDownError": "MASTERDOWN", "ClusterDownError": "CLUSTERDOWN",
                "MovedError": "MOVED"}  # fmt: skip
    word = by_class.get(type(problem).__name__, text.split(" ", 1)[0])
    return ANSWERS.get(word) if isinstance(problem, client.ResponseError) or word in by_class.values() else None


class _Kept:
    """An answer as JSON, no more of it than may be kept."""

    def __init__(self) -> None:
        self.left = MOST

    def json(self, value: Any, *, pairs: bool = False, depth: int = 0) -> Any:
        """Null, booleans, numbers, texts, lists and maps. An error in a list is its text."""
        if value is None or isinstance(value, (bool, int, float)):
            self.left -= 8
            return value
        if isinstance(value, (list, tuple, set)) and depth < DEEPEST:
            if pairs and len(value) % 2 == 0:
                found = list(value)
                return self.json(dict(zip(map(_name, found[::2]), found[1::2], strict=True)), depth=depth)
            return [self.json(item, depth=depth + 1) for item in value if self.left >= 0]
        if isinstance(value, Mapping) and depth < DEEPEST:
            return {_name(key): self.json(item, depth=depth + 1) for key, item in value.items() if self.left >= 0}
        text = _name(value)
        whole, self.left = self.left, self.left - len(text) - 8
        return text if self.left >= 0 else text[: max(0, whole)]


def _name(value: Any) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _type(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"), (int, "integer"), (float, "number"), (str, "text"), (list, "list"), (dict, "map"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _info(text: str) -> dict[str, Any]:
    """The answer to INFO: a line each, `name:value`."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, mark, value = line.partition(":")
        if not mark or line.startswith("#"):
            continue
        inner = [item.partition("=") for item in value.split(",")]
        lists = value.count("=") == len(inner) and "=" in value and not name.endswith(("file", "path"))
        found[name] = {key: _number(item) for key, _, item in inner} if lists else _number(value)
    return found


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        with suppress(ValueError):
            found = kind(text)
            # Not the texts that only look like one: versions with underscores, nan, inf.
            if text.lstrip("-").replace(".", "", 1).isascii() and text.lstrip("-").replace(".", "", 1).isdigit():
                return found
    return text
