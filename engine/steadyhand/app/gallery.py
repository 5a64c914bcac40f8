"""The runbooks of the library as things to choose from: listed, shown, copied with all that belongs to them.

Called by `steady library`, and by the script that draws the pages of the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from ..errors import NotFound
from ..model import Call, Diagnose, Do, Effect, Runbook
from . import drilling, library, rehearsing
from .services import Services, read_bytes, writing

BESIDE = re.compile(r"\$HERE/([A-Za-z0-9._/-]+)")
"""How a drill names a file that lies beside it."""


class Book(Struct, frozen=True):
    """A runbook of the library: its file, the folder it lies in, and what lies beside it."""

    name: str
    path: Path
    group: str
    runbook: Runbook
    tests: tuple[Path, ...]
    drills: tuple[Path, ...]

    @property
    def causes(self) -> tuple[tuple[str, str], ...]:
        """The causes that it knows: an id and a sentence each."""
        found = (s.body.checks for s in self.runbook.steps.values() if isinstance(s.body, Diagnose))
        return tuple((check.id, check.cause) for checks in found for check in checks)

    @property
    def changes(self) -> tuple[tuple[str, str], ...]:
        """What it may do to a system: a step and its title each, those of called runbooks included."""
        return tuple(_changes(self.runbook))


def _changes(runbook: Runbook, above: str = "") -> Iterator[tuple[str, str]]:
    for step in runbook.steps.values():
        body = step.body
        if isinstance(body, Do) and body.operation.effect is not Effect.READ:
            yield f"{above}{step.id}", step.title
        if isinstance(body, Call) and body.runbook in runbook.calls:
            yield from _changes(runbook.calls[body.runbook], f"{above}{step.id}/")


def books(services: Services) -> tuple[Book, ...]:
    """All runbooks of the library by group and name. Raises InvalidDocument for one that may not run."""
    found = (book(services, path) for _, path in library.named(services))
    return tuple(sorted(found, key=lambda one: (one.group == "parts", one.group, one.name)))


def find(services: Services, name: str) -> Book:
    """One of them, by its name or its path. Raises NotFound, InvalidDocument."""
    return book(services, library.find(services, name))


def book(services: Services, path: Path) -> Book:
    """A runbook file with what lies beside it."""
    runbook = library.load(services, str(path))
    return Book(runbook.name, path, path.parent.name, runbook, tests_of(path), drills_of(path))


def tests_of(path: Path) -> tuple[Path, ...]:
    """The test documents beside a runbook."""
    try:
        return tuple(rehearsing.test_files(path))
    except NotFound:
        return ()


def drills_of(path: Path) -> tuple[Path, ...]:
    """The drill documents beside a runbook."""
    beside = (path.with_name(f"{path.stem}{suffix}") for suffix in drilling.SUFFIXES)
    return tuple(one for one in beside if one.is_file())


def copy(services: Services, name: str, folder: Path) -> Iterator[tuple[Path, bool]]:
    """Copy a runbook with its tests, its drill and all that these need; each path, and whether it was written.

    What is there already is kept. The folders of the library stay as they are, since files name each other by them.
    """
    for source in needed(services, find(services, name)):
        path = Path(services.cwd, folder, source.parent.name, source.name)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            there = path.exists()
            if not there:
                path.write_bytes(read_bytes(source))
        yield path, not there


def needed(services: Services, one: Book) -> tuple[Path, ...]:
    """The files of a runbook: its own, those of what it calls, and what its drills read."""
    found: dict[Path, None] = dict.fromkeys((one.path, *one.tests, *one.drills))
    for drill in one.drills:
        named = ((drill.parent / name).resolve() for name in BESIDE.findall(drill.read_text("utf-8")))
        found.update(dict.fromkeys(path for path in named if path.is_file()))
    for _, name in library.called(one.runbook.steps):
        called = library.beside(services, one.path, name)
        if called is not None:
            found.update(dict.fromkeys(needed(services, book(services, called))))
    return tuple(found)


def valid(services: Services, path: Path) -> tuple[str, ...]:
    """What is found about a runbook, warnings too, a line each."""
    return tuple(f"{d.code} {d.span}: {d.message}" for d in library.read(services, path).diagnostics)
