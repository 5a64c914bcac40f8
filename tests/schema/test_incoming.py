"""The tables of what comes in: every sender and status is one that the readers know."""

from __future__ import annotations

from steadyhand.schema.incoming import INCOMING_TABLES, SOURCES, STATUSES
from steadyhand.schema.intakes import MAPPED, SIGNING, Shape


def test_tables_and_values_belong_together():
    assert {*SIGNING, *MAPPED} <= {*SOURCES}
    assert STATUSES == ("firing", "acknowledged", "resolved")
    assert (
        tuple(field.name for field in INCOMING_TABLES["mapping"])
        == Shape.__struct_fields__[: len(INCOMING_TABLES["mapping"])]
    )
