"""The application: routes of all doors under one roof, who asks, and how errors are told. Made once, by `steady serve`.

A request is carried out by a use case of the desk, in a thread; this room only carries bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from ..app.server import Server
from ..errors import SteadyError
from ..model.people import Identity
from .requests import status_of, wants_json

log = logging.getLogger(__name__)

Identify = Callable[[HTTPConnection], Awaitable[Identity | None]]
"""Who asks, from the headers of a request; None for somebody who is not known."""


class WhoAsks:
    """Puts the identity on each request. Plain ASGI, so that streams stay streams."""

    def __init__(self, app: Any, identify: Identify) -> None:
        self._app = app
        self._identify = identify

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry a request on."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["identity"] = await self._identify(HTTPConnection(scope))
        await self._app(scope, receive, send)


def create_app(server: Server, identify: Identify, routes: list[BaseRoute]) -> Starlette:
    """The application of a server: these routes, for whoever `identify` knows."""
    app = Starlette(
        routes=routes,
        middleware=[Middleware(WhoAsks, identify=identify)],
        exception_handlers={SteadyError: _told, HTTPException: _refused, Exception: _bug},
    )
    app.state.server = server
    return app


async def _told(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, SteadyError)  # noqa: S101 that is what it is registered for
    return error(request, status_of(problem), problem.message, problem.hint)


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 that is what it is registered for
    return error(request, problem.status_code, problem.detail, headers=problem.headers)


async def _bug(request: Request, problem: Exception) -> Response:
    log.error("a bug of ours, at %s %s", request.method, request.url.path, exc_info=problem)
    return error(request, 500, "this is a bug of ours", "it is in the log of the server; please report it")


def error(request: Request, status: int, message: str, hint: str = "", headers: Any = None) -> Response:
    """An error as whoever asked can read it: problem details (RFC 9457) for programs, text for people."""
    if wants_json(request):
        body = {"type": "about:blank", "title": message, "status": status, **({"detail": hint} if hint else {})}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    return PlainTextResponse(f"{message}\n{hint}\n" if hint else f"{message}\n", status, headers)
