"""Signing in and out with a browser, and who asks on every other request.

The pages work without a script. The form for signing in carries a word that belongs to a cookie of this browser, so
that nobody can have others signed in under a name of theirs; where one goes afterwards is a path of this server alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ..app.access import NotAdmitted
from ..model.people import Identity
from . import cookies
from .guard import forged, same_origin
from .requests import identity, server
from .templating import page

T = TypeVar("T")

UNASKED = ("/hooks/", "/static/", "/a/", "/healthz", "/readyz")
"""Where nobody asks who it is: what is sent there proves itself, or is for everybody, also while the store is away."""
LARGEST = 8_192
"""Bytes of the form for signing in."""
_PATH = re.compile(r"/(?![/\\])[!-~]*")


async def identify(connection: HTTPConnection) -> Identity | None:
    """Who asks: by the token that a program sends, or by the session of a browser. A token that does not hold counts as
    nobody, whatever cookie comes with it.
    """
    if connection.url.path.startswith(UNASKED):
        return None
    access = server(connection).access
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            return None
        return await asked(connection, access.identify_token, token.strip(), origin(connection))
    cookie = cookies.read(connection, cookies.SESSION)
    if not cookie:
        return None
    act = not getattr(connection.state, "looks_on", False)
    return await asked(connection, access.identify_session, cookie, origin(connection), act)


async def asked(connection: HTTPConnection, act: Callable[..., T], *words: Any) -> T:
    """Look up who asks in threads of its own: those of the pages do not wait for a store as well."""
    limiter: CapacityLimiter = connection.app.state.looking_up
    return await to_thread.run_sync(partial(act, *words), limiter=limiter)


def origin(connection: HTTPConnection) -> str:
    """The address of the client; of one behind a proxy that the settings name, what that proxy says."""
    return connection.client.host if connection.client else ""


def then(text: str) -> str:
    """Where to go after signing in: a path here, nothing that a browser could take for another host."""
    return text if _PATH.fullmatch(text) and len(text) < 2_000 and not text.startswith("/login") else "/"


async def apart(request: Request, act: Callable[..., T], *words: Any) -> T:
    """Do what takes long (a password, a provider) in threads of its own: nobody else waits for those who sign in."""
    limiter: CapacityLimiter = request.app.state.signing_in
    return await to_thread.run_sync(partial(act, *words), limiter=limiter)


async def login(request: Request) -> Response:
    """The page for signing in."""
    there = then(request.query_params.get("next", "/"))
    if identity(request) is not None:
        return RedirectResponse(there, 303)
    return asking(request, there)


def asking(request: Request, there: str, status: int = 200, problem: NotAdmitted | None = None) -> Response:
    """The page, in a browser that is known from now on, so that its form can be told from a forged one."""
    ways = server(request).access.directory.login
    browser = cookies.read(request, cookies.BROWSER) or secrets.token_urlsafe(32)
    headers = {"Retry-After": str(problem.wait)} if problem and problem.wait else None
    answer = page(
        request,
        "login.html",
        status,
        headers,
        next=there,
        form=cookies.word_of(browser, cookies.BROWSER),
        accounts=ways.accounts,
        oidc=ways.oidc.name if ways.oidc else "",
        problem=problem.message if problem else "",
        hint=problem.hint if problem else "",
        said="",
    )
    cookies.put(request, answer, cookies.BROWSER, browser, cookies.ABOUT_TO)
    return answer


async def sign_in(request: Request) -> Response:
    """A name and a password. What was wrong is not said."""
    same_origin(request)
    async with request.form(max_files=0, max_fields=10, max_part_size=LARGEST) as form:
        name, password, word, there = (str(form.get(key, "")) for key in ("name", "password", "csrf", "next"))
    if not cookies.holds(request, word, cookies.BROWSER):
        raise forged()
    access = server(request).access
    agent = request.headers.get("user-agent", "")
    before = cookies.read(request, cookies.SESSION)
    try:
        session = await apart(request, access.sign_in, name.strip(), password, origin(request), agent, before)
    except NotAdmitted as problem:
        return asking(request, then(there), 429 if problem.wait else 401, problem)
    return admitted(request, session, then(there))


def admitted(request: Request, session: str, there: str) -> Response:
    """The way on for somebody who has signed in."""
    answer = RedirectResponse(there, 303)
    cookies.put(request, answer, cookies.SESSION, session)
    cookies.drop(request, answer, cookies.BROWSER)
    return answer


async def sign_out(request: Request) -> Response:
    """End the session of this browser; where one can sign out at the provider too, say so."""
    host = server(request)
    ended = await run_in_threadpool(host.access.sign_out, cookies.read(request, cookies.SESSION), origin(request))
    there = await apart(request, host.sign_on.ending, ended, f"{host.url}/login") if ended else ""
    answer = page(request, "signed_out.html", there=there)
    cookies.drop(request, answer, cookies.SESSION)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


ROUTES: tuple[BaseRoute, ...] = (
    Route("/login", login, methods=["GET"]),
    Route("/login", sign_in, methods=["POST"]),
    Route("/logout", sign_out, methods=["POST"]),
)
