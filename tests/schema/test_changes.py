"""The bounds that all changes keep, as steady.yaml says them."""

from __future__ import annotations

import pytest

from steadyhand.handlers import registry
from steadyhand.schema import Changes, Freeze, read_settings

SPECS = registry.specs()


def read(text):
    settings, found = read_settings(text, "steady.yaml", SPECS)
    return settings.changes if settings else None, [(d.code, d.message, d.span.line) for d in found]


def test_nothing_said():
    assert read("{}\n") == (Changes(), [])
    assert Changes().remember == 24 * 3600 * 1_000_000


def test_everything_said():
    text = """\
changes:
  per_hour: 3
  remember: 2h
  freezes:
    - {from: 2026-12-24T00:00:00Z, to: 2026-12-27T00:00:00+01:00, reason: Holidays, roles: [commander]}
    - {days: [sat, sun], reason: Weekend, targets: [db]}
    - {between: '18:00-08:30', zone: Europe/Berlin, reason: Night}
"""
    holidays = Freeze("Holidays", 1_798_070_400_000_000, 1_798_326_000_000_000, roles=("commander",))
    weekend = Freeze("Weekend", days=("sat", "sun"), targets=("db",))
    night = Freeze("Night", hours=(1080, 510), zone="Europe/Berlin")
    assert read(text) == (Changes(3, 7_200_000_000, (holidays, weekend, night)), [])


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("per_hour: 0", "SH201", "`per_hour` must be at least 1, and is 0"),
        ("remember: soon", "SH103", "`remember` must be a duration, and is 'soon'"),
        ("freezes: {}", "SH103", "`freezes` must be a list"),
        ("freezes: [{days: [sat]}]", "SH102", "a freeze needs the key `reason`"),
        ("freezes: [{reason: x}]", "SH102", "the freeze says no time"),
        ("freezes: [{days: [saturday], reason: x}]", "SH201", "there is no day 'saturday'"),
        ("freezes: [{from: 2026-12-24, reason: x}]", "SH201", "'2026-12-24' is no time with a zone"),
        ("freezes: [{between: evening, reason: x}]", "SH201", "'evening' are no hours"),
        ("freezes: [{between: '8:00-25:00', reason: x}]", "SH201", "'8:00-25:00' are no hours"),
    ],
)
def test_what_is_wrong(line, code, message):
    _, found = read(f"changes:\n  {line}\n")
    assert found == [(code, message, 2)]
