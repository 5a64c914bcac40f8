"""Whether a freeze is on: in the time that it names, or on its days and hours in its zone. Called before a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import UsageError
from ..model import SECOND
from ..schema import DAYS, Freeze

MINUTES = 24 * 60


def in_force(freezes: Iterable[Freeze], targets: Sequence[str], now: int) -> Freeze | None:
    """The first freeze that holds for one of the targets at that time (microseconds); those without targets always."""
    return next((f for f in freezes if _concerns(f, targets) and _holds(f, now)), None)


def _concerns(freeze: Freeze, targets: Sequence[str]) -> bool:
    return not freeze.targets or bool(set(freeze.targets) & set(targets))


def _holds(freeze: Freeze, now: int) -> bool:
    if now < freeze.since or (freeze.until and now >= freeze.until):
        return False
    there = datetime.fromtimestamp(now / SECOND, UTC).astimezone(zone_of(freeze.zone))
    minute, day = there.hour * 60 + there.minute, there.weekday()
    begin, end = freeze.hours
    if begin < end:
        return begin <= minute < end and _on(freeze, day)
    # Past midnight: the small hours belong to the day before.
    return (minute >= begin and _on(freeze, day)) or (minute < end and _on(freeze, (day - 1) % 7))


def zone_of(name: str) -> tzinfo:
    """The time zone of that name. Raises UsageError; UTC is known without the machine's own table of zones."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "write a name such as Europe/Berlin; on a small machine, install its tzdata"
        raise UsageError(f"there is no time zone {name} here", hint) from None


def _on(freeze: Freeze, day: int) -> bool:
    return not freeze.days or DAYS[day] in freeze.days
