"""All routes of the server, one list a door."""

from __future__ import annotations

from starlette.routing import BaseRoute


def routes() -> list[BaseRoute]:
    """Every route, in the order in which they are looked at."""
    from .pages import addresses  # noqa: PLC0415 the pages are not for those who serve other doors alone

    return [*addresses.routes()]
