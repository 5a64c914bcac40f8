"""When no changes are made: once, or every week, in the zone that the freeze names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steadyhand.driver.freezes import in_force, zone_of
from steadyhand.errors import UsageError
from steadyhand.schema import Freeze

WEEKEND = Freeze("Weekend", days=("sat", "sun"))
NIGHT = Freeze("Night", hours=(18 * 60, 8 * 60))
FRIDAY_NIGHT = Freeze("Friday night", days=("fri",), hours=(18 * 60, 8 * 60))
BERLIN = Freeze("Night there", hours=(18 * 60, 20 * 60), zone="Europe/Berlin")


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("freeze", "when", "holds"),
    [
        (WEEKEND, "2026-11-27T23:59", False), (WEEKEND, "2026-11-28T00:00", True), (WEEKEND, "2026-11-29T23:59", True),
        (WEEKEND, "2026-11-30T00:00", False),
        (NIGHT, "2026-11-24T17:59", False), (NIGHT, "2026-11-24T18:00", True), (NIGHT, "2026-11-25T07:59", True),
        (NIGHT, "2026-11-25T08:00", False),
        (FRIDAY_NIGHT, "2026-11-27T19:00", True), (FRIDAY_NIGHT, "2026-11-28T07:00", True),
        (FRIDAY_NIGHT, "2026-11-27T07:00", False), (FRIDAY_NIGHT, "2026-11-28T19:00", False),
        (BERLIN, "2026-11-24T17:30", True), (BERLIN, "2026-11-24T19:30", False),
        (BERLIN, "2026-07-24T16:30", True), (BERLIN, "2026-07-24T15:59", False), (BERLIN, "2026-07-24T18:00", False),
        (Freeze("Once", at("2026-12-24T00:00"), at("2026-12-27T00:00")), "2026-12-23T23:59", False),
        (Freeze("Once", at("2026-12-24T00:00"), at("2026-12-27T00:00")), "2026-12-24T00:00", True),
        (Freeze("Once", at("2026-12-24T00:00"), at("2026-12-27T00:00")), "2026-12-27T00:00", False),
        (Freeze("From then on", at("2026-12-24T00:00")), "2030-01-01T00:00", True),
    ],
)  # fmt: skip
def test_when_it_holds(freeze, when, holds):
    assert (in_force((freeze,), ("db",), at(when)) is freeze) is holds


def test_whom_it_concerns():
    only = Freeze("db only", targets=("db",))
    assert in_force((only,), ("db", "cache"), 0) is only
    assert in_force((only,), ("cache",), 0) is None
    assert in_force((only,), (), 0) is None
    everywhere = Freeze("all")
    assert in_force((only, everywhere), (), 0) is everywhere


def test_zones():
    assert zone_of("UTC") is UTC
    for wrong in ("Mars/Base", "../etc/passwd", ""):
        with pytest.raises(UsageError, match="there is no time zone"):
            zone_of(wrong)
