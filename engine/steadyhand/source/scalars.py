"""What a plain scalar means in YAML 1.2 core, as a table. `on`, `no`, dates and `1:30` are text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

RULES: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"(?:|~|null|Null|NULL)"), lambda _: None),
    (re.compile(r"(?:true|True|TRUE)"), lambda _: True),
    (re.compile(r"(?:false|False|FALSE)"), lambda _: False),
    (re.compile(r"[-+]?[0-9]{1,4000}"), int),
    (re.compile(r"0o[0-7]{1,4000}"), lambda text: int(text, 0)),
    (re.compile(r"0x[0-9a-fA-F]{1,4000}"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(?:nan|NaN|NAN)"), lambda _: float("nan")),
)

_FIRST = frozenset("~nNtTfF-+.0123456789")


def resolve(text: str) -> Any:
    """The value of a plain scalar."""
    if text and text[0] not in _FIRST:
        return text
    for pattern, value in RULES:
        if pattern.fullmatch(text):
            return value(text)
    return text
