"""A whole store as one file, and back: made while others append, checked before it gets its name. SQLite stores only.

Called by the desk. A backup is a .tar.gz with `journal.db`, `access.db` (where there is one), `artifacts/` and, as its
last member, `manifest.json` with the checksums: one that was cut off has no manifest, and is none. It is made in a
folder of its own beside the place where it belongs, and is moved there when everything has been read back.

A copy of the journal is one read transaction. Artifacts are durable before an event names them, so those that are
copied after the journal are all that it names.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from msgspec import Struct, ValidationError, convert, to_builtins
from msgspec.structs import replace

from ..errors import JournalError, UsageError
from .artifacts import CHUNK
from .protocol import Fault
from .sqlite import SqliteJournal

FORMAT = 1
"""The format of a backup."""
JOURNAL, ACCESS, ARTIFACTS, MANIFEST = "journal.db", "access.db", "artifacts", "manifest.json"
PLACE = ".steady-backup-"
"""How the folder begins in which a backup is made, or unpacked."""
_MEMBER = re.compile(rf"{re.escape(JOURNAL)}|{re.escape(ACCESS)}|{ARTIFACTS}/([0-9a-f]{{64}})|{re.escape(MANIFEST)}")
_MOST = 1 << 20
"""Bytes that a manifest may have."""
FAULTS = 20
"""How many faults a manifest tells."""


class Manifest(Struct, frozen=True):
    """What is in a backup. `made_at` is microseconds (UTC), `version` that of the program; `faults` did not hold."""

    made_at: int
    version: str
    streams: int
    events: int
    artifacts: int
    size: int = 0
    access: bool = False
    faults: tuple[str, ...] = ()


class Damaged(JournalError):
    """A backup, or the store that was to be backed up, does not hold."""


def beside(store: Path) -> tuple[Path, Path]:
    """Where the access store and the artifacts of a store lie."""
    return store.with_name(f"{store.name}.access.db"), store.with_name(f"{store.name}.artifacts")


# --- making


def back_up(store: Path, out: Path, at: int, version: str, *, damaged: bool = False) -> Manifest:
    """Write a backup of a store. Raises Damaged (unless that is wanted) when the chains do not hold, JournalError.

    A backup that is there under that name is replaced at the end, or not at all.
    """
    with workplace(out.parent) as place:
        access, artifacts = beside(store)
        snapshot(store, place / JOURNAL)
        if access.exists():
            snapshot(access, place / ACCESS)
        (place / f"{JOURNAL}.artifacts").symlink_to(artifacts.absolute())
        manifest, faults = _look(place / JOURNAL, at, version)
        if faults and not damaged:
            hint = "`steady audit verify` tells all; `steady backup --damaged` keeps what can be read"
            raise Damaged(f"{store} does not hold, and was not backed up: {told(faults[0])}", hint)
        new = place / "new"
        written = _pack(new, place, artifacts, manifest)
        read_back = unpack(new, None)
        if read_back != written:
            raise Damaged("what was written is not what was read back; no backup was made", "check the disk")
        size = new.stat().st_size
        os.replace(new, out)
        sync(out.parent)
    return replace(written, size=size)


def snapshot(database: Path, into: Path) -> None:
    """A copy of a SQLite file as of one moment, while others write. Raises JournalError."""
    try:
        os.close(os.open(into, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            connection.execute("VACUUM INTO ?", (str(into),))
    except sqlite3.Error as problem:
        full = "full" in str(problem) or "disk I/O" in str(problem)
        hint = f"free some space on the disk of {into.parent.parent}" if full else "`steady audit verify` tells more"
        raise JournalError(f"{database} could not be copied: {problem}; no backup was made", hint) from problem


def _look(copy: Path, at: int, version: str) -> tuple[Manifest, tuple[Fault, ...]]:
    """Walk all chains of the copy; what is in it, and what does not hold."""
    journal = SqliteJournal(str(copy))
    try:
        heads = list(journal.streams())
        faults = journal.verify_store()
    finally:
        journal.close()
    found = tuple(told(fault) for fault in faults[:FAULTS])
    return Manifest(at, version, len(heads), sum(head.seq for head in heads), 0, faults=found), faults


def told(fault: Fault) -> str:
    """A fault in words."""
    return f"{fault.stream or 'the store'}{f', event {fault.seq}' if fault.seq else ''}: {fault.problem}"


def _pack(new: Path, place: Path, artifacts: Path, manifest: Manifest) -> Manifest:
    checksums: dict[str, str] = {}
    count = 0
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
            for name in (JOURNAL, ACCESS):
                if (place / name).exists():
                    checksums[name] = _add(tar, name, place / name)
            for path in kept(artifacts):
                with suppress(FileNotFoundError):
                    _add(tar, f"{ARTIFACTS}/{path.name}", path)
                    count += 1
                vars(tar)["members"].clear()  # it would keep all of them
            whole = replace(manifest, artifacts=count, access=ACCESS in checksums)
            body = json.dumps({"format": FORMAT, "files": checksums, **to_builtins(whole)}, indent=1).encode()
            info = tarfile.TarInfo(MANIFEST)
            info.size, info.mode = len(body), 0o600
            tar.addfile(info, io.BytesIO(body))
        raw.flush()
        os.fsync(raw.fileno())
    return whole


def kept(artifacts: Path) -> Iterator[Path]:
    """The artifacts of a folder, without those that are being written."""
    for folder in sorted(artifacts.glob("??")):
        for path in sorted(folder.iterdir()):
            if re.fullmatch(r"[0-9a-f]{64}", path.name):
                yield path


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """Put a file into the archive, with its length as of now; its SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(content.fileno()).st_size, 0o600
        tar.addfile(info, _Hashing(content, digest))
    return digest.hexdigest()


class _Hashing:
    """A reader that hashes what goes through it."""

    def __init__(self, content: IO[bytes], digest: Any) -> None:
        self._content = content
        self._digest = digest

    def read(self, size: int = -1) -> bytes:
        piece = self._content.read(size)
        self._digest.update(piece)
        return piece


# --- reading


def unpack(backup: Path, into: Path | None) -> Manifest:
    """Read a backup to its end and check every byte of it; where a folder is named, unpack it there.

    Raises Damaged for what is no whole backup, UsageError for one of a later version.
    """
    checksums: dict[str, str] = {}
    count = 0
    found: dict[str, Any] | None = None
    try:
        with gzip.open(backup) as raw, tarfile.open(fileobj=raw, mode="r|") as tar:
            for member in tar:
                fits = _MEMBER.fullmatch(member.name)
                content = tar.extractfile(member) if fits and member.isreg() else None
                if fits is None or content is None or found is not None:
                    raise Damaged(f"{backup} is no backup: it holds {member.name[:80]!r}", _WHICH)
                if member.name == MANIFEST:
                    found = dict(json.loads(content.read(_MOST)))
                    continue
                digest = _take(content, into / _place(member.name) if into else None)
                if fits[1] and digest != fits[1]:
                    raise Damaged(f"artifact {fits[1][:12]} in {backup} is not what was stored", _WHICH)
                count += bool(fits[1])
                if not fits[1]:
                    checksums[member.name] = digest
                vars(tar)["members"].clear()  # it would keep all of them
            while raw.read(CHUNK):
                pass  # to the checksum at the end
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, TypeError, ValueError, zlib.error) as problem:
        raise Damaged(f"{backup} is no backup, or it is damaged: {problem}", _WHICH) from problem
    if found is None:
        raise Damaged(f"{backup} is no whole backup: its end is missing", _WHICH)
    return _manifest(backup, found, checksums, count)


_WHICH = "nothing was restored; take another backup"


def _manifest(backup: Path, found: dict[str, Any], checksums: dict[str, str], artifacts: int) -> Manifest:
    """What a backup tells of itself, held against what it holds."""
    if not isinstance(found.get("format"), int):
        raise Damaged(f"{backup} is no backup: it does not tell its format", _WHICH)
    if found["format"] > FORMAT:
        hint = "install the version that wrote it, or a later one"
        raise UsageError(f"{backup} was written by a later version (format {found['format']})", hint)
    try:
        manifest = convert({k: v for k, v in found.items() if k in Manifest.__struct_fields__}, Manifest)
    except ValidationError as problem:
        raise Damaged(f"{backup} is no backup: {problem}", _WHICH) from problem
    if found.get("files") != checksums or JOURNAL not in checksums or manifest.artifacts != artifacts:
        raise Damaged(f"{backup} does not hold what it says: it was changed, or parts are missing", _WHICH)
    return manifest


def _place(name: str) -> str:
    """Where a member is unpacked: as the store has it."""
    if name.startswith(f"{ARTIFACTS}/"):
        sha256 = name.partition("/")[2]
        return f"{JOURNAL}.artifacts/{sha256[:2]}/{sha256}"
    return name


def _take(content: IO[bytes], path: Path | None) -> str:
    """Read a member to its end, and write it durably where it belongs; its SHA-256."""
    digest = hashlib.sha256()
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") if path else nullcontext() as out:
        while piece := content.read(CHUNK):
            digest.update(piece)
            if out is not None:
                out.write(piece)
        if out is not None:
            out.flush()
            os.fsync(out.fileno())
    return digest.hexdigest()


# --- putting back


def put_back(backup: Path, store: Path, prepare: Callable[[Path], None], *, damaged: bool = False) -> Manifest:
    """Make a store of a backup, where there is none. Raises UsageError, Damaged.

    `prepare` gets the journal's file before it gets its name, which comes last of all.
    """
    access, artifacts = beside(store)
    for path in (store, store.with_name(f"{store.name}-wal"), access):
        if path.exists():
            hint = "name another place with --store, or move away what is there"
            raise UsageError(f"{path} is there already, and is not overwritten; nothing was restored", hint)
    store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with workplace(store.parent) as place:
        manifest = unpack(backup, place)
        journal = SqliteJournal(str(place / JOURNAL))
        try:
            faults = journal.verify_store()
        finally:
            journal.close()
        if faults and not damaged:
            hint = "nothing was restored; take another backup, or add --damaged"
            raise Damaged(f"what is in {backup} does not hold: {told(faults[0])}", hint)
        prepare(place / JOURNAL)
        for path in kept(place / f"{JOURNAL}.artifacts"):
            folder = artifacts / path.parent.name
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.replace(path, folder / path.name)
            sync(folder)
        if artifacts.exists():
            sync(artifacts)
        for made, target in ((place / ACCESS, access), (place / JOURNAL, store)):
            if made.exists():
                _move(made, target)
    return replace(manifest, faults=tuple(told(fault) for fault in faults[:FAULTS]))


def _move(made: Path, target: Path) -> None:
    """Give a file its name, unless somebody has taken the name meanwhile."""
    try:
        os.link(made, target)
    except FileExistsError:
        raise UsageError(f"{target} has come into being meanwhile; the store was not restored") from None
    sync(target.parent)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def workplace(beside_: Path) -> Iterator[Path]:
    """A folder of our own on the same disk, removed at the end. Those that were left by a process that died are too."""
    for left in beside_.glob(f"{PLACE}*"):
        _remove_left(left)
    place, lock = _locked(beside_)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def _locked(beside_: Path) -> tuple[Path, int]:
    """A new folder, locked for as long as this process lives."""
    while True:
        place = Path(tempfile.mkdtemp(prefix=PLACE, dir=beside_))
        with suppress(FileNotFoundError):
            lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if place.exists():
                return place, lock
            os.close(lock)  # another process has just taken it for one that was left


def _remove_left(left: Path) -> None:
    """Remove a folder that nobody has locked."""
    with suppress(OSError):
        lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)
