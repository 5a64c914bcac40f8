"""The cookies of this server: that of a session, and that of a browser which is about to sign in.

Over https they carry the prefix `__Host-`: the browser then takes them from this host alone, over https alone, for all
paths. Neither can be read by a script, and neither is sent along by other sites except where somebody follows a link.
"""

from __future__ import annotations

import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

from ..app.access import word_for
from .requests import server

SESSION, BROWSER = "steady", "steady-browser"
ABOUT_TO = 3600
"""Seconds for which a browser that is about to sign in is remembered."""


def is_https(request: HTTPConnection) -> bool:
    """Whether people reach the server over https."""
    return server(request).url.startswith("https://")


def name_of(request: HTTPConnection, cookie: str) -> str:
    """What a cookie is called here."""
    return f"__Host-{cookie}" if is_https(request) else cookie


def read(request: HTTPConnection, cookie: str) -> str:
    """The value of a cookie; '' where there is none."""
    return request.cookies.get(name_of(request, cookie), "")


def put(request: HTTPConnection, response: Response, cookie: str, value: str, age: int | None = None) -> None:
    """Hand a cookie to the browser, for as long as it is open unless an age (seconds) is given."""
    response.set_cookie(
        name_of(request, cookie), value, max_age=age, path="/", secure=is_https(request), httponly=True, samesite="lax"
    )


def drop(request: HTTPConnection, response: Response, cookie: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name_of(request, cookie), path="/", secure=is_https(request), httponly=True, samesite="lax")


def word(request: HTTPConnection, cookie: str = SESSION) -> str:
    """The word that forms of our own pages carry; '' for a browser without that cookie."""
    return word_of(read(request, cookie), cookie)


def word_of(value: str, cookie: str = SESSION) -> str:
    """The word that belongs to the value of a cookie."""
    return word_for(value, cookie) if value else ""


def holds(request: HTTPConnection, given: str, cookie: str = SESSION) -> bool:
    """Whether a form carries the word of this browser."""
    wanted = word(request, cookie)
    return bool(wanted) and hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass"))
