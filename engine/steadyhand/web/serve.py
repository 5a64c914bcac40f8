"""Runs the application under uvicorn until a signal comes; then the runs are handed over. Called by `steady serve`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette

from ..app.server import Server
from ..errors import UsageError
from ..schema import Serving

BACKLOG = 2048
SLOW = 65
"""Seconds that an idle connection is kept."""


def listening(serving: Serving) -> socket.socket:
    """The socket that the settings name. Raises UsageError when it cannot be had."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((serving.host, serving.port))
        found.listen(BACKLOG)
    except OSError as problem:
        found.close()
        where = f"{serving.host}:{serving.port}"
        raise UsageError(
            f"the server cannot listen on {where}: {problem.strerror}", "change `server.listen` in steady.yaml"
        ) from problem
    return found


class _Uvicorn(uvicorn.Server):
    """Tells when it listens, and stops long streams when it is told to end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new."""
        self._ending()
        await super().shutdown(sockets)


def serve(server: Server, app: Starlette, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; the server is started before and stopped after."""
    serving = server.settings.server
    options: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "lifespan": "off",
        "server_header": False,
        "date_header": True,
        "proxy_headers": bool(serving.proxies),
        "forwarded_allow_ips": list(serving.proxies),
        "timeout_keep_alive": SLOW,
        "timeout_graceful_shutdown": 10,
        "backlog": BACKLOG,
        "h11_max_incomplete_event_size": 65_536,
        "ws": "none",
    }
    server.start()
    try:
        _Uvicorn(uvicorn.Config(app, **options), ready, server.draining.set).run(sockets=[sock])
    finally:
        server.stop()
        sock.close()
