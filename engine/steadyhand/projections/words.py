"""Times, durations and conclusions in the words that people read. Pure: times come from events."""

from __future__ import annotations

import json
from typing import Any

from ..expressions.shown import printable
from ..source import format_duration, format_size

CONCLUSIONS = {
    "healthy": "healthy: no fault was found",
    "resolved": "resolved: it was changed and verified",
    "escalated": "escalated: it was handed over to people",
    "stopped": "stopped by a person",
    "broken": "broken: the runbook or the engine failed",
    "": "not concluded",
}


UNFINISHED = "not finished"
"""The outcome of a step that has none: it still runs, or the run ended first."""


def ending(conclusion: str, mode: str, *, changed: bool = True) -> str:
    """How a run ended, in words. A dry run comes to an end too, but nothing was changed by it."""
    if mode == "dry-run" and conclusion:
        return f"{conclusion}: that is where the dry run came to, no change was carried out"
    if conclusion == "resolved" and not changed:
        return "resolved: nothing was left to do"
    return CONCLUSIONS.get(conclusion, conclusion)


def door(via: str, origin: str) -> str:
    """How somebody came in and from where, as far as that is known: `web, 10.1.2.3`."""
    return ", ".join(part for part in (via, origin) if part)


def spelled(value: Any) -> str:
    """Text as it is, any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def civil(at: int) -> tuple[int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second (UTC) of a time in microseconds since 1970."""
    seconds = at // 1_000_000
    day, rest = divmod(seconds, 86_400)
    # Days to a date of the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
    shifted = day + 719_468
    era, of_era = divmod(shifted, 146_097)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    day_of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, day_of_year - (153 * shifted_month + 2) // 5 + 1, rest // 3600, rest % 3600 // 60, rest % 60


def stamp(at: int) -> str:
    """`2026-11-23 02:14:07Z`."""
    year, month, day, hour, minute, second = civil(at)
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z"


def clock(at: int) -> str:
    """`02:14:07`."""
    return stamp(at)[11:19]


def minute(at: int) -> str:
    """A time for people, to the minute, in UTC."""
    return f"{rfc3339(at)[:16].replace('T', ' ')} UTC"


def rfc3339(at: int) -> str:
    """`2026-11-23T02:14:07.123456Z`."""
    return f"{stamp(at)[:-1].replace(' ', 'T')}.{at % 1_000_000:06}Z"


def confinement(kind: str, effect: str, confined: bool, how: str) -> str:
    """Whether a read was held to reading and by what, or why not; '' where nobody would expect it to be."""
    if confined:
        return f"confined by {how}" if how else "confined"
    if how:
        return f"not confined: {brief(how, 300)}"
    return "not confined" if effect == "read" and kind in {"shell", "ssh"} else ""


def seconds(duration: int) -> float:
    """A duration in seconds, to the millisecond."""
    return round(duration / 1_000_000, 3)


def took(duration: int) -> str:
    """A duration for people."""
    return format_duration(max(duration, 0))


def size(count: int) -> str:
    """A number of bytes for people."""
    return format_size(count)


def brief(value: Any, most: int = 160) -> str:
    """A value on one line, with nothing in it that a terminal or a browser would act on."""
    text = spelled(value)
    line = printable(" ".join(text[: 8 * most].split()))
    return line if len(line) <= most and len(text) <= 8 * most else f"{line[: most - 1]}…"


def lines_of(text: str) -> list[str]:
    """The lines of a text, each fit to be shown: a line break in hostile text cannot begin a line of ours."""
    return [printable(line.expandtabs(4)) for line in text.splitlines()]


def visible(text: str) -> str:
    """A text of many lines with everything escaped that is neither printable nor a line break."""
    return "\n".join(lines_of(text))
