"""Takes secret values out of everything that leaves the driver: events, output streams, texts for people.

Called at the one append point and by every sink. Knows the values revealed so far, and nothing of where they came from.
A value is looked for in each form that tools print it in (`forms`), as exact bytes.

How it is found fast: a chunk is read as machine words, and one set intersection tells which patterns can be in it at
all, however many there are; only those are searched for. A pattern of at least 15 bytes holds a whole aligned word of
8 wherever it lies (of at least 7 bytes: a word of 4); shorter ones are always searched for.
"""

from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, product
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..events import GateAnswered
from ..model import Json
from .forms import SHORTEST, bytes_of, forms

SEGMENT = 64
"""A longer form is looked for in stretches of this many bytes: then a part of it is found too, and little is held."""
FEW = 12
"""Up to so many patterns, searching for each is faster than reading words."""
PIECE = 256 * 1024
"""Bytes that are searched at once, which bounds what a search may need in memory."""

S = TypeVar("S", bound=Struct)
Bytes = bytes  # where a method of the same name hides the type


def _segments(form: bytes) -> Iterator[bytes]:
    """Stretches that cover the form; the last one is the longest, so that none is too short to be told from text."""
    ends = range(SEGMENT, len(form) - SEGMENT + 1, SEGMENT)
    starts = (0, *ends)
    return (form[start:end] for start, end in zip(starts, (*ends, len(form)), strict=True))


# --- searching


class Patterns:
    """All patterns of all known values, made ready for searching. Never changed once made."""

    def __init__(self, named: Mapping[bytes, str]) -> None:
        self.named = named
        self.reach = max(map(len, named), default=1) - 1
        self._longer: dict[bytes, list[bytes]] = {}
        self._heads: dict[bytes, list[bytes]] = {}
        core = None
        for pattern in sorted(named):
            if core is not None and pattern.startswith(core):
                self._longer[core].insert(0, pattern)
            else:
                core = pattern
                self._longer[core] = [core]
            for size in range(1, SHORTEST + 1):
                self._heads.setdefault(pattern[:size], []).append(pattern)
        self._arrange(list(self._longer))

    def _arrange(self, cores: list[bytes]) -> None:
        """Decide which patterns are searched for directly, and which through words of what width."""
        middling = sum(7 <= len(core) < 15 for core in cores)
        self._width = 8 if middling <= FEW else 4
        shortest = 2 * self._width - 1 if len(cores) > FEW else self.reach + 2
        self._direct = [core for core in cores if len(core) < shortest]
        self._by_word: dict[int, list[bytes]] = {}
        for core, at in product(cores, range(self._width)):
            word = int.from_bytes(core[at : at + self._width], sys.byteorder)
            if len(core) >= shortest:
                self._by_word.setdefault(word, []).append(core)
        self._words = frozenset(self._by_word)

    def search(self, data: bytes) -> list[tuple[int, int, str]]:
        """Every occurrence (start, end, name), overlapping ones as well; of several that start together the longest."""
        found: list[tuple[int, int, str]] = []
        for core in self._candidates(data):
            at = data.find(core)
            while at >= 0:
                whole = next(p for p in self._longer[core] if data.startswith(p, at))
                found.append((at, at + len(whole), self.named[whole]))
                at = data.find(core, at + 1)
        found.sort()
        return found

    def _candidates(self, data: bytes) -> Iterable[bytes]:
        if not self._words:
            return self._direct
        whole = data[: len(data) - len(data) % self._width]
        hit = self._words.intersection(array("Q" if self._width == 8 else "I", whole))
        return chain(self._direct, {core for word in hit for core in self._by_word[word]})

    def undecided(self, data: bytes) -> int:
        """Where the first possible beginning of a pattern starts that only further bytes can decide."""
        size = len(data)
        for at in range(max(0, size - self.reach), size):
            heads = self._heads.get(data[at : at + SHORTEST])
            if heads and any(len(p) > size - at and p.startswith(data[at:]) for p in heads):
                return at
        return size


def mark(name: str) -> str:
    """What stands where a secret was."""
    return f"[secret {name}]"


def _replace(patterns: Patterns, data: bytes, until: int, covered: int, last: str) -> tuple[list[bytes], int, str]:
    """Write `data` up to `until` without secrets. The first `covered` bytes belong to a mark already written.

    `last` is the name in that mark, when nothing came between. Returns the pieces, how far marks reach (at least
    `until`), and the name of the last mark when nothing came after it. Two touching finds of one secret are one mark.
    """
    out: list[bytes] = []
    for start, end, name in patterns.search(data):
        if start >= until:
            break
        if end <= covered:
            continue
        if start > covered:
            out.append(data[covered:start])
            last = ""
        if name != last:
            out.append(mark(name).encode("utf-8", "surrogatepass"))
            last = name
        covered = end
    if covered < until:
        out.append(data[covered:until])
        covered, last = until, ""
    return out, covered, last


class StreamRedactor:
    """Redacts bytes that come in chunks. What comes out does not depend on where the chunks were cut."""

    def __init__(self, patterns: Callable[[], Patterns]) -> None:
        self._patterns = patterns
        self._tail = b""
        self._covered = 0
        self._last = ""

    def feed(self, data: bytes) -> bytes:
        """Take bytes, give what is decided. Held back is only what may be the beginning of a secret."""
        patterns = self._patterns()
        if not patterns.named and not self._tail:
            return data
        return b"".join(self._feed(patterns, data[at : at + PIECE]) for at in range(0, len(data), PIECE))

    def _feed(self, patterns: Patterns, data: bytes) -> bytes:
        buffer = self._tail + data if self._tail else data
        until = patterns.undecided(buffer)
        out, reached, self._last = _replace(patterns, buffer, until, self._covered, self._last)
        self._tail, self._covered = buffer[until:], reached - until
        return b"".join(out)

    def peek(self) -> bytes:
        """What `close` would give now."""
        if not self._tail:
            return b""
        return b"".join(_replace(self._patterns(), self._tail, len(self._tail), self._covered, self._last)[0])

    def close(self) -> bytes:
        """The stream has ended: give what was held back."""
        rest = self.peek()
        self._tail, self._covered, self._last = b"", 0, ""
        return rest


# --- texts, values and events

KEPT = frozenset(
    "outcome mode kind effect conclusion result status digest digests sha256 "  # noqa: SIM905 one line a word buries the rule
    "texts runbook error handlers version driver before requester by roles via plans cut children uses order".split()
)
"""Fields in which the engine's own words, the document's names, people and hashes stand, and never text from outside.

A weak secret (`pass`, `orders`, `1234`) must not turn an outcome, a step or a hash into something else.
"""
PATHS = frozenset(("path", "gate", "key", "came_from", "in_doubt"))
"""Fields that hold paths: what stands before the first bracket is the document's own, in brackets are run-time keys."""
NAMED = frozenset(("facts", "inputs", "values", "options", "contacts", "targets", "names"))
"""Fields whose keys, when they are maps, are names from the document; only what is under them is redacted."""


class Redactor:
    """Knows the secrets revealed so far. One for all threads of a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[tuple[str, bytes]] = set()
        self._texts: dict[str, str] = {}
        self._patterns = Patterns({})

    def learn(self, name: str, value: str | Bytes) -> str:
        """From now on, this value is taken out. Returns '' or a warning to be recorded (it holds no secret)."""
        raw = value if isinstance(value, bytes) else bytes_of(value)
        text = raw.decode("utf-8", "surrogateescape")
        if len(text) < SHORTEST:
            few = f"has fewer than {SHORTEST} characters" if text else "is empty"
            return f"secret {name} {few}: it cannot be told from ordinary text, and is NOT hidden in output"
        with self._lock:
            if (name, raw) not in self._known:
                self._known.add((name, raw))
                self._texts = {**self._texts, text: name}
                self._patterns = self._with(name, forms(raw))
        return ""

    def _with(self, name: str, found: Iterable[Bytes]) -> Patterns:
        """The known patterns and these. A mark that holds a pattern itself is looked for as well, and stays."""
        named = {segment: name for form in found for segment in _segments(form)} | dict(self._patterns.named)
        for known in {name for name, _ in self._known}:
            written = mark(known).encode("utf-8", "surrogatepass")
            if any(pattern in written for pattern in named):
                named[written] = known
        return Patterns(named)

    def stream(self) -> StreamRedactor:
        """A redactor for one stream of bytes. Secrets learned meanwhile count from then on."""
        return StreamRedactor(lambda: self._patterns)

    def bytes(self, data: Bytes) -> Bytes:
        """The bytes without secrets; the same object when there are none in it."""
        if not self._patterns.named or not data:
            return data
        out = b"".join(_replace(self._patterns, data, len(data), 0, "")[0])
        return data if out == data else out

    def text(self, text: str) -> str:
        """The text without secrets; the same object when there are none in it. Lone surrogates stay as they are."""
        if not self._patterns.named or not text:
            return text
        data = text.encode("utf-8", "surrogatepass")
        out = self.bytes(data)
        if out is data:
            return text
        try:
            return out.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # a secret that is no text was found in the middle of a character
            return out.decode("utf-8", "surrogateescape")

    def value(self, value: Json) -> Json:
        """A Json value (tuples and structs may be in it) without secrets, keys included; the same object if clean."""
        return self._deep(value) if self._patterns.named else value

    def event(self, event: S) -> S:
        """An event without secrets; the same object if clean. What the engine steers by is left alone (KEPT)."""
        return self._struct(event) if self._patterns.named else event

    def _deep(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value, keys=True)
        if isinstance(value, (list, tuple)):
            new = [self._deep(item) for item in value]
            return type(value)(new) if any(a is not b for a, b in zip(new, value, strict=True)) else value
        if isinstance(value, Struct):
            return self._struct(value)
        if isinstance(value, (int, float)) and str(value) in self._texts and not isinstance(value, bool):
            return mark(self._texts[str(value)])
        return value

    def _mapping(self, value: Mapping[Any, Any], *, keys: bool) -> Mapping[Any, Any]:
        new = {(self._deep(k) if keys and isinstance(k, str) else k): self._deep(v) for k, v in value.items()}
        same = len(new) == len(value) and all(k in new and new[k] is v for k, v in value.items())
        return value if same else new

    def _struct(self, value: S) -> S:
        old = {name: getattr(value, name) for name in value.__struct_fields__}
        new = {name: self._field(value, name, held) for name, held in old.items()}
        changed = {name: held for name, held in new.items() if held is not old[name] and held != old[name]}
        return msgspec.structs.replace(value, **changed) if changed else value

    def _field(self, owner: Struct, name: str, value: Any) -> Any:
        if name in KEPT or isinstance(value, (int, float)) or (name == "answer" and isinstance(owner, GateAnswered)):
            return value
        if name in PATHS:
            return self._path(value)
        if name in NAMED and isinstance(value, Mapping):
            return self._mapping(value, keys=False)
        return self._deep(value)

    def _path(self, value: Any) -> Any:
        if not isinstance(value, str):
            return tuple(self._path(path) for path in value)
        step, bracket, keys = value.partition("[")
        return step + bracket + self.text(keys) if bracket else value
