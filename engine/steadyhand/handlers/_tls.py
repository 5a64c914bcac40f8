"""How a server is checked, who we are to it, and what its certificate said. Called by _exchange alone."""

from __future__ import annotations

import calendar
import os
import ssl
import time
from collections.abc import Mapping
from typing import Any

from ..errors import Refused
from .protocol import Hands


def context(tls: Mapping[str, Any], hands: Hands) -> ssl.SSLContext:
    """The rules of a connection, from the step's `tls`. Raises Refused for files that cannot be used."""
    authorities = _optional(tls, "ca", hands)
    found = ssl.create_default_context(cafile=authorities) if authorities else _system()
    if tls.get("verify", True) is False:
        found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    if "cert" in tls:
        try:
            # A key with a passphrase would ask for it on the terminal.
            found.load_cert_chain(_file(tls, "cert", hands), _optional(tls, "key", hands), password=lambda: "")
        except (OSError, ValueError) as problem:
            hint = "they must be PEM, belong together, and the key must have no passphrase"
            raise Refused(f"`tls.cert` and `tls.key` cannot be used: {_reason(problem)}", hint) from None
    return found


def _system() -> ssl.SSLContext:
    """The system's authorities; on a machine that has none, those that come with the client."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        return ssl.create_default_context()
    import certifi  # noqa: PLC0415 only where the system has no authorities

    return ssl.create_default_context(cafile=certifi.where())


def _optional(tls: Mapping[str, Any], name: str, hands: Hands) -> str | None:
    return _file(tls, name, hands) if name in tls else None


def _file(tls: Mapping[str, Any], name: str, hands: Hands) -> str:
    """The path of a file that can be read, and has a certificate in it where it must."""
    path = os.path.join(hands.cwd, hands.reveal(tls[name]))
    try:
        with open(path, "rb"):
            pass
        if name == "ca":
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ValueError) as problem:
        raise Refused(f"`tls.{name}` cannot be used: {path}: {_reason(problem)}", "name a PEM file") from None
    return path


def _reason(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLError):
        return str(problem.reason or problem).replace("_", " ").lower()
    return str(getattr(problem, "strerror", None) or problem)


def seen(connection: Any) -> dict[str, Any]:
    """What the handshake agreed on; {} for a connection without TLS. Times are UTC."""
    if connection is None:
        return {}
    cipher, certificate = connection.cipher(), connection.getpeercert() or {}
    found = {
        "protocol": connection.version(),
        "cipher": cipher[0] if cipher else "",
        "not_after": "",
        "days_left": None,
    }
    if "notAfter" in certificate:
        over = ssl.cert_time_to_seconds(certificate["notAfter"])
        found["not_after"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(over))
        found["days_left"] = (over - calendar.timegm(time.gmtime())) // 86_400
    return found
