"""What both halves of `http` know of a request: the plan (http) and the exchange (_exchange) stand on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import BadInput
from ..model import Text
from ._texts import text_of

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that read (RFC 9110, 9.2.1)."""
MOST = 10 * 1024 * 1024
"""Bytes of a body that are read unless `max_size` says otherwise."""
_CONTROL = r"[\x00-\x08\x0a-\x1f\x7f]"


def one_line(name: str, value: str) -> str:
    """A header's value, if it is one. Raises BadInput for a line break, NUL or another control character."""
    if re.search(_CONTROL, value):
        raise BadInput(f"header {name} holds a line break or another control character", "its value must be one line")
    return value


def pairs(value: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """Names and values of a query or a form: a list repeats its name."""
    for name, inner in value.items():
        for item in inner if isinstance(inner, (list, tuple)) else (inner,):
            yield name, text_of(item)


def replaced(value: Any, text: Any) -> Any:
    """A requested value as plain JSON, each Text in it made a string by `text`."""
    if isinstance(value, Text):
        return text(value)
    if isinstance(value, Mapping):
        return {name: replaced(inner, text) for name, inner in value.items()}
    return [replaced(inner, text) for inner in value] if isinstance(value, (list, tuple)) else value
