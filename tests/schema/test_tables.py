"""The tables themselves: what they promise to the checker, the schema and the reference."""

from __future__ import annotations

import pytest

from steadyhand.schema.tables import FLOW, STEP, TABLES

ROWS = [(name, field) for name, fields in TABLES.items() for field in fields]


@pytest.mark.parametrize(("table", "field"), ROWS, ids=[f"{t}.{f.name}" for t, f in ROWS])
def test_every_row_says_what_it_is(table, field):
    assert field.description.endswith((".", "?")), table
    assert field.example is not None
    assert not field.choices or field.example in field.choices
    assert field.type != "object" or field.of in TABLES


def test_names_are_told_apart():
    for name, fields in TABLES.items():
        assert len({f.name for f in fields}) == len(fields), name
        assert sum(f.short for f in fields) <= 1, name
    assert set(FLOW) <= {f.name for f in STEP}
