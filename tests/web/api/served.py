"""The API on a real server and store, with runbooks; who asks is said by a token of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from steadyhand.app.server import Server
from steadyhand.model.people import Identity, Role
from steadyhand.web import guard
from steadyhand.web.limits import Rate
from steadyhand.web.routes import routes

from ...app.server import asking, until
from ..doors import open_door

PEOPLE = {
    **{f"test-{role.word}": Identity(role.word, "api", "192.0.2.7", {"*": role}) for role in Role},
    "test-payments": Identity("pat", "api", "192.0.2.8", {"payments": Role.COMMANDER}),
    "test-bob": Identity("bob", "api", "192.0.2.9", {"*": Role.COMMANDER}, ("sre",), "t1"),
}
"""Somebody for each role, by their token; one for another service; and one more."""

TYPING = """\
steadyhand: 1
name: typing
title: Ask for a number
steps:
  number:
    title: How many
    ask: {prompt: How many?, schema: {type: integer, minimum: 1}, fact: count}
    next: {pass: pick}
  pick:
    title: Which way
    choose: {prompt: Which way?, options: {left: Left, right: Right}}
    next: {left: end.healthy, right: end.escalated}
"""

GIVEN = """\
steadyhand: 1
name: given
title: Look at what is given
inputs:
  word: {type: string, pattern: '^[a-z]+$', description: A word}
  count: {type: integer, default: 3}
steps:
  look:
    title: Look
    shell: echo {{ inputs.word }}
    effect: read
    next: {pass: end.healthy}
"""


async def by_token(connection: Any) -> Identity | None:
    """Whoever a token of the test stands for."""
    word, _, token = connection.headers.get("authorization", "").partition(" ")
    return PEOPLE.get(token) if word.lower() == "bearer" else None


def as_(person: str) -> dict[str, str]:
    """The headers of somebody."""
    return {"Authorization": f"Bearer test-{person}"}


def library(folder: Path) -> Path:
    """Some runbooks; the file that one of them changes."""
    mark = asking(folder)
    (folder / "typing.yaml").write_text(TYPING)
    (folder / "given.yaml").write_text(GIVEN)
    (folder / "broken.yaml").write_text("steadyhand: 1\nname: broken\nsteps: {}\n")
    return mark


@contextmanager
def unbounded() -> Iterator[None]:
    """As often as a test likes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CHANGES", "STRANGERS"):
            patch.setattr(guard, name, Rate(1_000_000, 1_000_000))
        yield


@contextmanager
def api(folder: Path) -> Iterator[tuple[httpx.Client, Server]]:
    """A client (an admin) of the API."""
    library(folder)
    with unbounded(), open_door(folder, routes(), by_token) as (client, server):
        client.headers.clear()
        client.headers.update(as_("admin"))
        client.base_url = httpx.URL(f"{client.base_url}/api/v1/")
        yield client, server


def waiting(client: httpx.Client, runbook: str = "asking", **more: Any) -> str:
    """A run that waits for people."""
    started = client.post("runs", json={"runbook": runbook, **more})
    assert started.status_code == 201, started.text
    run = str(started.json()["id"])
    until(lambda: client.get(f"runs/{run}").json()["gates"])
    return run


def gate(client: httpx.Client, run: str) -> dict[str, Any]:
    """The first gate of a run."""
    found: dict[str, Any] = client.get(f"runs/{run}").json()["gates"][0]
    return found


def concluded(client: httpx.Client, run: str) -> str:
    """How a run ends, once it does."""
    return str(until(lambda: client.get(f"runs/{run}").json()["conclusion"]))
