"""What every door of the web room needs of a request: the server, who asks, what they may; and how an error is told.

The identity is put on the request by the middleware that knows sessions and tokens; a route asks for what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from starlette.requests import HTTPConnection, Request

from ..app.access import NotAdmitted
from ..app.server import Server
from ..errors import HeadMoved, JournalError, NotFound, SteadyError, UsageError
from ..model.people import Identity, Role

T = TypeVar("T")


class Denied(SteadyError):
    """Somebody who is known may not do this; or nobody is known yet (`unknown`)."""

    def __init__(self, message: str, hint: str = "", *, unknown: bool = False) -> None:
        super().__init__(message, hint)
        self.unknown = unknown


def server(request: HTTPConnection) -> Server:
    """The server that the request came to."""
    found: Server = request.app.state.server
    return found


def identity(request: HTTPConnection) -> Identity | None:
    """Who asks; None for somebody who has not said."""
    found: Identity | None = getattr(request.state, "identity", None)
    return found


def need(request: HTTPConnection, role: Role, services: Iterable[str] = ()) -> Identity:
    """Who asks, if they have the role (for all these services). Raises Denied."""
    who = identity(request)
    if who is None:
        raise Denied("sign in first", "sign in, or send a token: `Authorization: Bearer ...`", unknown=True)
    listed = tuple(services)
    if not who.may(role, listed):
        where = f" for {', '.join(listed)}" if listed else ""
        raise Denied(f"{who.person} is no {role.word}{where}", "ask somebody who may, or an admin for the right")
    return who


def csrf(request: HTTPConnection) -> str:
    """The word that every form of ours carries, so that no other site can send it; '' where nobody has signed in."""
    found: str = getattr(request.state, "csrf", "")
    return found


def status_of(problem: SteadyError) -> int:
    """The HTTP status that an error of ours becomes."""
    match problem:
        case Denied(unknown=unknown):
            return 401 if unknown else 403
        case NotAdmitted(wait=wait):
            return 429 if wait else 401
        case HeadMoved():
            return 409
        case NotFound():
            return 404
        case JournalError():
            return 503
        case UsageError():
            return 422
        case _:
            return 400


def wants_json(request: Request) -> bool:
    """Whether a program asks: the API and the intake, or whoever prefers JSON."""
    path = request.url.path
    return path.startswith(("/api/", "/hooks/")) or "application/json" in request.headers.get("accept", "")


def wants_page(request: Request) -> bool:
    """Whether a person asks, with a browser."""
    return not wants_json(request) and "text/html" in request.headers.get("accept", "")
