"""Where a database is and how it is reached, with its secrets in it; and connecting without hanging on it.

Called by `_sql` when a step runs. A name's resolution and a handshake cannot be interrupted from outside, so the
connecting is done in a thread beside the attempt's own, which is left alone when the time is over.
"""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ..errors import BadInput, Cancelled, Refused, TimedOut
from ..model import Text
from . import _tls
from .protocol import Hands

T = TypeVar("T")
PORTS: Mapping[str, int] = {"postgresql": 5432, "mysql": 3306}
CONNECT = 10.0
"""Seconds that connecting may take unless the target says otherwise."""
LOOK = 0.1
"""Seconds between two looks at whether the attempt was told to stop."""
LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep their authorities in one file."""


class Place(Struct, frozen=True):
    """A database, ready to connect to. `url` is given instead of the rest. Holds secrets: never shown, never kept."""

    label: str
    kind: str
    host: str
    port: int
    socket: str
    database: str
    user: str
    password: str
    url: str
    tls: str
    ca: str
    cert: str
    key: str
    options: Mapping[str, str]
    patience: float

    @property
    def where(self) -> str:
        """Host and port, or the socket, as a message names them."""
        if self.socket:
            return self.socket
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_of(given: Mapping[str, Any], hands: Hands) -> Place:
    """The place of a request, its secrets revealed. Raises BadInput."""

    def text(name: str, default: str = "") -> str:
        value = given.get(name, default)
        return hands.reveal(value) if isinstance(value, Text) else str(value)

    kind, url = given["kind"], text("url")
    host, port, socket = text("host", "localhost"), int(text("port", str(PORTS[kind]))), text("socket")
    user, password, database = text("user"), text("password"), text("database")
    if url:
        host, port, user, password, database = _of_url(url, kind)
    local = bool(socket) or host.strip("[]") in LOCAL or host.startswith(("127.", "/"))
    options = {n: hands.reveal(v) if isinstance(v, Text) else str(v) for n, v in given.get("options", {}).items()}
    files = {name: _file(text(name), name, hands) for name in ("ca", "cert", "key")}
    tls = text("tls").lower() or ("prefer" if local and not files["ca"] else "verify-full")
    patience = given.get("connect_timeout", 0) / 1_000_000 or CONNECT
    return Place(
        label=given["name"], kind=kind, host=host, port=port, socket=socket, database=database, user=user,
        password=password, url=url, tls=tls, options=options, patience=patience, **files,
    )  # fmt: skip


def _of_url(url: str, kind: str) -> tuple[str, int, str, str, str]:
    schemes = ("postgresql://", "postgres://") if kind == "postgresql" else ("mysql://", "mariadb://")
    if not url.startswith(schemes):
        raise BadInput(f"the `url` of the target is no {schemes[0]} address", f"begin it with {schemes[0]}")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[kind]
    except ValueError:
        raise BadInput("the `url` of the target cannot be read", "check its port, and its brackets") from None
    return (
        unquote(parts.hostname or "localhost"),
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.path.lstrip("/")),
    )


def _file(path: str, name: str, hands: Hands) -> str:
    if not path:
        return ""
    whole = os.path.join(hands.cwd, path)
    if not os.access(whole, os.R_OK):
        raise Refused(f"`{name}` of the target cannot be read: {whole}", "name a PEM file that is there")
    return whole


def authorities() -> str:
    """A file with the system's authorities."""
    told = ssl.get_default_verify_paths().cafile
    found = next((path for path in (told, *BUNDLES) if path and os.path.isfile(path)), "")
    if found:
        return found
    import certifi  # noqa: PLC0415 only where the system has no authorities

    return certifi.where()


def context(place: Place) -> ssl.SSLContext | None:
    """The rules of a connection for a client that takes them so; None for one without TLS."""
    if place.tls == "off":
        return None
    found = ssl.create_default_context(cafile=place.ca or (authorities() if place.tls.startswith("verify") else None))
    found.check_hostname = place.tls == "verify-full"
    found.verify_mode = ssl.CERT_REQUIRED if place.tls.startswith("verify") else ssl.CERT_NONE
    if place.cert:
        try:
            found.load_cert_chain(place.cert, place.key or None, password=lambda: "")
        except (OSError, ValueError) as problem:
            hint = "they must be PEM, belong together, and the key must have no passphrase"
            raise Refused(f"`cert` and `key` of the target cannot be used: {_tls._reason(problem)}", hint) from None  # noqa: SLF001 the same words
    return found


def connected(make: Callable[[], T], close: Callable[[T], None], where: str, hands: Hands) -> T:
    """What `make` gives, unless the time is over or it was told to stop: then it is closed when it comes."""
    lock, done = threading.Lock(), threading.Event()
    made: list[T] = []
    failed: list[Exception] = []
    left = False

    def work() -> None:
        try:
            found = make()
        except Exception as problem:  # noqa: BLE001 told in the attempt's thread
            failed.append(problem)
        else:
            with lock:
                made.append(found)
                late = left
            if late:
                with suppress(Exception):
                    close(found)
        done.set()

    threading.Thread(target=work, daemon=True).start()
    hands.on_cancel(done.set)
    while not made and not failed and not hands.cancelled() and hands.remaining() > 0:
        done.wait(min(LOOK * 10, max(0.0, hands.remaining())))
    with lock:
        left = not made
    if made:
        return made[0]
    if failed:
        raise failed[0]
    if hands.cancelled():
        raise Cancelled(f"it was told to stop while connecting to {where}")
    raise TimedOut(f"there was no connection to {where} when the step's time was over", "look at the network")
