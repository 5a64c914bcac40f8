"""The two addresses of a login at an identity provider: on the way there, and on the way back."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ..app.access import NotAdmitted
from ..app.oidc import Answer
from . import cookies
from .requests import server
from .sessions import admitted, apart, asking, origin, then

RETURN = "/login/oidc/return"


def back(request: Request) -> str:
    """Where the provider sends the browser to: it must know this address."""
    return server(request).url + RETURN


async def leave(request: Request) -> Response:
    """Send the browser to the provider."""
    there = then(request.query_params.get("next", "/"))
    browser = cookies.read(request, cookies.BROWSER) or secrets.token_urlsafe(32)
    sign_on = server(request).sign_on
    try:
        address = await apart(request, sign_on.begin, back(request), there, browser, origin(request))
    except NotAdmitted as problem:
        return asking(request, there, 503, problem)
    answer = RedirectResponse(address, 303)
    cookies.put(request, answer, cookies.BROWSER, browser, cookies.ABOUT_TO)
    return answer


async def come_back(request: Request) -> Response:
    """What the browser brings from the provider."""
    said = request.query_params
    answer = Answer(
        state=said.get("state", ""),
        code=said.get("code", ""),
        error=said.get("error", ""),
        issuer=said.get("iss", ""),
        browser=cookies.read(request, cookies.BROWSER),
        origin=origin(request),
        agent=request.headers.get("user-agent", ""),
        before=cookies.read(request, cookies.SESSION),
    )
    try:
        session, there = await apart(request, server(request).sign_on.finish, answer, back(request))
    except NotAdmitted as problem:
        return asking(request, "/", 401, problem)
    return admitted(request, session, there)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/login/oidc", leave, methods=["GET"]),
    Route(RETURN, come_back, methods=["GET"]),
)
