"""The tables of tests and drills: complete, and each part of the one set of tables."""

import pytest

from steadyhand.schema import trials
from steadyhand.schema.tables import TABLES

OURS = [name for name in dir(trials) if name.isupper() and name != "F"]


@pytest.mark.parametrize("name", OURS)
def test_a_table_is_complete(name):
    table = getattr(trials, name)
    assert TABLES[name.lower()] is table
    names = [field.name for field in table]
    assert len(names) == len(set(names))
    for field in table:
        assert field.description.endswith("."), field.name
        assert field.example is not None
        assert not field.of or field.type != "object" or field.of in TABLES
