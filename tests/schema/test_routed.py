"""The tables of routes promise what the reader and the values know."""

from __future__ import annotations

from steadyhand.model import Mode
from steadyhand.schema.routed import MODES, ROUTE, ROUTING, ROUTING_TABLES, STORM
from steadyhand.schema.tables import SETTINGS, TABLES


def test_they_are_a_part_of_the_settings():
    assert all(field in SETTINGS for field in ROUTING)
    assert ROUTING_TABLES.items() <= TABLES.items()


def test_every_mode_may_be_asked_for_and_none_but_diagnose_is_meant():
    assert set(MODES) == {mode.value for mode in Mode}
    assert MODES[0] == "diagnose"


def test_what_is_needed():
    assert [field.name for field in ROUTE if field.required] == ["name", "runbook"]
    assert [field.name for field in STORM if field.required] == ["input"]
