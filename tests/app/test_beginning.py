"""A first library: written once, and never over anything."""

from __future__ import annotations

import pytest

from steadyhand.app.beginning import SHIPPED, WRITTEN, begin
from steadyhand.errors import UsageError


def test_everything_is_written_once(tmp_path):
    first = dict(begin(tmp_path))
    assert {str(p.relative_to(tmp_path)) for p in first} == {*WRITTEN, *SHIPPED}
    assert all(first.values())
    (tmp_path / "steady.yaml").write_text("mine: true\n")
    assert not any(written for _, written in begin(tmp_path))
    assert (tmp_path / "steady.yaml").read_text() == "mine: true\n"


def test_the_schema_is_named_from_where_the_runbook_lies(tmp_path):
    list(begin(tmp_path))
    line = (tmp_path / "runbooks" / "disk-full.yaml").read_text().splitlines()[0]
    assert line == "# yaml-language-server: $schema=../schemas/runbook.schema.json"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written: "):
        list(begin(tmp_path / "file"))
