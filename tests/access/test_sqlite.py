"""What the access store on disk says and does beside the protocol."""

from __future__ import annotations

import sqlite3

import pytest

from steadyhand.access.sqlite import SqliteCells
from steadyhand.errors import JournalError, Unfit


def test_nobody_but_the_owner_may_read_it(tmp_path):
    path = tmp_path / "new" / "j.db.access.db"
    SqliteCells(str(path)).close()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(Unfit, match="others may read") as refused:
        SqliteCells(str(path))
    assert refused.value.hint == f"chmod 600 {path}"


def test_it_is_there_after_it_was_closed(tmp_path):
    first = SqliteCells(str(tmp_path / "a.db"))
    first.put("k", "x", b"1")
    first.close()
    second = SqliteCells(str(tmp_path / "a.db"))
    assert second.get("k", "x") == b"1"
    second.close()


def test_what_is_none_of_ours_is_refused(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is not a database, and it is long enough to be looked at")
    path.chmod(0o600)
    with pytest.raises(Unfit, match="not a database") as refused:
        SqliteCells(str(path))
    assert "restore it from a backup" in refused.value.hint
    with pytest.raises(Unfit, match="is a folder"):
        SqliteCells(str(tmp_path))


def test_a_later_format_is_refused(tmp_path):
    path = tmp_path / "a.db"
    SqliteCells(str(path)).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(Unfit, match="a later version"):
        SqliteCells(str(path))


def test_a_store_that_is_held_says_so(tmp_path):
    cells = SqliteCells(str(tmp_path / "a.db"), patience=0.05)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked") as refused:
        cells.put("k", "x", b"1")
    assert "another process holds it" in refused.value.hint
    other.execute("ROLLBACK")
    other.close()
    cells.close()


def test_what_was_deleted_is_not_left_in_the_file(tmp_path):
    path = tmp_path / "a.db"
    cells = SqliteCells(str(path))
    cells.put("token", "k", b"PLANTED-SECRET-VALUE")
    cells.delete("token", "k")
    cells.close()
    assert b"PLANTED-SECRET-VALUE" not in path.read_bytes()
