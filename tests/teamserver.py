"""A server for the pages of the documentation that speak of its API: a person with a token, and a runbook that asks."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from steadyhand.app import tokens
from steadyhand.app.access import Access
from steadyhand.app.accounts import Doing
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.model.people import Identity, Role
from steadyhand.schema import Serving
from steadyhand.web.api.routes import routes
from steadyhand.web.app import create_app
from steadyhand.web.serve import _Uvicorn, listening, options

SETTINGS = """\
store: journal.db
library: [runbooks]
server: {grace: 1s}
people:
  ana: {roles: {commander: ['*']}}
"""
RUNBOOK = """\
steadyhand: 1
name: restart-orders
title: Restart the orders service
services: [orders]
inputs:
  host: {type: string, format: hostname}
steps:
  look:
    title: Look
    shell: echo {{ inputs.host }} is slow
    effect: read
    next: {pass: restart}
  restart:
    title: Restart it
    shell: echo restarted
    effect: change
    gate: {prompt: Restart it?}
    undo: {none: A restart has nothing to take back}
    next: {pass: check}
  check:
    title: Is it fixed?
    purpose: verification
    shell: echo fine
    effect: read
    next: {pass: end.resolved, fail: end.escalated}
"""


@contextmanager
def team_server() -> Iterator[Mapping[str, str]]:
    """Where the server is, and a token of ana's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runbooks").mkdir()
        (folder / "steady.yaml").write_text(SETTINGS)
        (folder / "runbooks" / "restart-orders.yaml").write_text(RUNBOOK)
        server = Server(Services(cwd=name, engine="server"))
        access = Access(server.services, server.services.cells)
        day = 24 * 3600 * 1_000_000
        token, _ = tokens.issue(access, "ana", Role.COMMANDER, (), day, "docs", Doing("ana", "cli", ""))

        async def identify(connection: Any) -> Identity | None:
            _, _, bearer = connection.headers.get("authorization", "").partition(" ")
            return access.identify_token(bearer, connection.client.host) if bearer else None

        sock = listening(Serving(port=0))
        ready = threading.Event()
        config = uvicorn.Config(create_app(server, identify, routes()), **options(Serving()))
        door = _Uvicorn(config, ready.set, server.draining.set)
        server.start()
        thread = threading.Thread(target=lambda: door.run(sockets=[sock]), daemon=True)
        thread.start()
        try:
            assert ready.wait(20)
            yield {"STEADY_URL": f"http://127.0.0.1:{sock.getsockname()[1]}", "STEADY_TOKEN": token}
        finally:
            door.should_exit = True
            thread.join(20)
            server.stop()
            server.services.journal.close()
            server.services.cells.close()
