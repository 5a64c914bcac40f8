"""Values as evidence shows them: short, on one line, and with nothing in them that a terminal would act on.

Called by the matchers for `expected` and `actual`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..model.text import MASK
from .failures import TemplateError
from .quoting import as_json
from .values import SecretRef, Truncated, Unknown

LONGEST = 200
"""Characters of a value that are shown."""


def shown(value: Any) -> str:
    """A value as JSON on one line; what is longer than LONGEST is cut, and its length told."""
    if isinstance(value, Truncated):
        return f"{_beginning(value.text)}… ({value.size:,} bytes)"
    if isinstance(value, str):
        return _beginning(value) + (f"… ({len(value):,} characters)" if len(value) > LONGEST else "")
    if isinstance(value, (SecretRef, Unknown)):
        return MASK if isinstance(value, SecretRef) else value.mark
    try:
        text = printable(as_json(value))
    except TemplateError as problem:
        return f"({problem.message})"
    return f"{text[:LONGEST]}… ({_how_many(value)})" if len(text) > LONGEST else text


def _beginning(value: str) -> str:
    text = printable(json.dumps(value[:LONGEST], ensure_ascii=False))
    return text if len(text) <= 2 * LONGEST else text[:LONGEST]


def _how_many(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"{len(value):,} items"
    return f"{len(value):,} names" if isinstance(value, Mapping) else "a number"


def printable(text: str) -> str:
    """The text with everything escaped that is no printable character."""
    return "".join(c if c.isprintable() else _escaped(ord(c)) for c in text)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def pattern(text: str) -> str:
    """A regular expression as evidence shows it."""
    return printable(f"/{text[:LONGEST]}/")
