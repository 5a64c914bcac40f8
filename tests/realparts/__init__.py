"""Real servers for the tests: one module for each, which says whether it is on this machine, starts it and stops it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import pytest

PATIENCE = 20.0
"""Seconds that a server may take until it answers."""


def free_port() -> int:
    """A port on the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(ready: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until something holds, looking often. Fails the test when it does not come about."""
    over = time.monotonic() + patience
    while not ready():
        if time.monotonic() > over:
            pytest.fail(f"{what} did not come about within {patience:g} s")
        time.sleep(0.02)


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def missing(package: str, program: str) -> None:
    """Skip, and say why: what is not there, and what would bring it. Where all of it must be there, that is a failure."""
    _note("miss", f"{program} ({package})")
    say = pytest.fail if os.environ.get("STEADY_REQUIRE_REAL") else pytest.skip
    say(f"{program} is not on this machine (Debian package {package}): its tests were not run")


NOTES = "STEADY_TEST_SERVERS"
"""The variable that names the file which notes what ran: every process of a test run writes into the same."""


def used(server: str) -> None:
    """Note that a real server was started, for the last lines of the test run. Called by whoever starts one."""
    _note("used", server)


def _note(word: str, server: str) -> None:
    path = os.environ.get(NOTES)
    if path:
        with open(path, "a", encoding="utf-8") as notes:
            notes.write(f"{word} {server}\n")


def noted(path: str) -> tuple[list[str], list[str]]:
    """What a file of notes says: the servers that were used, and those that are not here."""
    with open(path, encoding="utf-8") as notes:
        lines = {line.strip() for line in notes}
    return tuple(sorted(line[5:] for line in lines if line.startswith(f"{word} ")) for word in ("used", "miss"))
