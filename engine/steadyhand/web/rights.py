"""What each route needs, as a table: nothing is reached by forgetting. Held before the route is called.

A role here means: for some service. Which services are meant is known only when the runbook is, so the route asks for
that itself (`requests.need`). A route that the table does not name is for admins alone, and fails a test.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route

from ..model.people import Role
from .requests import need


class Right(Struct, frozen=True):
    """The role that a route needs; where it needs none, `why` says what holds others off instead."""

    role: Role | None
    why: str = ""


ANYBODY = "it shows nothing and changes nothing of anybody's"
PROVED = "the token, the password or the signature of its sender proves it, as the intake says"
LINK = "the link proves it: it was sent to one person, holds once, and for one question"
OPEN: Mapping[tuple[str, str], str] = {
    ("GET", "/login"): "it is how one becomes known",
    ("POST", "/login"): "the password proves it",
    ("POST", "/logout"): "it ends the session that is sent with it, and no other",
    ("GET", "/login/oidc"): "it only leads to the identity provider",
    ("GET", "/login/oidc/return"): "the identity provider proves it",
    ("GET", "/static"): ANYBODY,
    ("GET", "/static/{name}"): ANYBODY,
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/metrics"): "the route itself asks for a listed address, or for a viewer",
    ("POST", "/hooks/{source:str}"): PROVED,
    ("PUT", "/hooks/{source:str}"): PROVED,
    ("OPTIONS", "/hooks/{source:str}"): ANYBODY,
    ("POST", "/hooks/{source:str}/{name:str}"): PROVED,
    ("PUT", "/hooks/{source:str}/{name:str}"): PROVED,
    ("OPTIONS", "/hooks/{source:str}/{name:str}"): ANYBODY,
    ("POST", "/hooks/slack/actions"): "the signature of Slack proves it, and the settings say who its user is",
    ("GET", "/a/{secret:str}"): LINK,
    ("POST", "/a/{secret:str}"): LINK,
}
"""Routes that whoever is not known may reach, and why that does no harm."""
ROLES: Mapping[tuple[str, str], Role] = {
    ("GET", "/account"): Role.VIEWER,
    ("POST", "/account/tokens"): Role.VIEWER,
    ("POST", "/account/tokens/{token:str}/revoke"): Role.VIEWER,
    ("POST", "/account/password"): Role.VIEWER,
    ("POST", "/account/sessions/end"): Role.VIEWER,
    ("GET", "/"): Role.VIEWER,
    ("GET", "/live"): Role.VIEWER,
    ("GET", "/runs"): Role.VIEWER,
    ("GET", "/runs/{run}"): Role.VIEWER,
    ("POST", "/runs/{run}/answer"): Role.RESPONDER,
    ("POST", "/runs/{run}/note"): Role.RESPONDER,
    ("POST", "/runs/{run}/stop"): Role.COMMANDER,
    ("POST", "/runs/{run}/take"): Role.COMMANDER,
    ("GET", "/runs/{run}/transcript"): Role.VIEWER,
    ("GET", "/runs/{run}/transcript.md"): Role.VIEWER,
    ("GET", "/runs/{run}/transcript.json"): Role.VIEWER,
    ("GET", "/runs/{run}/artifacts/{sha256}"): Role.VIEWER,
    ("GET", "/runbooks"): Role.VIEWER,
    ("GET", "/runbooks/{name}"): Role.VIEWER,
    ("GET", "/r/{name}"): Role.VIEWER,
    ("POST", "/r/{name}"): Role.RESPONDER,
    ("GET", "/alerts"): Role.VIEWER,
    ("GET", "/alerts/{stream:path}"): Role.VIEWER,
    ("GET", "/leases"): Role.VIEWER,
    ("POST", "/leases/take"): Role.RESPONDER,
    ("POST", "/leases/return"): Role.RESPONDER,
    ("GET", "/audit"): Role.VIEWER,
    ("POST", "/audit/verify"): Role.COMMANDER,
}
"""All others, by the lowest role."""
UNSTATED = Right(Role.ADMIN, "no right is stated for it")


def right_of(method: str, path: str) -> Right:
    """What a route needs."""
    wanted = ("GET" if method == "HEAD" else method, path)
    if wanted in OPEN:
        return Right(None, OPEN[wanted])
    return Right(ROLES[wanted]) if wanted in ROLES else UNSTATED


def needs(route: BaseRoute) -> tuple[tuple[str, str, Right], ...]:
    """A route's methods, its path, and what each of them needs."""
    path = str(getattr(route, "path", ""))
    methods = sorted(getattr(route, "methods", None) or {"GET"})
    own: Mapping[str, Role | None] = getattr(getattr(route, "endpoint", None), "rights", {})
    return tuple((method, path, _stated(method, path, own)) for method in methods)


def _stated(method: str, path: str, own: Mapping[str, Role | None]) -> Right:
    """What the table says; of a door with a table of its own, what stands on its endpoint, by method."""
    wanted = "GET" if method == "HEAD" and "HEAD" not in own else method
    return Right(own[wanted], "the table of its door says so") if wanted in own else right_of(method, path)


def held(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The routes, each behind its right."""
    return [_behind(route) for route in routes]


def _behind(route: BaseRoute) -> BaseRoute:
    if not isinstance(route, Route | Mount):
        raise TypeError(f"nothing is known of a {type(route).__name__}, so no right can be held before it")
    found = copy.copy(route)
    found.app = _Checked(route.app, {method: right for method, _, right in needs(route)})
    return found


class _Checked:
    """Asks for the role before the route is called."""

    def __init__(self, app: Any, rights: Mapping[str, Right]) -> None:
        self._app = app
        self._rights = rights

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry a request on, or raise Denied."""
        right = self._rights.get(scope["method"], next(iter(self._rights.values())))
        if right.role is not None:
            need(Request(scope), right.role)
        await self._app(scope, receive, send)
