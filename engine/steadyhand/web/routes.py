"""All routes of the server, one list a door."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from . import account, oidc, rights, sessions


def routes() -> list[BaseRoute]:
    """Every route, in the order in which they are looked at."""
    static = Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    return rights.held([*sessions.ROUTES, *oidc.ROUTES, *account.ROUTES, static])
