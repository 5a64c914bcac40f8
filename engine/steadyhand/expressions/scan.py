"""Reading the templates that need no template engine: text with placeholders that are plain names.

Called first by everything that reads a template. Nearly all templates are of this form, and the engine costs more to
import than the whole rest of a short command; what is not of this form is left to the sandbox, which gives the same
meaning and the same messages to the templates read here (a property of the tests).
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from .lookup import Key

_KEY = r"""\.[A-Za-z_][A-Za-z0-9_]*|\[\s*(?:'[^'\\\r\n]*'|"[^"\\\r\n]*"|-?(?:0|[1-9][0-9]{0,8}))\s*\]"""
_PATH = rf"[A-Za-z_][A-Za-z0-9_]*(?:{_KEY})*"
_PLACEHOLDER = re.compile(rf"\{{\{{\s*({_PATH})\s*\}}\}}")
_NAME = re.compile(rf"\s*({_PATH})\s*\Z")
_KEYS = re.compile(_KEY)

# Words that mean something of their own to the engine when they stand first.
_WORDS = frozenset(
    [
        *("true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else", "elif"),
        *("self", "range", "loop"),
    ]
)


class Placeholder(Struct, frozen=True):
    """A placeholder that is a plain name. `offset` is where its braces start, `label` how it was written."""

    root: str
    keys: tuple[Key, ...]
    offset: int
    label: str


Piece = str | Placeholder


def templated(source: str) -> bool:
    """Whether there is anything in it to be rendered."""
    return "{{" in source or "{%" in source or "{#" in source


@lru_cache(maxsize=512)
def pieces(source: str) -> tuple[Piece, ...] | None:
    """Literal text and plain placeholders in order, or None when the engine is needed to read it."""
    if "{%" in source or "{#" in source:
        return None
    found: list[Piece] = []
    end = 0
    for match in _PLACEHOLDER.finditer(source):
        placeholder = _placeholder(match[1], match.start())
        text = source[end : match.start()]
        # `{{{ x }}` opens at its first brace for the engine, so it is not ours to read.
        if placeholder is None or text.endswith("{") or "{{" in text:
            return None
        found += [text, placeholder] if text else [placeholder]
        end = match.end()
    rest = source[end:]
    if "{{" in rest:
        return None
    return (*found, rest) if rest else tuple(found)


@lru_cache(maxsize=512)
def plain_name(source: str) -> Placeholder | None:
    """An expression that is a plain name, or None."""
    match = _NAME.match(source)
    return _placeholder(match[1], match.start(1)) if match else None


def _placeholder(path: str, offset: int) -> Placeholder | None:
    keys = list(_KEYS.finditer(path))
    root = path[: keys[0].start()] if keys else path
    if root in _WORDS:
        return None
    return Placeholder(root, tuple(_key(k[0]) for k in keys), offset, path)


def _key(text: str) -> Key:
    if text[0] == ".":
        return text[1:]
    inner = text[1:-1].strip()
    return inner[1:-1] if inner[0] in "'\"" else int(inner)
