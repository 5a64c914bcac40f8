"""Runs the application under uvicorn until a signal comes; then the runs are handed over. Called by `steady serve`."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette

from ..app.server import Server
from ..errors import UsageError
from ..schema import Serving
from .lines import Line

BACKLOG = 2048
SLOW = 65
"""Seconds that an idle connection is kept."""
SILENT = 60
"""Seconds after which the kernel lets go of a client that takes nothing, or whose line is cut."""


def listening(serving: Serving) -> socket.socket:
    """The socket that the settings name. Raises UsageError when it cannot be had."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT * 1000)
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

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the serving, and nothing else: what comes after is ours."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new."""
        self._ending()
        await super().shutdown(sockets)


def serve(
    server: Server, app: Starlette, sock: socket.socket, ready: Callable[[], None], ending: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; the server is started before and stopped after. Both are told to the caller."""

    def drain() -> None:
        server.draining.set()
        ending()

    server.start()
    try:
        config = uvicorn.Config(app, **options(server.settings.server))
        _Uvicorn(config, ready, drain).run(sockets=[sock])
    finally:
        server.stop()
        sock.close()


def options(serving: Serving) -> dict[str, Any]:
    """How uvicorn is to serve."""
    return {
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
        "http": Line,
        "ws": "none",
    }
