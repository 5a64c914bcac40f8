"""The address of a broker, taken apart: by `amqp` with its secrets masked, to show it, and by `_amqp` to go there."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

NONE = (
    "the `url` of the target is no address of a broker",
    "write amqp://user:password@host:port/vhost (amqps:// for TLS), odd characters percent-encoded",
)
"""The message and the hint for what is none: they do not repeat it, for a password may be in it."""


def place_of(url: str) -> dict[str, Any]:
    """What an address says, as the keys of a target. Raises ValueError, which does not repeat it."""
    parts = urlsplit(url)
    if parts.scheme not in {"amqp", "amqps"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("no address of a broker")
    if "@" in parts.path or parts.path.count("/") > 1:
        raise ValueError("no address of a broker")
    found = {
        "host": unquote(parts.hostname),
        "port": parts.port,
        "vhost": unquote(parts.path[1:]) or None,
        "user": unquote(parts.username) if parts.username is not None else None,
        "password": unquote(parts.password) if parts.password is not None else None,
        "tls": parts.scheme == "amqps",
    }
    return {name: value for name, value in found.items() if value is not None}
