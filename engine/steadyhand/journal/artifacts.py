"""Artifacts by content: files named by their SHA-256, written once, checked whenever they are read. Constant memory."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import JournalError, NotFound

CHUNK = 256 * 1024


def chunks(content: BinaryIO) -> Iterator[bytes]:
    """The content, piece by piece."""
    while piece := content.read(CHUNK):
        yield piece


class Checked(io.RawIOBase):
    """A reader that holds what it read against the name it was stored under, once it comes to the end."""

    def __init__(self, content: BinaryIO, sha256: str) -> None:
        super().__init__()
        self._content = content
        self._sha256 = sha256
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub asks for a wider type
        """Read on. Raises JournalError at the end when the content is not what was stored."""
        piece = self._content.read(len(buffer))
        buffer[: len(piece)] = piece
        self._hash.update(piece)
        if not piece and self._hash.hexdigest() != self._sha256:
            raise JournalError(f"artifact {self._sha256[:12]} is not what was stored", "run `steady audit verify`")
        return len(piece)

    def close(self) -> None:
        """Let go of the file."""
        self._content.close()
        super().close()


def checked(content: BinaryIO, sha256: str) -> BinaryIO:
    """The content as a reader that raises JournalError at its end when it is not what was stored."""
    return io.BufferedReader(Checked(content, sha256), CHUNK)


class Folder:
    """A folder of artifacts: `ab/abcd...`. Safe for many threads and processes."""

    def __init__(self, path: Path, wrap: Callable[[OSError, str], JournalError]) -> None:
        self._path = path
        self._wrap = wrap

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep the content, durably; its name and size."""
        try:
            return self._put(content)
        except OSError as problem:
            raise self._wrap(problem, "the output of the step was not kept") from problem

    def _put(self, content: BinaryIO) -> tuple[str, int]:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor, name = tempfile.mkstemp(prefix="new-", dir=self._path)
        try:
            with os.fdopen(descriptor, "wb") as new:
                for piece in chunks(content):
                    digest.update(piece)
                    size += len(piece)
                    new.write(piece)
                new.flush()
                os.fsync(new.fileno())
            self._settle(Path(name), digest.hexdigest())
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        return digest.hexdigest(), size

    def _settle(self, new: Path, sha256: str) -> None:
        """Give the file its name, and make the name durable."""
        folder = self._path / sha256[:2]
        folder.mkdir(mode=0o700, exist_ok=True)
        os.replace(new, folder / sha256)
        for changed in (folder, self._path):
            descriptor = os.open(changed, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading. Raises NotFound."""
        if not sha256 or not set(sha256) <= set("0123456789abcdef"):
            raise NotFound(f"{sha256!r} is no artifact's name")
        try:
            return checked((self._path / sha256[:2] / sha256).open("rb"), sha256)
        except FileNotFoundError:
            raise NotFound(f"there is no artifact {sha256}") from None
        except OSError as problem:
            raise self._wrap(problem, "the artifact was not read") from problem
