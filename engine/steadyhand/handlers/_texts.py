"""Parameters as texts, and texts as the bytes they stand for: one rule for every handler in this room."""

from __future__ import annotations

import re
from typing import Any

from ..errors import BadInput
from ..model import Literal, Part, Secret, Text, digest, plain

VARIABLE = "STEADY_SECRET_"
"""What the variable that carries a secret to a shell is called, before the secret's own name."""


def text_of(value: Any) -> Text:
    """A parameter as text, also when a placeholder gave a number or a boolean."""
    if isinstance(value, Text):
        return value
    return plain(str(value).lower() if isinstance(value, bool) else str(value))


def bytes_of(text: str, what: str) -> bytes:
    """UTF-8, and a lone surrogate that stands for a byte is that byte. Raises BadInput for one that stands for none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        message = f"{what} holds half a character (a lone surrogate), which has no bytes"
        raise BadInput(message, "correct it where it comes from: an escape such as \\ud800 in JSON") from None


def in_shell(part: Part) -> Part:
    """A part of a shell's text: a secret never stands there, it travels in a variable that the text names."""
    return Literal(f'"${{{variable(part.name)}}}"') if isinstance(part, Secret) else part


def variable(name: str) -> str:
    """A variable for a secret. A shell would read `db-password` as a variable with a default: it is spelled out."""
    if re.fullmatch(r"\w+", name, re.ASCII):
        return f"{VARIABLE}{name}"
    return f"{VARIABLE}{re.sub(r'[^A-Za-z0-9_]', '_', name)}_{digest(name)[:8]}"
