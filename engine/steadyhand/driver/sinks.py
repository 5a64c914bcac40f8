"""Where a stream of output goes: redacted, hashed, kept up to a limit, excerpted, shown. Constant memory.

Lent to handlers as their `Sink`, closed by the hands when the attempt is over. Whatever goes wrong while output is
kept (a full disk, a store that cannot take it), the attempt goes on, and the artifact and `note` say what is missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from io import BytesIO
from typing import IO, BinaryIO, cast

from ..errors import SteadyError
from ..model import Artifact
from .redaction import Redactor

IN_MEMORY = 64 * 1024
"""Bytes that may come before a file is opened."""
READABLE = 1024 * 1024
"""Bytes from the beginning that `text` can give."""
EXCERPT = 4 * 1024
"""Bytes of the head and of the tail of a long stream."""
INLINE = 2 * EXCERPT
"""Bytes up to which a stream is its own excerpt, and nothing is stored beside the journal."""

Put = Callable[[BinaryIO], tuple[str, int]]


class Spool:
    """One stream of one attempt. Written by one thread; not to be used after `finish`, but for reading."""

    def __init__(
        self,
        name: str,
        redactor: Redactor,
        limit: int,
        on_data: Callable[[str, bytes], None] | None = None,
        folder: str | None = None,
    ) -> None:
        """`limit` is how many bytes are stored; `folder` is where the unnamed file lies (default: the system's)."""
        self.name = name
        self.note = ""
        """After `finish`: what could not be kept, and why; '' when all that the limit allows is there."""
        self._redactor = redactor
        self._stream = redactor.stream()
        self._limit = limit
        self._on_data = on_data
        self._folder = folder
        self._hash = hashlib.sha256()
        self._came = 0
        self._first = bytearray()
        self._tail = b""
        self._file: IO[bytes] | None = None
        self._stored = 0
        self._trouble = ""
        self._finished = False
        self._artifact: Artifact | None = None

    @property
    def size(self) -> int:
        """How many bytes came, after redaction."""
        return self._came + len(self._stream.peek())

    def write(self, data: bytes) -> None:
        """Take bytes as they come. What comes after `finish` is dropped."""
        if not self._finished:
            self._take(self._stream.feed(data))

    def text(self, limit: int = READABLE) -> str:
        """The beginning of what came, at most `limit` bytes, undecodable bytes as lone surrogates."""
        start = bytes(self._first[:limit])
        if len(start) == self._came:
            start = (start + self._stream.peek())[:limit]
        return start.decode("utf-8", "surrogateescape")

    def finish(self, put: Put) -> Artifact | None:
        """The stream has ended: store it through `put` if it is long. None when nothing came. Never raises for I/O."""
        if not self._finished:
            self._finished = True
            self._take(self._stream.close())
            self._artifact = self._settle(put) if self._came else None
        return self._artifact

    # --- keeping

    def _take(self, data: bytes) -> None:
        if not data:
            return
        self._hash.update(data)
        self._came += len(data)
        self._tail = data[-EXCERPT:] if len(data) >= EXCERPT else (self._tail + data)[-EXCERPT:]
        if self._came > IN_MEMORY and self._stored < self._limit and not self._trouble:
            self._store(data)
        room = READABLE - len(self._first)
        if room > 0:
            self._first += data[:room]
        if self._on_data is not None:
            self._on_data(self.name, data)

    def _store(self, data: bytes) -> None:
        """Write on, as far as the limit allows; the first time, what came before as well."""
        try:
            if self._file is None:
                from tempfile import TemporaryFile  # noqa: PLC0415 most steps print little

                file = TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 it lives as long as the stream
                self._file = cast("IO[bytes]", file)
                self._write(bytes(self._first))
            self._write(data)
        except OSError as problem:
            self._trouble = problem.strerror or str(problem)

    def _write(self, data: bytes) -> None:
        assert self._file is not None  # noqa: S101 opened just before
        view = memoryview(data)[: self._limit - self._stored]
        while view:
            written = self._file.write(view)
            self._stored += written
            view = view[written:]

    # --- settling

    def _settle(self, put: Put) -> Artifact:
        digest = self._hash.hexdigest()
        if self._came <= INLINE:
            head = self._readable(bytes(self._first))
            return Artifact(self.name, self._came, digest, "", self._came, head)
        sha256, stored = self._put(put)
        head, tail = self._readable(_whole_start(bytes(self._first[:EXCERPT]))), self._readable(_whole_end(self._tail))
        return Artifact(self.name, self._came, digest, sha256, stored, head, tail, whole=stored == self._came)

    def _put(self, put: Put) -> tuple[str, int]:
        """Store what was kept. A store that cannot take it loses the output, not the run."""
        memory = min(len(self._first), self._limit)
        content: IO[bytes] = BytesIO(bytes(self._first[:memory]))
        try:
            if self._file is not None and self._stored >= memory:
                content = self._file
                content.truncate(self._stored)
                content.seek(0)
            sha256, stored = put(cast("BinaryIO", content))
        except (OSError, SteadyError) as problem:
            self._trouble = str(problem)
            sha256, stored = "", 0
        finally:
            content.close()
            if self._file is not None:
                self._file.close()
        if self._trouble and stored < min(self._came, self._limit):
            self.note = f"{self.name}: only {stored} of {self._came} bytes could be kept: {self._trouble}"
        return sha256, stored

    def _readable(self, data: bytes) -> str:
        """Text for people. Taking terminal sequences out may join what they had kept apart, so it is redacted again."""
        return _spelled_out(self._redactor.text(_without_sequences(data.decode("utf-8", "backslashreplace"))))


# --- text that cannot paint over what stands around it

_SEQUENCES = re.compile(
    "\x1b(?:"
    "\\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    "|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)"  # strings: window titles, links, clipboard
    "|[ -/]*[0-Z\\\\^-~]"  # the others
    ")"
)
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Control characters but for newline and tab, and what reorders, joins or hides text."""


def _without_sequences(text: str) -> str:
    return _SEQUENCES.sub("", text).replace("\r\n", "\n") if "\x1b" in text or "\r" in text else text


def visible(text: str) -> str:
    """The text with terminal sequences taken out, and every control character but newline and tab spelled out."""
    return _spelled_out(_without_sequences(text))


def _spelled_out(text: str) -> str:
    return _UNSEEN.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _whole_start(data: bytes) -> bytes:
    """Without the first bytes of a character whose others were cut off."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-back] if needed > back else data
        if byte < 0x80:
            break
    return data


def _whole_end(data: bytes) -> bytes:
    """Without the last bytes of a character whose first was cut off."""
    start = next((at for at in range(min(4, len(data))) if data[at] & 0xC0 != 0x80), 0)
    return data[start:]
