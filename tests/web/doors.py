"""A real server process for tests: uvicorn in a thread, on a free port, on a real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from steadyhand.app.server import Server
from steadyhand.model.people import Identity, Role
from steadyhand.schema import Serving
from steadyhand.web.app import create_app
from steadyhand.web.serve import _Uvicorn, listening, options

from ..app.server import services_in

PEOPLE = {role.word: Identity(role.word, "web", "192.0.2.7", {"*": role}) for role in Role}
"""Somebody for each role, by its name; a test says who asks by the header X-Test-Person."""


async def by_header(connection: Any) -> Identity | None:
    """Whoever the header of a test names."""
    return PEOPLE.get(connection.headers.get("x-test-person", ""))


@contextmanager
def open_door(
    folder: Path, routes: list[Any], identify: Any = by_header, again: float = 30.0
) -> Iterator[tuple[httpx.Client, Server]]:
    """A client (as admin) of a server with these routes."""
    import uvicorn

    server = Server(services_in(folder))
    sock = listening(Serving(port=0))
    app = create_app(server, identify, routes, again)
    ready = threading.Event()
    door = _Uvicorn(uvicorn.Config(app, **options(Serving())), ready.set, server.draining.set)
    server.start()
    thread = threading.Thread(target=lambda: door.run(sockets=[sock]), daemon=True)
    thread.start()
    assert ready.wait(20)
    port = sock.getsockname()[1]
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"X-Test-Person": "admin"}, timeout=20
        ) as client:
            yield client, server
    finally:
        door.should_exit = True
        thread.join(20)
        server.stop()
        server.services.journal.close()
        server.services.cells.close()
