"""The application: routes of all doors under one roof, who asks, and how errors are told. Made once, by `steady serve`.

A request is carried out by a use case of the desk, in a thread; this room only carries bytes.
"""

from __future__ import annotations

import logging

from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ..app.server import Server
from ..errors import SteadyError
from .guard import Guard
from .headers import Headers, put
from .requests import Denied, identity
from .requests import server as server_of
from .telling import error, told
from .watched import Watched
from .who import AGAIN, Identify, WhoAsks

SIGNING_IN = 8
"""Threads for those who sign in."""
LOOKING_UP = 16
"""Threads for looking up who asks."""
PROBING = 4
"""Threads for probes: they are answered when all others wait for the store."""

log = logging.getLogger(__name__)


def create_app(server: Server, identify: Identify, routes: list[BaseRoute], again: float = AGAIN) -> Starlette:
    """The application of a server: these routes, for whoever `identify` knows, who is asked for `again` in streams."""
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Watched, server=server),
            Middleware(Headers, https=server.url.startswith("https://")),
            Middleware(WhoAsks, identify=identify, again=again),
            Middleware(Guard),
        ],
        exception_handlers={SteadyError: _told, HTTPException: _refused, Exception: _bug},
    )
    app.state.server = server
    app.state.signing_in = CapacityLimiter(SIGNING_IN)
    app.state.looking_up = CapacityLimiter(LOOKING_UP)
    app.state.probing = CapacityLimiter(PROBING)
    return app


async def _told(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, SteadyError)  # noqa: S101 that is what it is registered for
    who = identity(request)
    if who is not None and isinstance(problem, Denied):
        route = getattr(request.scope.get("route"), "path", request.url.path)
        await run_in_threadpool(server_of(request).access.refuse_act, who, f"{request.method} {route}")
    return told(request, problem)


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 that is what it is registered for
    path = request.url.path
    words = {"Not Found": f"there is no {path} here", "Method Not Allowed": f"{path} does not take {request.method}"}
    return error(request, problem.status_code, words.get(problem.detail, problem.detail), headers=problem.headers)


async def _bug(request: Request, problem: Exception) -> Response:
    log.error("a bug of ours, at %s %s", request.method, request.url.path, exc_info=problem)
    answer = error(request, 500, "this is a bug of ours", "it is in the log of the server; please report it")
    put(answer.headers, request.url.path, https=server_of(request).url.startswith("https://"))  # outside of `Headers`
    return answer
