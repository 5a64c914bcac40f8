"""All routes of the server, one list a door."""

from __future__ import annotations

from starlette.routing import BaseRoute

from . import hooks


def routes() -> list[BaseRoute]:
    """Every route, in the order in which they are looked at."""
    return [*hooks.ROUTES]
