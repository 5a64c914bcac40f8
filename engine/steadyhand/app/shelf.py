"""The library as the pages show it: every runbook, read once for as long as its file does not change.

Called from threads. A runbook that calls others is read again when any file of the library has changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from ..errors import NotFound, SteadyError
from ..model import Runbook
from . import library
from .services import Services

Stamp = tuple[int, int]
"""When a file was changed (nanoseconds), and how long it is."""


class Kept(Struct, frozen=True):
    """A runbook file as it was read. `name` is what the file is called, `trouble` why it could not be read."""

    name: str
    path: Path
    stamp: Stamp
    found: library.Read | None
    trouble: str = ""

    @property
    def runbook(self) -> Runbook | None:
        """The runbook; None when the document is not valid."""
        return self.found.runbook if self.found is not None else None


class Shelf:
    """What the library holds, by name."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}
        self._stamps: dict[str, Stamp] = {}

    def all(self) -> tuple[Kept, ...]:
        """Every runbook of the library, by name."""
        services = self._services()
        with self._lock:
            files = dict(library.named(services))
            stamps = {str(path): _stamp(path) for path in files.values()}
            moved = stamps != self._stamps
            kept = {
                name: self._kept_or_read(services, name, path, stamps[str(path)], moved=moved)
                for name, path in files.items()
            }
            self._kept, self._stamps = kept, stamps
        return tuple(kept[name] for name in sorted(kept))

    def one(self, name: str) -> Kept:
        """The runbook of that name: the name of its file, or the one it gives itself. Raises NotFound."""
        found = self.all()
        for fits in (lambda k: k.name == name, lambda k: k.runbook is not None and k.runbook.name == name):
            kept = next(filter(fits, found), None)
            if kept is not None:
                return kept
        raise NotFound(f"there is no runbook {name}", "look for it in the library: /runbooks")

    def _kept_or_read(self, services: Services, name: str, path: Path, stamp: Stamp, *, moved: bool) -> Kept:
        known = self._kept.get(name)
        if known is not None and known.path == path and known.stamp == stamp:
            calls = known.runbook is not None and bool(known.runbook.calls)
            if not (moved and (calls or not (known.found and known.found.valid))):
                return known
        try:
            return Kept(name, path, stamp, library.read(services, path))
        except SteadyError as problem:
            return Kept(name, path, stamp, None, problem.message)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def matching(kept: Iterable[Kept], words: str) -> tuple[Kept, ...]:
    """Those in whose names, titles, symptoms, services, alerts or owner all these words stand."""
    wanted = words.lower().split()
    return tuple(one for one in kept if all(word in _text(one) for word in wanted))


def _text(one: Kept) -> str:
    book = one.runbook
    if book is None:
        return one.name.lower()
    parts = (
        one.name,
        book.name,
        book.title,
        book.description,
        book.owner,
        *book.symptoms,
        *book.services,
        *book.alerts,
    )
    return " ".join(parts).lower()
