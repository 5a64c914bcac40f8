"""Reads the bounds that all changes keep: how often, how long a failure is remembered, freezes. For the settings."""

from __future__ import annotations

import re

from msgspec import Struct

from ..model import SECOND
from ..source import Mapping, Node, Sequence
from .reader import Reader
from .tables import TABLES

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Freeze(Struct, frozen=True):
    """A time in which no changes are made, to these targets (all where none is named): once, or every week.

    `since` and `until` are microseconds (UTC), 0 for open; `hours` are minutes after midnight in `zone`.
    """

    reason: str
    since: int = 0
    until: int = 0
    days: tuple[str, ...] = ()
    hours: tuple[int, int] = (0, 24 * 60)
    zone: str = "UTC"
    targets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Changes(Struct, frozen=True):
    """Bounds that all changes keep. `per_hour` is 0 for none; `remember` is how long a failure counts."""

    per_hour: int = 0
    remember: int = 24 * 3600 * SECOND
    freezes: tuple[Freeze, ...] = ()


def read_changes(reader: Reader, node: Node | None) -> Changes:
    """The bounds in the settings; the defaults where nothing is said."""
    mapping = reader.mapping(node, "`changes`") if node is not None else None
    if mapping is None:
        return Changes()
    given = reader.fields(mapping, "changes", "`changes`")
    known = {field.name: field for field in TABLES["changes"]}
    plain = {name: reader.value(known[name], given[name]) for name in ("per_hour", "remember") if name in given}
    listed = given.get("freezes")
    if listed is not None and not isinstance(listed, Sequence):
        reader.say("SH103", listed.span, "`freezes` must be a list", "write [{days: [sat, sun], reason: Weekend}]")
    items = listed.items if isinstance(listed, Sequence) else ()
    freezes = tuple(found for item in items if (found := _freeze(reader, item)) is not None)
    return Changes(**{name: value for name, value in plain.items() if value is not None}, freezes=freezes)


def _freeze(reader: Reader, node: Node) -> Freeze | None:
    values = reader.object("freeze", node, "a freeze")
    if values is None or "reason" not in values or not isinstance(node, Mapping):
        return None
    where = {key.text: value for key, value in node.entries}
    if not ({"from", "to"} & values.keys() or "days" in values or "between" in values):
        hint = "give `from` and `to`, or `days`, or `between`"
        reader.say("SH102", node.span, "the freeze says no time", hint)
    for day in values.get("days", ()):
        if day not in DAYS:
            reader.say("SH201", where["days"].span, f"there is no day {day!r}", f"days: {', '.join(DAYS)}")
    times = {name: _moment(reader, where.get(name), values.get(name, "")) for name in ("from", "to")}
    hours = _hours(reader, where.get("between"), values.get("between", ""))
    return Freeze(
        reason=values["reason"],
        since=times["from"],
        until=times["to"],
        days=tuple(values.get("days", ())),
        hours=hours,
        zone=values.get("zone", "UTC"),
        targets=tuple(values.get("targets", ())),
        roles=tuple(values.get("roles", ())),
    )


def _moment(reader: Reader, node: Node | None, text: str) -> int:
    """A time with its zone, in microseconds; 0 where there is none."""
    if node is None:
        return 0
    from datetime import datetime  # noqa: PLC0415 a cold start has no use for it

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        hint = "write 2026-12-24T00:00:00Z, or with an offset such as +01:00"
        reader.say("SH201", node.span, f"{text!r} is no time with a zone", hint)
        return 0
    return int(found.timestamp()) * SECOND


def _hours(reader: Reader, node: Node | None, text: str) -> tuple[int, int]:
    """Two times of day, in minutes after midnight."""
    if node is None:
        return (0, 24 * 60)
    parts = re.fullmatch(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)", text)
    if parts is None:
        reader.say("SH201", node.span, f"{text!r} are no hours", "write 18:00-08:00")
        return (0, 24 * 60)
    first, second, third, fourth = map(int, parts.groups())
    return (first * 60 + second, third * 60 + fourth)
