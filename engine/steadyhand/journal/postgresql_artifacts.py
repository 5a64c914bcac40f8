"""Artifacts in PostgreSQL: rows of pieces, named by the SHA-256 of the whole, kept once. Constant memory.

Called by the PostgreSQL journal. The name is known at the end of the content alone, so it goes through a file here.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, BinaryIO

from ..errors import JournalError, NotFound
from .artifacts import CHUNK, checked, chunks
from .connections import Pool, Wire

UNKEPT = "the output of the step was not kept"
UNREAD = "the artifact was not read"


class Table:
    """The artifacts of a store."""

    def __init__(self, pool: Pool, queries: Mapping[str, str]) -> None:
        self._pool = pool
        self._queries = queries

    def put(self, content: BinaryIO) -> tuple[str, int]:
        """Keep the content, durably; its name and size."""
        digest, size = hashlib.sha256(), 0
        try:
            with tempfile.SpooledTemporaryFile(max_size=4 * CHUNK) as spool:
                for piece in chunks(content):
                    digest.update(piece)
                    size += len(piece)
                    spool.write(piece)
                self._pool.patiently(lambda wire: self._keep(wire, digest.digest(), size, spool), UNKEPT)
        except OSError as problem:
            hint = "free some space on the disk of the temporary files, or name another place with TMPDIR"
            raise JournalError(f"{tempfile.gettempdir()}: {problem.strerror}; {UNKEPT}", hint) from problem
        return digest.hexdigest(), size

    def _keep(self, wire: Wire, name: bytes, size: int, spool: IO[bytes]) -> None:
        """One transaction. Whether it is the first or the second time makes no difference."""
        spool.seek(0)
        if size <= CHUNK:
            wire.execute(self._queries["keep_whole"], (name, size, spool.read(CHUNK)))
            return
        if wire.execute(self._queries["kept"], (name,)).fetchone():
            return
        wire.execute("BEGIN")  # whatever goes wrong before its end, the pool ends the session, and that rolls it back
        if wire.execute(self._queries["keep"], (name, size)).rowcount:
            for number, piece in enumerate(iter(lambda: spool.read(CHUNK), b""), 1):
                wire.execute(self._queries["keep_chunk"], (name, number, piece))
        wire.execute("COMMIT")

    def get(self, sha256: str) -> BinaryIO:
        """An artifact for reading. Raises NotFound."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise NotFound(f"{sha256!r} is no artifact's name")
        name = bytes.fromhex(sha256)
        found = self._pool.patiently(lambda wire: wire.execute(self._queries["kept"], (name,)).fetchone(), UNREAD)
        if found is None:
            raise NotFound(f"there is no artifact {sha256}")

        def piece(number: int) -> bytes:
            def ask(wire: Wire) -> bytes:
                row = wire.execute(self._queries["chunk"], (name, number), binary=True).fetchone()
                return bytes(row[0]) if row else b""

            return self._pool.patiently(ask, UNREAD)

        return checked(io.BufferedReader(_Pieces(piece), CHUNK), sha256)


class _Pieces(io.RawIOBase):
    """A reader over numbered pieces, each asked for when it is needed."""

    def __init__(self, piece: Callable[[int], bytes]) -> None:
        super().__init__()
        self._piece = piece
        self._number = 0
        self._left = b""

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub asks for a wider type
        """Read on."""
        if not self._left:
            self._number += 1
            self._left = self._piece(self._number)
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
