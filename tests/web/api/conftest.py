"""One server for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steadyhand.app.server import Server

from .served import api


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Server]]:
    """A client (an admin) of the API, and the server."""
    folder: Path = tmp_path_factory.mktemp("api")
    with api(folder) as found:
        yield found


@pytest.fixture
def client(here: tuple[httpx.Client, Server]) -> httpx.Client:
    """The client."""
    return here[0]


@pytest.fixture
def server(here: tuple[httpx.Client, Server]) -> Server:
    """The server."""
    return here[1]
