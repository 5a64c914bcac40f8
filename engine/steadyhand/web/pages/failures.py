"""An error as a page: what is wrong, what to do, and, where somebody may not, who may. Called by the error boundary."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...model.people import EVERYTHING, Role
from ..requests import identity, server
from .rendering import render

TITLES = {
    401: "Sign in first",
    403: "You may not do this",
    404: "There is nothing here",
    409: "It has changed",
    422: "That does not fit",
    429: "Too fast",
    500: "This is a bug of ours",
    503: "The store cannot be reached",
}
MOST = 20
"""How many people are named who may."""


def failure(request: Request, code: int, message: str, hint: str = "", headers: Any = None) -> Response:
    """The page of an error."""
    lowest = next((role for role in Role if f"is no {role.word}" in message), None) if code == 403 else None
    found = render(
        request,
        "failure.html",
        code,
        number=code,
        title=TITLES.get(code, "That did not work"),
        message=message,
        hint=hint,
        allowed=who_may(request, lowest) if lowest is not None and identity(request) is not None else (),
        role=lowest,
    )
    found.headers.update(headers or {})
    return found


def who_may(request: Request, role: Role) -> tuple[str, ...]:
    """The people and groups of the settings that have at least this role somewhere."""
    known = server(request).settings.directory
    everybody = [(one.name, one.rights) for one in known.people.values()]
    everybody += [(f"group {name}", rights) for name, rights in known.groups.items()]
    found = []
    for name, rights in everybody:
        services = sorted(service for service, held in rights.items() if held >= role)
        if services:
            found.append(f"{name} ({'everything' if EVERYTHING in services else ', '.join(services)})")
    return tuple(found[:MOST])
