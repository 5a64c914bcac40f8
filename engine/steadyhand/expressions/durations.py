"""Durations as people write them: `500ms`, `5s`, `1h30m`. In whole microseconds everywhere else.

Called by the matchers; the schema room may read its own durations with it.
"""

from __future__ import annotations

import re

_UNITS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII)


def read_duration(text: str) -> int | None:
    """Microseconds, or None when it is no duration."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    return sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS.values(), strict=True) if number)


def write_duration(microseconds: float) -> str:
    """As people read it: `1h30m`, `2.5s`, `12ms`, `0.25ms`."""
    if microseconds < _UNITS["s"]:
        return f"{microseconds / _UNITS['ms']:.2f}".rstrip("0").rstrip(".") + "ms"
    if microseconds < _UNITS["m"]:
        return f"{microseconds / _UNITS['s']:.3f}".rstrip("0").rstrip(".") + "s"
    rest, words = round(microseconds / _UNITS["s"]), ""
    for name in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _UNITS[name] // _UNITS["s"])
        words += f"{count}{name}" if count else ""
    return words
