"""The pages on a real server, with the demo's runs, and whoever asks named by a header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from steadyhand.app.server import Server
from steadyhand.model.people import EVERYTHING, Identity, Role
from steadyhand.web.routes import routes

from . import demo
from .doors import PEOPLE, open_door

OTHERS = {
    "ana": Identity("ana", "web", "192.0.2.7", {EVERYTHING: Role.ADMIN}),
    "kim": Identity("kim", "web", "192.0.2.9", {EVERYTHING: Role.APPROVER}),
    "narrow": Identity("narrow", "web", "192.0.2.8", {"orders": Role.RESPONDER}),
}
TEXT = {"accept": "text/html"}


async def by_header(connection: Any) -> Identity | None:
    name = connection.headers.get("x-test-person", "")
    return OTHERS.get(name) or PEOPLE.get(name)


class Place(NamedTuple):
    """A server with pages."""

    client: httpx.Client
    server: Server
    runs: dict[str, str]

    @property
    def base(self) -> str:
        """Its address."""
        return str(self.client.base_url)

    def get(self, path: str, person: str = "admin") -> httpx.Response:
        """A page, as somebody."""
        return self.client.get(path, headers={**TEXT, "X-Test-Person": person})

    def post(self, path: str, person: str = "admin", **given: Any) -> httpx.Response:
        """A form that is sent, as somebody."""
        return self.client.post(path, data=given, headers={**TEXT, "X-Test-Person": person})

    def answer(self, run: str, person: str = "admin", **given: Any) -> httpx.Response:
        """The open question of a run, answered as its page would."""
        opened = demo.asked(self.server, run)
        form = {"gate": opened.gate, "opening": opened.opening, "digest": opened.digest, **given}
        return self.post(f"/runs/{run}/answer", person, **form)


@contextmanager
def pages(folder: Path, *, played: bool = False, hostile: bool = True) -> Iterator[Place]:
    """A server with the demo's library; with `played`, with its runs too."""
    demo.furnish(folder, hostile=hostile)
    with open_door(folder, routes(), by_header) as (client, server):
        yield Place(client, server, demo.play(server, hostile=hostile) if played else {})
