"""Output on its way to the journal: redacted, hashed, kept up to a limit. Constant memory, whatever comes."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
from collections.abc import Callable
from typing import BinaryIO

from ..model import Artifact
from .redaction import Redactor

EXCERPT = 4 * 1024
"""Bytes of the head and of the tail that an event keeps."""
SEEN = 1024 * 1024
"""Bytes that expectations and facts can look at."""
INLINE = 8 * 1024
"""Up to this size the excerpt is everything, and nothing is stored beside the journal."""
MEMORY = 64 * 1024
"""Bytes kept in memory before a temporary file is made."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Spool:
    """One stream of one attempt."""

    def __init__(
        self, name: str, redactor: Redactor, limit: int, on_data: Callable[[str, bytes], None] | None = None
    ) -> None:
        self.name = name
        self.note = ""
        self._redactor = redactor.stream()
        self._limit = limit
        self._on_data = on_data
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._size = 0
        self._start = bytearray()
        self._tail = b""
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 closed by finish
        self._stored = 0
        self._closed = False

    @property
    def size(self) -> int:
        """How many bytes came (after redaction)."""
        return self._size

    def write(self, data: bytes) -> None:
        """Take bytes as they come."""
        with self._lock:
            if not self._closed:
                self._take(self._redactor.feed(data))

    def _take(self, clean: bytes) -> None:
        if not clean:
            return
        self._size += len(clean)
        self._hash.update(clean)
        if len(self._start) < SEEN:
            self._start += clean[: SEEN - len(self._start)]
        self._tail = clean[-EXCERPT:] if len(clean) >= EXCERPT else (self._tail + clean)[-EXCERPT:]
        self._store(clean)
        if self._on_data is not None:
            self._on_data(self.name, clean)

    def _store(self, clean: bytes) -> None:
        """Keep it up to the limit. A full disk loses the rest of the output, and never the run."""
        room = self._limit - self._stored
        if room <= 0 or self.note:
            return
        try:
            self._file.write(clean[:room])
            self._stored += min(room, len(clean))
        except OSError as problem:
            self.note = f"only {self._stored} bytes of {self.name} could be kept: {problem.strerror}"

    def _flush(self) -> None:
        if not self._closed:
            self._closed = True
            self._take(self._redactor.close())

    def text(self, limit: int = SEEN) -> str:
        """What came so far, as text; at most `limit` bytes of it (and never more than SEEN)."""
        with self._lock:
            self._flush()
            return bytes(self._start[:limit]).decode("utf-8", "surrogateescape")

    def finish(self, put: Callable[[BinaryIO], tuple[str, int]]) -> Artifact | None:
        """Close the stream and keep what came: inline when it is short, else as an artifact. None when nothing came."""
        with self._lock:
            self._flush()
            if not self._size:
                self._file.close()
                return None
            sha256 = ""
            if self._size > INLINE:
                self._file.seek(0)
                sha256, _ = put(self._file)  # type: ignore[arg-type]  # a temporary file reads like any other
            self._file.close()
        short = self._size <= INLINE
        return Artifact(
            name=self.name,
            size=self._size,
            digest=self._hash.hexdigest(),
            sha256=sha256,
            stored=self._stored,
            head=readable(bytes(self._start[: INLINE if short else EXCERPT])),
            tail="" if short else readable(self._tail),
            whole=self._stored == self._size,
        )


def readable(data: bytes) -> str:
    """Bytes as a person may safely see them: undecodable ones and control characters are escaped, ANSI codes too."""
    text = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
