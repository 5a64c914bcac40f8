"""Takes note of every request: a line in the log, and figures. Outermost, so that nothing goes by it.

A line tells the route and never the text behind `?`; where a part of the path is a key of its own (a link that was
mailed), the name of that part stands for it.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from ..app.server import Server

log = logging.getLogger(__name__)

SHOWN = frozenset({"run", "runbook", "gate", "intake", "source", "stream"})
"""Parts of a path that are shown as they are."""
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is asked for all the time: told in figures only, unless it went wrong."""
DOORS = ("hooks", "api", "static", "live", "healthz", "readyz", "metrics")
GONE = 499
"""Whoever asked has left before there was an answer."""
PLAIN = re.compile(r"[A-Za-z0-9._:\[\]-]{1,80}")


class Watched:
    """The application around which it stands, watched. Plain ASGI, so that streams stay streams."""

    def __init__(self, app: Any, server: Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry a request on, and take note of how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, size = time.monotonic(), 0, 0

        async def note(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception:
            status = status or 500
            raise
        finally:
            self._told(scope, status or GONE, size, time.monotonic() - begun)

    def _told(self, scope: Any, status: int, size: int, seconds: float) -> None:
        first = scope["path"].split("/", 2)[1]
        door = first if first in DOORS else "pages"
        meter = self._server.meter
        meter.answers.add(door, f"{status // 100}xx")
        meter.requests.observe(seconds, door)
        if scope["path"] in QUIET and status < 400:
            return
        who = scope.get("state", {}).get("identity")
        parts = scope.get("path_params") or {}
        run = str(parts.get("run", ""))
        told = {
            "door": door,
            "method": scope["method"] if len(scope["method"]) < 10 else "?",
            "route": route(scope["path"], parts),
            "status": status,
            "duration": round(seconds, 4),
            "bytes": size,
            "person": who.person if who else "",
            "origin": scope["client"][0] if scope.get("client") else "",
            "run": run if PLAIN.fullmatch(run) else "",
        }
        log.log(logging.ERROR if status >= 500 else logging.INFO, "request", extra=told)


def route(path: str, parts: Any) -> str:
    """The path, with names in the place of what may be a key. One that leads nowhere is told by its beginning."""
    hidden = {str(value): f"{{{name}}}" for name, value in parts.items() if name not in SHOWN}
    words = [hidden.get(word, word) for word in path.split("/")[1:]]
    if not parts and len(words) > 2:
        words = [*words[:2], "..."]
    return "/" + "/".join(word if PLAIN.fullmatch(word.strip("{}")) or not word else "?" for word in words)
