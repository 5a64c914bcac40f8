"""Files to and from another machine, over SFTP on the shared connection.

Called by `ssh` for `copy` and `fetch`. A copy is written beside its place under a name of its own and renamed over it,
so nobody ever sees half a file, and until the rename nothing has changed: only what is cut off there is unsure. A file
that is fetched goes through a sink: it is redacted, bounded and kept as an artifact like all output.
"""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import secrets as chance
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any, BinaryIO, Self

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from . import _ssh
from ._texts import bytes_of
from .protocol import Hands

PIECE = 256 * 1024
"""Bytes that are held of a file."""
AT_ONCE = 64
"""Pieces of 32 KiB that are asked for ahead."""
MOST = 10 * 1024 * 1024
"""Bytes that a fetched file may have, unless said."""
READABLE = 1024 * 1024
"""Bytes of a fetched file that an expectation may read."""
HINTS: Mapping[int, str] = {
    errno.ENOENT: "check the path, and that its folder is there",
    errno.EACCES: "check the permissions there, and which user logs in",
}


def copy(request: Mapping[str, Any], connection: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
    """Put a file or a text in its place, whole or not at all."""
    place = hands.reveal(request["to"])
    mode = int(hands.reveal(request["mode"]), 8) if "mode" in request else None
    with _source(request, hands) as source:
        if mode is None and "from" in request:
            mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
        with _Files(connection, hands) as files:
            return files.put(source, place, mode, given="mode" in request)


def fetch(request: Mapping[str, Any], connection: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
    """Bring a file here, as an artifact of the step."""
    place = hands.reveal(request["from"])
    name = hands.reveal(request["to"]) if "to" in request else posixpath.basename(place)
    with _Files(connection, hands) as files:
        return files.get(place, name, int(request.get("max_size", MOST)))


def _source(request: Mapping[str, Any], hands: Hands) -> BinaryIO:
    if "content" in request:
        return BytesIO(bytes_of(hands.reveal(request["content"]), "`content`"))
    path = os.path.join(hands.cwd, hands.reveal(request["from"]))
    try:
        file = open(path, "rb")  # noqa: SIM115 closed by whoever asked
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}", "check `copy: {from: ...}`") from problem
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadInput(f"{path} is no ordinary file", "name a file; for a folder, pack it first")
    return file


class _Files:
    """SFTP on a session of the shared connection."""

    def __init__(self, connection: Mapping[str, Any], hands: Hands) -> None:
        self._session = _ssh.Session(connection, hands)
        self._hands = hands
        self._client: Any = None
        self._renaming = False

    def __enter__(self) -> Self:
        self._client = self._session.channel(_sftp)
        self._client.get_channel().settimeout(max(self._hands.remaining(), 0.1))
        self._hands.on_cancel(self._hang_up)
        return self

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        try:
            if problem is not None and not isinstance(problem, HandlerError):
                named = self._named(problem)
                if named is not None:
                    raise named from problem
        finally:
            self._hang_up()
            self._session.__exit__()

    def _hang_up(self) -> None:
        with suppress(Exception):
            self._client.close()

    def _named(self, problem: BaseException) -> HandlerError | None:
        """What ended it, by its name; None for a bug of ours."""
        paramiko = _ssh.client()
        host, unsure = self._session.host, self._renaming
        if self._hands.cancelled():
            return Cancelled("it was told to stop before the file was there", unsure=unsure)
        if isinstance(problem, TimeoutError) or (self._hands.remaining() <= 0 and isinstance(problem, OSError)):
            return TimedOut(
                "its time was over before the file was there", "give the step a longer `timeout:`", unsure=unsure
            )
        if isinstance(problem, (paramiko.SSHException, EOFError)) or (
            isinstance(problem, OSError) and "closed" in str(problem)
        ):
            return Unreachable(f"the connection to {host} was lost", "look at the file there", unsure=unsure)
        if isinstance(problem, OSError):
            number = problem.errno or 0
            text = problem.strerror or str(problem)
            return Refused(f"{host}: {text}", HINTS.get(number, "look at the disk and the log there"), unsure=unsure)
        return None

    # --- to there

    def put(self, source: BinaryIO, place: str, mode: int | None, *, given: bool) -> dict[str, Any]:
        there = self._there(place)
        place = self._client.normalize(place) if there is not None else place
        mode = mode if given or there is None else stat.S_IMODE(there.st_mode)
        beside = posixpath.join(posixpath.dirname(place), f".{posixpath.basename(place)[:200]}.{chance.token_hex(6)}")
        try:
            size, digest = self._written(source, beside)
            self._client.chmod(beside, mode if mode is not None else 0o600)
            self._keep_owner(beside, place, there)
            self._check()
            self._renaming = True
            self._client.posix_rename(beside, place)
            self._renaming = False
        except BaseException as problem:
            if isinstance(problem, OSError) and problem.errno in HINTS:
                self._renaming = False  # it answered: it was not done
                with suppress(Exception):
                    self._client.remove(beside)
                raise Refused(
                    f"{self._session.host}: {place}: {problem.strerror}", HINTS[problem.errno or 0]
                ) from problem
            if not self._renaming:
                with suppress(Exception):
                    self._client.remove(beside)
            raise
        return {"path": place, "size": size, "sha256": digest}

    def _there(self, place: str) -> Any:
        try:
            there = self._client.stat(place)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(there.st_mode):
            raise Refused(f"{self._session.host}: {place} is no ordinary file", "write the whole path of the file")
        return there

    def _written(self, source: BinaryIO, beside: str) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        with self._client.open(beside, "wx") as file:
            self._client.chmod(beside, 0o600)
            file.set_pipelined(True)
            for data in _pieces(source):
                self._check()
                file.write(data)
                digest.update(data)
                size += len(data)
        written = self._client.stat(beside).st_size
        if written != size:
            raise BadResponse(f"{self._session.host} has kept {written:,} of {size:,} bytes", "look at its disk")
        return size, digest.hexdigest()

    def _keep_owner(self, beside: str, place: str, there: Any) -> None:
        """A rename would hand the file to whoever logs in: it stays with whom it belongs to, or nothing is done."""
        mine = self._client.stat(beside)
        if there is None or (mine.st_uid, mine.st_gid) == (there.st_uid, there.st_gid):
            return
        try:
            self._client.chown(beside, there.st_uid, there.st_gid)
            self._client.chmod(beside, stat.S_IMODE(mine.st_mode))  # a change of owner takes the set-id bits away
        except OSError as problem:
            what = f"{self._session.host}: {place} belongs to another user ({there.st_uid}:{there.st_gid})"
            hint = "log in as that user, or copy it elsewhere and install it in a step with `sudo: true`"
            raise Refused(what, hint) from problem

    # --- from there

    def get(self, place: str, name: str, most: int) -> dict[str, Any]:
        try:
            with self._client.open(place, "rb") as file:
                return self._read(file, place, name, most)
        except OSError as problem:
            if problem.errno in HINTS:
                hint = HINTS[problem.errno or 0]
                raise Refused(f"{self._session.host}: {place}: {problem.strerror}", hint) from problem
            raise

    def _read(self, file: Any, place: str, name: str, most: int) -> dict[str, Any]:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Refused(f"{self._session.host}: {place} is no ordinary file", "name a file")
        if about.st_size > most:
            what = f"{self._session.host}: {place} has {about.st_size:,} bytes, and {most:,} may be fetched"
            raise BadResponse(what, "raise `max_size`, or look at a part of it with a command")
        sink, digest, size = self._hands.sink(name), hashlib.sha256(), 0
        file.prefetch(about.st_size, AT_ONCE)
        for data in _pieces(file):
            self._check()
            size += len(data)
            if size > most:
                raise BadResponse(f"{self._session.host}: {place} grows beyond {most:,} bytes", "raise `max_size`")
            sink.write(data)
            digest.update(data)
        found = {
            "path": place,
            "size": size,
            "sha256": digest.hexdigest(),
            "mode": f"{stat.S_IMODE(about.st_mode):04o}",
        }
        # More than can be kept is no evidence for an expectation: it is left out rather than cut.
        return {**found, "content": sink.text() if size <= READABLE else None}

    def _check(self) -> None:
        if self._hands.cancelled():
            raise Cancelled("it was told to stop before the file was there")
        if self._hands.remaining() <= 0:
            raise TimedOut("its time was over before the file was there", "give the step a longer `timeout:`")


def _sftp(transport: Any, left: float) -> Any:
    channel = transport.open_session(timeout=left)
    channel.settimeout(left)
    paramiko = _ssh.client()
    try:
        channel.invoke_subsystem("sftp")
        return paramiko.SFTPClient(channel)
    except (paramiko.SSHException, OSError, EOFError) as problem:
        channel.close()
        if not transport.is_active():
            raise
        hint = "its sshd_config needs `Subsystem sftp internal-sftp`; without it, write `text: cat > FILE` with `stdin`"
        raise Refused("the machine takes and gives no files: it has no SFTP", hint) from problem


def _pieces(source: Any) -> Iterator[bytes]:
    while data := source.read(PIECE):
        yield data
