"""How an error is told to whoever asked: problem details (RFC 9457) for programs, a page for people; no traceback."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from ..app.access import NotAdmitted
from ..errors import JournalError, SteadyError
from . import problems
from .requests import Denied, identity, status_of, wants_json, wants_page

log = logging.getLogger(__name__)


def error(request: Request, status: int, message: str, hint: str = "", headers: Any = None) -> Response:
    """An error as whoever asked can read it."""
    if request.url.path.startswith(problems.API):
        return problems.bare(status, message, hint, headers)
    if wants_json(request):
        body = {"type": "about:blank", "title": message, "status": status, **({"detail": hint} if hint else {})}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    if wants_page(request):
        from .pages.failures import failure  # noqa: PLC0415 the templates are for people alone

        return failure(request, status, message, hint, headers)
    return PlainTextResponse(f"{message}\n{hint}\n" if hint else f"{message}\n", status, headers)


def told(request: Request, problem: SteadyError) -> Response:
    """An error of ours; a person who looks at a page and is not known yet is led to the page for signing in.

    What is wrong with the store names hosts and paths, so it is told to those who are known, and to the log.
    """
    if isinstance(problem, JournalError) and status_of(problem) == 503:
        log.warning("%s %s: %s", request.method, request.url.path[:80], problem.message)
        if identity(request) is None:
            problem = JournalError("the store cannot be reached right now", "try again in a moment; the log says more")
    if request.url.path.startswith(problems.API):
        return problems.response(problem)
    unknown = isinstance(problem, Denied) and problem.unknown
    if unknown and request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", ""):
        there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(there, safe='/')}", 303)
    headers: dict[str, str] = {"WWW-Authenticate": "Bearer"} if unknown else {}
    if status_of(problem) == 503:
        headers["Retry-After"] = problems.SOON
    if isinstance(problem, NotAdmitted) and problem.wait:
        headers["Retry-After"] = str(problem.wait)
    return error(request, status_of(problem), problem.message, problem.hint, headers)
