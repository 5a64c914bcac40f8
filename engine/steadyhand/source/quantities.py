"""Durations and sizes as people write them. Durations are whole microseconds, sizes whole bytes."""

from __future__ import annotations

import re

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9}

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_SIZE = re.compile(rf"([0-9]+(?:\.[0-9]+)?)\s*({'|'.join(SIZES)})")


def parse_duration(text: str) -> int | None:
    """`500ms`, `5s`, `1h30m` in microseconds; None when it is no duration."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(round(float(number) * UNITS[unit]) for number, unit in _PART.findall(text))


def format_duration(duration: int) -> str:
    """Microseconds for people: `420 ms`, `1.2 s`, `1m 30s`, `2h 5m`, `3d 4h`."""
    if duration < 1_000:
        return f"{duration} µs"
    if duration < 1_000_000:
        return f"{duration // 1_000} ms"
    if duration < 60_000_000:
        return f"{duration / 1_000_000:.1f} s".replace(".0 s", " s")
    seconds = duration // 1_000_000
    for big, small, unit, rest in ((86400, 3600, "d", "h"), (3600, 60, "h", "m"), (60, 1, "m", "s")):
        if seconds >= big:
            more = seconds % big // small
            return f"{seconds // big}{unit} {more}{rest}" if more else f"{seconds // big}{unit}"
    return f"{seconds} s"


def parse_size(text: str) -> int | None:
    """`64MiB`, `500kB` in bytes; None when it is no size."""
    found = _SIZE.fullmatch(text)
    return round(float(found[1]) * SIZES[found[2]]) if found else None


def format_size(size: int) -> str:
    """Bytes for people: `512 B`, `1.5 MiB`."""
    for unit in ("GiB", "MiB", "KiB"):
        if size >= SIZES[unit]:
            return f"{size / SIZES[unit]:.1f} {unit}".replace(".0 ", " ")
    return f"{size} B"
