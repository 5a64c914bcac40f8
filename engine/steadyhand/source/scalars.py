"""What a plain scalar means in YAML 1.2 core, as a table. `on`, `no`, dates and `1:30` are text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any


def _real(text: str) -> float | str:
    """The number, or the text when no float holds it: infinity is only what is written as such."""
    value = float(text)
    return value if abs(value) != float("inf") else text


WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""The words that are not text."""

NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float | str]], ...] = (
    (re.compile(r"[-+]?[0-9]{1,4000}"), int),
    (re.compile(r"0o[0-7]{1,4000}"), lambda text: int(text, 0)),
    (re.compile(r"0x[0-9a-fA-F]{1,4000}"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), _real),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(?:nan|NaN|NAN)"), lambda _: float("nan")),
)
"""The spellings of numbers; all begin with a sign, a dot or a digit. What no float holds stays text."""


def resolve(text: str) -> Any:
    """The value of a plain scalar."""
    if text[:1] in "+-.0123456789" and text:
        return next((value(text) for pattern, value in NUMBERS if pattern.fullmatch(text)), text)
    return WORDS.get(text, text)
