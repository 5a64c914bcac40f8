"""What one key of a document is, as data: the rows of the tables in tables.py and sources.py."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

SLUG = r"^[a-z][a-z0-9_-]*$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"


class Field(Struct, frozen=True):
    """One key of an object."""

    name: str
    type: str
    description: str
    example: Any
    required: bool = False
    of: str = ""
    choices: tuple[str, ...] = ()
    template: bool = False
    short: bool = False
    least: int | None = None
