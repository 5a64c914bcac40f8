"""Reads how the server is reached, and how much it does at once. For the settings."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from msgspec import Struct

from ..model import SECOND
from ..source import Mapping, Node
from .reader import Reader

PORT = 8420
ADDRESS = r"https?://[^\s/?#]+(/[^\s?#]*)?"


class Serving(Struct, frozen=True):
    """`host` and `port` to listen on; `url` is '' where links are not to be made; `grace` is microseconds."""

    host: str = "127.0.0.1"
    port: int = PORT
    url: str = ""
    proxies: tuple[str, ...] = ()
    runs: int = 64
    grace: int = 20 * SECOND
    metrics_from: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    """Networks from which figures may be read without signing in."""
    traces: str = ""
    """The collector of traces; '' where none is named here."""


def read_serving(reader: Reader, node: Node | None) -> Serving:
    """The server section of the settings; the defaults where nothing is said."""
    values = reader.object("server", node, "`server`") if node is not None else None
    if values is None or not isinstance(node, Mapping):
        return Serving()
    where = {key.text: value for key, value in node.entries}
    host, port = "127.0.0.1", PORT
    if "listen" in values:
        parts = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})", values["listen"])
        if parts is None or int(parts[3]) > 65535:
            hint = "write 127.0.0.1:8420, or [::1]:8420"
            reader.say("SH201", where["listen"].span, f"{values['listen']!r} is no address to listen on", hint)
        else:
            host, port = parts[1] or parts[2], int(parts[3])
    url = values.get("url", "").rstrip("/")
    if url and not re.fullmatch(ADDRESS, url):
        hint = "write https://steady.example"
        reader.say("SH201", where["url"].span, f"{url!r} is no address of a server", hint)
        url = ""
    return Serving(
        host=host,
        port=port,
        url=url,
        proxies=tuple(values.get("proxies", ())),
        runs=values.get("runs", 64),
        grace=values.get("grace", 20 * SECOND),
        metrics_from=_networks(reader, where.get("metrics"), values.get("metrics") or {}),
        traces=_address(reader, where.get("traces"), values.get("traces", "")),
    )


def _address(reader: Reader, node: Node | None, url: str) -> str:
    """The base address of a collector; '' for what is none."""
    if node is not None and not re.fullmatch(ADDRESS, url):
        hint = "write http://collector:4318, without /v1/traces"
        reader.say("SH201", node.span, f"{url!r} is no address of a collector", hint)
        return ""
    return url.rstrip("/")


def _networks(reader: Reader, node: Node | None, values: Any) -> tuple[str, ...]:
    """The networks of `metrics.from`, each an address or a prefix; those of this machine where nothing is said."""
    if node is None or "from" not in values:
        return Serving().metrics_from
    found = []
    for text in values["from"]:
        try:
            found.append(str(ipaddress.ip_network(text)))
        except ValueError:
            hint = "write 127.0.0.1, 10.0.0.0/8 or ::1"
            reader.say("SH201", node.span, f"{text!r} is no address and no network", hint)
    return tuple(found)
