"""A real server process that kills itself (SIGKILL) at a chosen moment of an operation. Run by test_kills.py.

The moment stands in a file `doom`: `claim` (the key is remembered, nothing is done), `before` and `after` the append of
an event of a given type, `answer` (all is done and remembered, nobody was told).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from steadyhand.app.server import Server
from steadyhand.events import name_of
from steadyhand.schema import Serving
from steadyhand.web.api.idempotency import KIND
from steadyhand.web.app import create_app
from steadyhand.web.routes import routes
from steadyhand.web.serve import listening, serve

from ...app.server import services_in
from .served import by_token


class Doomed:
    """Passes everything on to a store, until the moment has come."""

    def __init__(self, held: Any, folder: Path) -> None:
        self._held = held
        self._doom = folder / "doom"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    def moment(self) -> tuple[str, str]:
        """When to die: the moment, and the type of the event."""
        words = self._doom.read_text().split() if self._doom.exists() else []
        return (words[0], words[1]) if len(words) == 2 else ("", "")

    def die(self) -> None:
        """As the kernel does it when the memory is full."""
        os.kill(os.getpid(), signal.SIGKILL)


class DoomedJournal(Doomed):
    """A journal."""

    def append(self, stream: str, expected: int, events: Any, **more: Any) -> Any:
        """Append, or die before or after it."""
        when, what = self.moment()
        mine = any(name_of(one) == what for one in events)
        if mine and when == "before":
            self.die()
        found = self._held.append(stream, expected, events, **more)
        if mine and when == "after":
            self.die()
        return found


class DoomedCells(Doomed):
    """An access store."""

    def put(self, kind: str, *more: Any, **named: Any) -> Any:
        """Put, and die after a key was claimed."""
        found = self._held.put(kind, *more, **named)
        if kind == KIND and self.moment()[0] == "claim":
            self.die()
        return found

    def swap(self, kind: str, *more: Any, **named: Any) -> Any:
        """Swap, and die after an answer was remembered."""
        found = self._held.swap(kind, *more, **named)
        if kind == KIND and self.moment()[0] == "answer":
            self.die()
        return found


def main(folder: Path) -> None:
    """Serve until the end."""
    services = services_in(folder)
    services.__dict__["journal"] = DoomedJournal(services.journal, folder)
    services.__dict__["cells"] = DoomedCells(services.cells, folder)
    server = Server(services)
    sock = listening(Serving(port=0))
    port = folder / "port"

    def ready() -> None:
        port.with_suffix(".new").write_text(str(sock.getsockname()[1]))
        port.with_suffix(".new").replace(port)

    serve(server, create_app(server, by_token, routes()), sock, ready, lambda: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
