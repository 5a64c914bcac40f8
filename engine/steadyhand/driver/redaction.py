"""Secrets never reach what is kept or shown: every byte and every text passes through here on its way out.

A redactor knows the values of secrets and every form in which they may turn up: as they are, line by line, base64 at
each of its three alignments, percent-encoded, JSON- and HTML-escaped, quoted for a shell, in hexadecimal. A stream
redactor finds a secret that is split over two chunks by holding back as much as could still be the beginning of one.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import threading
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import msgspec

SHORTEST = 4
"""Shorter values are not looked for: hiding every `7` would hide everything."""

LINE = 6
"""Lines of a secret of several lines are looked for each, from this length on."""

T = TypeVar("T")


def forms(value: bytes) -> frozenset[bytes]:
    """Every form of a secret that is looked for."""
    found = {form for one in _wholes(value) for form in _encoded(one)}
    return frozenset(form for form in found if len(form) >= SHORTEST)


def _wholes(value: bytes) -> Iterator[bytes]:
    yield value
    yield value.strip()
    for line in value.splitlines():
        if len(line.strip()) >= LINE:
            yield line.strip()


def _encoded(value: bytes) -> Iterator[bytes]:
    yield value
    yield from _base64(value)
    yield value.hex().encode()
    yield value.hex().upper().encode()
    text = value.decode("utf-8", "surrogateescape")
    for form in _texts(text, value):
        yield form.encode("utf-8", "surrogateescape")


def _texts(text: str, value: bytes) -> Iterator[str]:
    percent = (quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="!'()*-._~$&+,;=:@/?"))
    for form in percent:
        yield form
        yield re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), form)
    yield "".join(f"%{byte:02X}" for byte in value)
    yield "".join(f"%{byte:02x}" for byte in value)
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
        yield json.dumps(escaped)[1:-1]
    yield re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), json.dumps(text)[1:-1])
    yield html.escape(text, quote=True)
    yield html.escape(text, quote=False)
    yield html.escape(text).replace("&#x27;", "&#39;")
    yield shlex.quote(text)
    yield shlex.quote(text)[1:-1]
    yield repr(text)[1:-1]
    yield text.replace('"', '""')
    yield text.replace("'", "''")


def _base64(value: bytes) -> Iterator[bytes]:
    """The stable middle of the encoding at each alignment, in both alphabets."""
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + value)
        start = (0, 2, 3)[shift]
        end = (len(value) + shift) * 8 // 6
        for form in (whole[start:end], whole[start:end].translate(bytes.maketrans(b"+/", b"-_"))):
            if len(form) >= SHORTEST:
                yield form


class Redactor:
    """The secrets known so far. Safe for many threads; a value learned is hidden from then on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[bytes, bytes] = {}
        self._pattern: re.Pattern[bytes] | None = None
        self._longest = 0
        self._starts: frozenset[int] = frozenset()

    @property
    def patterns(self) -> Mapping[bytes, bytes]:
        """Every form looked for, with what stands in its place."""
        return self._known

    def learn(self, name: str, value: str | bytes) -> str:
        """Hide this value from now on. Returns a warning when it is too short to be hidden, else ''."""
        raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
        if len(raw.strip()) < SHORTEST:
            return f"secret {name} is too short to be hidden: it has fewer than {SHORTEST} characters"
        mask = f"[secret {name}]".encode()
        with self._lock:
            new = {form: mask for form in forms(raw) if form not in self._known}
            if new:
                self._known = {**self._known, **new}
                longest_first = sorted(self._known, key=len, reverse=True)
                self._pattern = re.compile(b"|".join(re.escape(form) for form in longest_first))
                self._longest = len(longest_first[0])
        return ""

    def bytes(self, data: bytes) -> bytes:
        """The data without secrets."""
        pattern, known = self._pattern, self._known
        if pattern is None or not any(form in data for form in known):
            return data
        return pattern.sub(lambda found: known.get(found[0], b"[secret]"), data)

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is None or not text:
            return text
        raw = text.encode("utf-8", "surrogatepass" if _high(text) else "surrogateescape")
        clean = self.bytes(raw)
        return text if clean is raw else clean.decode("utf-8", "surrogatepass" if _high(text) else "surrogateescape")

    def value(self, value: Any) -> Any:
        """A Json value without secrets, keys included."""
        if self._pattern is None:
            return value
        return self._value(value)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._value(k): self._value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._value(v) for v in value]
        return value

    def event(self, event: T) -> T:
        """An event (any struct) without secrets; the very same one where there are none."""
        if self._pattern is None:
            return event
        plain = msgspec.to_builtins(event)
        clean = self._value(plain)
        if clean == plain:
            return event
        if "type" in plain:
            clean["type"] = plain["type"]
        return msgspec.convert(clean, type(event))

    def stream(self) -> StreamRedactor:
        """A redactor for output that comes in chunks."""
        return StreamRedactor(self)

    def held(self, data: bytes) -> int:
        """How many bytes at the end of the data could be the beginning of a secret."""
        known, longest = self._known, self._longest
        if not known or not data:
            return 0
        tail = data[-(longest - 1) :] if longest > 1 else b""
        best = 0
        for form in known:
            best = max(best, _overlap(tail, form, best))
        return best


def _high(text: str) -> bool:
    """Whether a text holds surrogates that are no escaped bytes."""
    return not text.isascii() and any("\ud800" <= c <= "\udfff" and not "\udc80" <= c <= "\udcff" for c in text)


def _overlap(tail: bytes, form: bytes, best: int) -> int:
    """The length of the longest beginning of `form` that ends `tail`, if it is longer than `best`."""
    start = max(0, len(tail) - len(form) + 1)
    first = form[:1]
    position = tail.find(first, start)
    while position != -1 and len(tail) - position > best:
        if form.startswith(tail[position:]):
            return len(tail) - position
        position = tail.find(first, position + 1)
    return 0


class StreamRedactor:
    """Chunks in, clean chunks out; the rest at `close`."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may go on. Holds back only what could be the beginning of a secret."""
        if not self._held and not self._redactor.patterns:
            return data
        whole = self._held + data
        cut = len(whole) - self._redactor.held(whole)
        cut = self._before_a_match(whole, cut)
        self._held = whole[cut:]
        return self._redactor.bytes(whole[:cut])

    def _before_a_match(self, whole: bytes, cut: int) -> int:
        """Never cut through a whole secret: a longer one may still begin inside it."""
        for form in self._redactor.patterns:
            start = whole.find(form, max(0, cut - len(form) + 1), cut + len(form) - 1)
            if start != -1 and start < cut < start + len(form):
                cut = start
        return cut

    def close(self) -> bytes:
        """What was held back."""
        rest, self._held = self._redactor.bytes(self._held), b""
        return rest
