"""The tables of people and logins."""

from __future__ import annotations

from steadyhand.schema.rights import RIGHTS, RIGHTS_TABLES
from steadyhand.schema.tables import SETTINGS, TABLES


def test_the_tables_are_part_of_the_format():
    assert {name: TABLES[name] for name in RIGHTS_TABLES} == RIGHTS_TABLES
    assert all(field in SETTINGS for field in RIGHTS)
    assert all(field.of in TABLES for field in RIGHTS)
