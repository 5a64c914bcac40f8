"""A store as a whole."""

from __future__ import annotations

import pytest

from steadyhand.app.stores import copy_store
from steadyhand.errors import NotFound, UsageError
from steadyhand.journal.open import open_journal

from ..journal.events import WHO, started


def test_a_store_is_copied_into_a_new_one(tmp_path):
    old, new = str(tmp_path / "old.db"), str(tmp_path / "sub" / "new.db")
    journal = open_journal(old)
    journal.append("r1", 0, [started()], **WHO)
    journal.close()
    assert copy_store(old, new).events == 1
    assert copy_store(f"sqlite:///{new}", old).events == 0


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(NotFound, match="there is no store"):
        copy_store(str(tmp_path / "no.db"), str(tmp_path / "new.db"))
    assert list(tmp_path.iterdir()) == []


def test_one_store_is_not_two(tmp_path):
    path = tmp_path / "j.db"
    open_journal(str(path)).close()
    for one, other in ((str(path), str(path)), (str(path), f"sqlite:///{path}")):
        with pytest.raises(UsageError, match="is both the one and the other"):
            copy_store(one, other)
    with pytest.raises(UsageError, match="in memory"):
        copy_store(str(path), "memory:")


def test_a_store_that_can_only_be_read_is_said_before_anything_is_read(tmp_path, monkeypatch):
    for name in ("old.db", "new.db"):
        open_journal(str(tmp_path / name)).close()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UsageError, match=r"new.db can only be read: it may not be written by this user"):
        copy_store(str(tmp_path / "old.db"), str(tmp_path / "new.db"))
