"""All routes of the server, one list a door."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from . import account, approvals, health, hooks, oidc, rights, sessions
from .api import routes as api
from .pages import addresses


def routes() -> list[BaseRoute]:
    """Every route, in the order in which they are looked at."""
    static = Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    # The actions of Slack stand before the hooks, whose addresses would fit them too.
    doors = [*approvals.ROUTES, *hooks.ROUTES, *sessions.ROUTES, *oidc.ROUTES, *account.ROUTES, *addresses.routes()]
    return rights.held([*doors, *api.routes(), *health.ROUTES, static])
