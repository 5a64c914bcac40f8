"""Which access store belongs to which journal."""

from __future__ import annotations

import pytest

from steadyhand.access.memory import MemoryCells
from steadyhand.access.open import open_cells, path_of
from steadyhand.access.sqlite import SqliteCells
from steadyhand.errors import JournalError, UsageError


def test_it_lies_beside_the_journal():
    assert path_of("/var/lib/j.db") == "/var/lib/j.db.access.db"
    assert path_of("sqlite:///var/lib/j.db") == "/var/lib/j.db.access.db"
    assert path_of("memory:") == ""


def test_each_name_opens_its_kind(tmp_path):
    assert isinstance(open_cells("memory:"), MemoryCells)
    opened = open_cells(str(tmp_path / "j.db"))
    assert isinstance(opened, SqliteCells)
    opened.close()
    assert (tmp_path / "j.db.access.db").exists()


def test_what_this_version_has_not_is_said():
    with pytest.raises(UsageError, match="cannot be kept in mysql") as refused:
        open_cells("mysql://u:hidden@h/db")
    assert "hidden" not in refused.value.message + refused.value.hint


def test_a_database_that_is_away_is_told_without_its_password():
    with pytest.raises(JournalError, match="could not be looked up") as refused:
        open_cells("postgresql://u:hidden@127.0.0.1:9/db")
    assert "hidden" not in refused.value.message + refused.value.hint
