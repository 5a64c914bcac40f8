"""Back up the store, and make a store of a backup. See journal/backup.py for how; the commands are its only callers.

A backup tells what was known when it was made, and a run may have changed something since. So no run goes on by itself
from a restored store: each that was not over is stopped, and a person starts anew what is still wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from .. import __version__
from ..errors import NotFound, SteadyError, UsageError
from ..journal import backup
from ..journal.open import location
from ..projections.words import civil
from . import runs
from .services import Services, writing

POSTGRESQL = ("postgresql://", "postgres://")


class Restored(Struct, frozen=True):
    """What a backup held, where the store lies now, and the runs that were stopped."""

    manifest: backup.Manifest
    store: Path
    stopped: tuple[str, ...]


def back_up(services: Services, target: Path, *, damaged: bool = False) -> tuple[Path, backup.Manifest]:
    """Write a backup to a file, or under a name of its own into a folder; where it is, and what is in it."""
    store = _file_of(services.store_url, "backed up")
    if not store.exists():
        raise NotFound(f"there is no store {store} to back up", "name one with --store")
    at = services.clock.now()
    path = target / f"steady-{_spelled(at)}.tar.gz" if target.is_dir() else target
    with writing(path):
        return path, backup.back_up(store, path, at, __version__, damaged=damaged)


def restore(services: Services, file: Path, *, go_on: bool = False, damaged: bool = False) -> Restored:
    """Make a store of a backup where there is none, and stop its runs unless they are to go on."""
    store = _file_of(services.store_url, "restored")
    if not file.is_file():
        raise NotFound(f"there is no file {file}", "name a backup that `steady backup` has written")
    stopped: list[str] = []

    def prepare(staged: Path) -> None:
        """Before the store has its name: not even a server that waits for it sees a run that could go on."""
        if not go_on:
            stopped.extend(_stop(services, staged, file))

    with writing(store):
        manifest = backup.put_back(file, store, prepare, damaged=damaged)
    return Restored(manifest, store, tuple(stopped))


def _stop(services: Services, staged: Path, file: Path) -> Iterator[str]:
    """Stop every run that was not over. One that cannot be read any more does not move by itself either."""
    reason = f"restored from {file.name}: what happened after that backup is not in it"
    desk = Services(store=str(staged), environ=services.environ, cwd=services.cwd)
    with closing(desk.journal) as journal:
        for head in list(journal.streams("r")):
            with suppress(SteadyError):
                if runs.state_of(desk, head.stream).conclusion is None:
                    runs.stop(desk, head.stream, services.person, reason, "restore")
                    yield head.stream


def _file_of(url: str, what: str) -> Path:
    """The file of a SQLite store. Raises UsageError for any other."""
    if url.startswith(POSTGRESQL):
        shown = _without_password(url)
        command = (
            f"pg_dump --format=custom --file=steady.dump '{shown}'"
            if what == "backed up"
            else f"pg_restore --dbname='{shown}' --exit-on-error steady.dump, into an empty database"
        )
        raise UsageError(f"a PostgreSQL store is {what} by PostgreSQL's own programs", f"run {command}")
    path = location(url)
    if path is None:
        raise UsageError(f"a store in memory cannot be {what}", "name a file with --store")
    return path


def _without_password(url: str) -> str:
    """The address without what nobody may read over a shoulder."""
    parts = urlsplit(url)
    user = (parts.username or "") + "@" if parts.username else ""
    host = parts.netloc.rpartition("@")[2]
    query = re.sub(r"(?i)(^|&)(password|sslpassword)=[^&]*", "", parts.query).lstrip("&")
    return urlunsplit((parts.scheme, user + host, parts.path, query, ""))


def _spelled(at: int) -> str:
    year, month, day, hour, minute, second = civil(at)
    return f"{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
