"""Stands before all routes: how often somebody asks, and whether what they send comes from a page of ours.

A browser sends the session's cookie with whatever makes it send a request, also with a form on somebody else's page.
So what is not a read, and comes with that cookie, must come from our own origin and carry a word that only our own
pages know (`csrf` in a form, or the header X-CSRF-Token). A token is sent on purpose; with it, no such word is needed.
Plain ASGI, so that streams stay streams.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request

from ..app.access import NotAdmitted
from ..model.people import Identity
from . import cookies
from .limits import CHANGES, SIGN_IN, STRANGERS, Buckets
from .requests import Denied, server
from .telling import error

READS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"
LARGEST = 1024 * 1024
"""Bytes of a form; there are no uploads."""
UNCOUNTED = ("/static/", "/hooks/", "/healthz", "/readyz", "/metrics")
"""Not counted here: files, and what machines send, which has bounds of its own."""
HEADER = "x-csrf-token"
OWN_PROOF = ("/login", "/hooks/", "/a/")
"""Where a session counts for nothing: what is sent there proves itself (a password, a signature, a single-use link)."""


class Guard:
    """Lets a request through, or says why not."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._strangers, self._sign_ins, self._changes = Buckets(STRANGERS), Buckets(SIGN_IN), Buckets(CHANGES)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry a request on."""
        if scope["type"] != "http":
            return  # there is nothing of ours that speaks otherwise
        request = Request(scope, receive)
        self._count(request)
        given = request.headers.get(HEADER, "")
        if is_form(request):
            body = await whole(request)
            if body is None:
                await error(request, 413, f"a form has {LARGEST} bytes at most", "send less")(scope, receive, send)
                return
            given, receive = given or field(body, "csrf"), replay(body, receive)
        if by_session(request):
            same_origin(request)
            if not cookies.holds(request, given):
                raise forged()
        await self._app(scope, receive, send)

    def _count(self, request: Request) -> None:
        path = request.url.path
        if path.startswith(UNCOUNTED):
            return
        who: Identity | None = request.scope.get("state", {}).get("identity")
        address = request.client.host if request.client else ""
        wait = 0.0
        if path.startswith("/login"):
            wait = self._sign_ins.wait(address)
        elif who is None:
            wait = self._strangers.wait(address)
        elif request.method not in READS:
            wait = self._changes.wait(who.person)
        if wait:
            seconds = math.ceil(wait)
            raise NotAdmitted("there were too many requests", f"wait {seconds} s, then try again", wait=seconds)


def is_form(request: Request) -> bool:
    """Whether it is a form of a page, which is read here, up to its bound."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method not in READS and kind == FORM and not request.url.path.startswith("/hooks/")


def by_session(request: Request) -> bool:
    """Whether this changes something in the name of whoever has the session of this browser."""
    if request.method in READS or request.url.path.startswith(OWN_PROOF) or "authorization" in request.headers:
        return False
    return bool(cookies.read(request, cookies.SESSION))


def forged() -> Denied:
    """What is said to a form that does not come from a page of ours."""
    return Denied("this form does not come from a page of this server", "open the page again, and send it from there")


def same_origin(request: HTTPConnection) -> None:
    """Browsers say from where a request comes; programs say nothing. Raises Denied for a page of somebody else."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        raise forged()
    origin = request.headers.get("origin")
    here = {f"{request.url.scheme}://{request.headers.get('host', '')}", origin_of(server(request).url)}
    if origin is not None and origin not in here:
        raise forged()


def origin_of(url: str) -> str:
    """The origin of an address: without its path."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


async def whole(request: Request) -> bytes | None:
    """The body of a request; None when it is larger than a form may be."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def replay(body: bytes, receive: Any) -> Any:
    """The body again, for the route; after that, what comes later from the client."""
    waiting: list[Mapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return waiting.pop() if waiting else await receive()

    return again


def field(body: bytes, name: str) -> str:
    """A field of a form; '' where there is none."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=200).get(name, [""])
    except ValueError:
        return ""
    return found[0]
