"""Lists in pages: a cursor says where the one before ended, so that what is new meanwhile shifts nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from ..problems import Refusal
from .operations import Param

T = TypeVar("T")

LIMIT = Param("limit", "How many at the most.", 20, kind="integer", low=1, high=200, default=50)
CURSOR = Param(
    "cursor", "`next` of the page before; whatever it holds is ours to change.", "WzEyLCJyZ3EiXQ", high=1_000
)
SCANNED = 1_000
"""How many are looked at for one page: where few fit a filter, a page may end early."""


def cursor(place: tuple[Any, ...]) -> str:
    """A place in a list as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode("ascii")


def place_of(text: str | None, kind: Any) -> Any:
    """The place that a cursor names, None for the beginning. Raises Refusal."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError, ValueError):
        raise Refusal("unreadable", "the cursor is none of ours", "give `next` of the page before") from None


def page(
    rows: Iterable[T], key: Callable[[T], tuple[Any, ...]], draw: Callable[[T], Any], limit: int
) -> tuple[list[Any], str | None]:
    """What of these rows fits into a page, and the cursor of the next. `draw` gives None for a row that is left out."""
    found: list[Any] = []
    last: T | None = None
    for number, row in enumerate(rows):
        if last is not None and (len(found) >= limit or number >= SCANNED):
            return found, cursor(key(last))
        drawn = draw(row)
        if drawn is not None:
            found.append(drawn)
        last = row
    return found, None
