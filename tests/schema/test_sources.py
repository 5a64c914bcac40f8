"""The table of the sources of secrets."""

from __future__ import annotations

from steadyhand.driver.secrets import KINDS, REMOTE
from steadyhand.schema.sources import SOURCE_TABLES, SOURCES
from steadyhand.schema.tables import TABLES


def test_every_source_has_what_fetches_from_it():
    assert list(SOURCES) == list(KINDS)
    assert set(SOURCES) >= REMOTE


def test_the_objects_are_among_all_others():
    fields = [field for table in SOURCE_TABLES.values() for field in table] + list(SOURCES.values())
    assert {field.of for field in fields if field.type == "object"} == set(SOURCE_TABLES)
    assert set(SOURCE_TABLES) <= set(TABLES)
    assert all(field.description and field.example for field in fields)
