"""A server on a real store in a folder, with runbooks that tests write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.model.people import Identity, Role

T = TypeVar("T")

ANA = Identity("ana", "web", "192.0.2.7", {"*": Role.ADMIN})

ASKING = """\
steadyhand: 1
name: asking
title: Ask before it is changed
severity: SEV2
services: [orders]
steps:
  look:
    title: Look
    shell: echo looked
    effect: read
  change:
    title: Change it
    shell: echo changed >> {mark}
    effect: change
    gate: {{prompt: 'Change it?'{more}}}
    undo: {{none: A line in a file}}
    next: {{pass: check}}
  check:
    title: Is it done?
    purpose: verification
    shell: grep -c changed {mark}
    effect: read
    next: {{pass: end.resolved, fail: end.escalated}}
"""


def asking(folder: Path, name: str = "asking", more: str = "") -> Path:
    """A runbook that looks, asks, changes a file, and checks."""
    path = folder / f"{name}.yaml"
    mark = folder / f"{name}.mark"
    path.write_text(ASKING.format(mark=mark, more=more).replace("name: asking", f"name: {name}"))
    return mark


def services_in(folder: Path, engine: str = "server") -> Services:
    """Services on the store of that folder."""
    path = folder / "steady.yaml"
    if not path.exists():
        path.write_text("store: journal.db\nlibrary: ['.']\nserver: {grace: 1s}\n")
    return Services(cwd=str(folder), engine=engine)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server that lives for a while."""
    server = Server(services_in(folder))
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.services.journal.close()


def until(look: Callable[[], T], seconds: float = 10) -> T:
    """What `look` says as soon as it says something true."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        time.sleep(0.01)
