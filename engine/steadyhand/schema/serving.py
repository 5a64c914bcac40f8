"""Reads how the server is reached, and how much it does at once. For the settings."""

from __future__ import annotations

import re

from msgspec import Struct

from ..model import SECOND
from ..source import Mapping, Node
from .reader import Reader

PORT = 8420


class Serving(Struct, frozen=True):
    """`host` and `port` to listen on; `url` is '' where links are not to be made; `grace` is microseconds."""

    host: str = "127.0.0.1"
    port: int = PORT
    url: str = ""
    proxies: tuple[str, ...] = ()
    runs: int = 64
    grace: int = 20 * SECOND


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
    if url and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
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
    )
