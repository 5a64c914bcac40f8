"""Parameters as texts, and texts as the bytes they stand for: one rule for every handler in this room."""

from __future__ import annotations

from typing import Any

from ..errors import BadInput
from ..model import Text, plain


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
