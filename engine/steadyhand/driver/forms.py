"""The forms in which tools print a value: encoded, escaped, quoted, broken into lines. The redactor looks for each.

Pure; called once for each secret, when the redactor learns it.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterator
from itertools import chain, product

SHORTEST = 4
"""Characters below which a value is not looked for: it would be found everywhere."""
SHORTEST_LINE = 6
"""Characters of a line of a multi-line value that is looked for by itself."""
WRAPPED = 2048
"""Bytes of a value that is looked for in base64 of lines wherever it stands; of a longer one only at the start."""


def forms(value: bytes) -> set[bytes]:
    """Every form in which `value` is looked for. Pure; values shorter than SHORTEST bytes have none."""
    found = {*_wrapped(value), *_broken(value)}
    for piece in _pieces(value):
        text = piece.decode("utf-8", "surrogateescape")
        literals = chain(_literals(text), _literals(piece.decode("latin-1")))
        for written in chain(
            (text,), (text.translate(table) for table in _TABLES), _json(text), _json_twice(text), literals
        ):
            found.update((bytes_of(written), written.encode("utf-8", "surrogatepass")))
        found.update((piece, piece.hex().encode(), piece.hex().upper().encode()), _base64(piece), _percent(piece))
    return {form for form in found if len(form) >= SHORTEST}


def _pieces(value: bytes) -> set[bytes]:
    """The value itself and its lines. The armour of a PEM file is no secret and stands in public ones as well."""
    lines = {line.strip() for line in value.splitlines()}
    return {value, *(line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith(b"-----"))}


def bytes_of(text: str) -> bytes:
    """The bytes of a text, with its surrogates as the bytes they stand for where they stand for any."""
    lone = any("\ud800" <= c <= "\udfff" and not "\udc80" <= c <= "\udcff" for c in text)
    return text.encode("utf-8", "surrogatepass" if lone else "surrogateescape")


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _base64(raw: bytes) -> Iterator[bytes]:
    """Alone or embedded: at each alignment the characters that depend on the value only, and up to a final padding."""
    for (lead, skip), ending in product(((0, 0), (1, 2), (2, 3)), (b"", b"\n")):
        full = b2a_base64(bytes(lead) + raw + ending, newline=False)[skip:]
        bare = full.rstrip(b"=")
        for form in (full, bare, bare[: (lead + len(raw)) * 8 // 6 - skip]):
            yield from (form, form.translate(_URL_SAFE))


def _wrapped(value: bytes) -> Iterator[bytes]:
    """The lines of a long value in base64 as tools break them."""
    for width, ending in product((64, 76), (b"", b"\n")):
        full = b2a_base64(value + ending, newline=False)
        if len(full) > width:
            yield from (full[at : at + width] for at in range(0, len(full) - 2 * SHORTEST, width))


def _broken(value: bytes) -> Iterator[bytes]:
    """In the middle of base64 that is broken into lines: at each alignment, with each place of the first break."""
    for lead, skip in ((0, 0), (1, 2), (2, 3)) if len(value) <= WRAPPED else ():
        core = b2a_base64(bytes(lead) + value, newline=False)[skip : (lead + len(value)) * 8 // 6]
        for width, first in product((64, 76), range(1, 77)):
            if first < len(core) and first <= width:
                yield b"\n".join((core[:first], *(core[at : at + width] for at in range(first, len(core), width))))


_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_SAFE = tuple(
    frozenset(safe) | (_WORD if safe else frozenset())
    for safe in (b"", b"-._", b"-._/", b"-._~", b"-._*", b"-._~/", b"-._~!*'()", b"-._~!*'();,/?:@&=+$#")
)
"""What is left alone: by nobody, the strict (also in paths), RFC 3986, HTML forms, paths, components, whole URLs."""


def _percent(raw: bytes) -> Iterator[bytes]:
    for safe, style, space in product(_SAFE, (b"%%%02X", b"%%%02x"), (b"", b"+")):
        yield b"".join(bytes([b]) if b in safe else space if b == 32 and space else style % b for b in raw)


_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_RISKY = ("", "<>&", "<>&'\"+`")
"""What writers of JSON escape beside what they must: nothing, what HTML minds, what attributes mind."""


def _json(text: str) -> Iterator[str]:
    if text.isascii() and text.isalnum():
        return
    for risky, style, first, slash in product(_RISKY, ("\\u%04x", "\\u%04X"), ("\x7f", "\U0010ffff"), ("/", "\\/")):
        short = {c: written for c, written in _SHORT.items() if c not in risky} | {"/": slash}
        unicode = (c in risky or c < " " or c >= first for c in text)
        yield "".join(short.get(c) or (_units(c, style) if u else c) for c, u in zip(text, unicode, strict=True))


def _json_twice(text: str) -> Iterator[str]:
    """As JSON that stands as text in JSON: what was escaped is escaped again."""
    for written in {json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False)}:
        if "\\" in written:
            yield from _json(written)


def _units(character: str, style: str) -> str:
    """The UTF-16 units of a character, which is how JSON escapes it."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(style % int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))


_TABLES: tuple[dict[int, str], ...] = tuple(
    str.maketrans(table)
    for table in (
        {"'": "'\"'\"'"},  # the two ways to end single quotes, write one, and go on
        {"'": "'\\''"},
        {c: f"\\{c}" for c in '\\"$`'},  # inside double quotes
        {c: f"\\{c}" for c in '\\"$`!'},
        {c: f"\\{c}" for c in "\t\n !\"#$&'()*;<=>?[\\]^`{|}~"},  # bare words
        *(
            {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': double, "'": single}
            for double, single in product(('"', "&quot;", "&#34;"), ("'", "&#39;", "&#x27;", "&apos;"))
        ),
    )
)
"""What a shell and HTML write for characters."""


def _literals(text: str) -> Iterator[str]:
    """As a literal of a programming language: either quote may be the one that is escaped."""
    for write in (repr, ascii):
        parts = [write(part)[1:-1] for part in text.split("'")]
        yield from ("'".join(parts), "\\'".join(parts), "'".join(parts).replace('"', '\\"'))
