"""Quantities as Kubernetes writes them: `250m`, `1Gi`, `12e3`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import BadResponse

UNITS: Mapping[str, float] = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    **{f"{unit}i": 1024.0 ** (power + 1) for power, unit in enumerate("KMGTPE")},
}
_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkKMGTPE]?i?)")


def quantity(text: str) -> float:
    """A quantity as a number, to a billionth. Raises BadResponse."""
    found = _QUANTITY.fullmatch(text.strip())
    if not found or found[2] not in UNITS:
        raise BadResponse(f"{text[:40]!r} is no quantity", "is that a metrics API?")
    try:
        return round(float(found[1]) * UNITS[found[2]], 9)
    except ValueError:
        raise BadResponse(f"{text[:40]!r} is no quantity", "is that a metrics API?") from None
