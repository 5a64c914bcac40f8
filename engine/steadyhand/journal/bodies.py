"""What an append asks for, made ready before it stands in any queue, so that nothing of it can spoil the others'.

Called by every journal; knows no store.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..events import Event, encode, name_of


def bodies(stream: str, events: Sequence[Event]) -> list[tuple[str, str]]:
    """The wire name and the canonical text of each event. Raises ValueError for what cannot be written down."""
    if not events:
        raise ValueError(f"an append to {stream!r} without events")
    if not is_text(stream):
        raise ValueError(f"{stream!r} cannot be the name of a stream: it is not text")
    return [(name_of(event), encode(event)) for event in events]


def is_text(name: str) -> bool:
    """Whether a name can be written down in every store (bytes that are no UTF-8 cannot, nor can a zero byte)."""
    return spelt(name) == name


def spelt(actor: str) -> str:
    """An actor as every store can keep it: what is not Unicode, and a zero byte, with backslashes."""
    return actor.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
