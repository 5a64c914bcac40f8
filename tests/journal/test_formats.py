"""A store of an earlier format is brought to today's, its events untouched; what is none of ours is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from steadyhand.errors import Unfit
from steadyhand.journal import formats
from steadyhand.journal.formats import FORMAT, fit
from steadyhand.journal.queries import load
from steadyhand.journal.sqlite import SqliteJournal

from .events import WHO, concluded, note, started

FIRST = """\
CREATE TABLE streams (
  stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL, epoch INTEGER NOT NULL, created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO streams SELECT stream, seq, hash, epoch, created FROM today;
DROP TABLE today;
CREATE TRIGGER streams_stay BEFORE DELETE ON streams
  BEGIN SELECT RAISE(ABORT, 'a stream is never removed'); END;
CREATE TRIGGER streams_grow BEFORE UPDATE ON streams
  WHEN NEW.seq <= OLD.seq OR NEW.epoch < OLD.epoch OR NEW.created != OLD.created OR NEW.stream != OLD.stream
  BEGIN SELECT RAISE(ABORT, 'a stream only grows'); END;
PRAGMA user_version = 1;
"""


@pytest.fixture
def first(tmp_path):
    """A store as format 1 had it, with two runs."""
    path = tmp_path / "j.db"
    journal = SqliteJournal(str(path))
    journal.append("r1", 0, [started(), note()], **WHO)
    journal.append("r2", 0, [started(), concluded()], actor="a", at=5_000, epoch=1)
    journal.close()
    store = sqlite3.connect(path, isolation_level=None)
    store.executescript("DROP TRIGGER streams_stay; DROP TRIGGER streams_grow; ALTER TABLE streams RENAME TO today;")
    store.executescript(FIRST)
    store.close()
    return path


def test_it_is_brought_to_today(first):
    journal = SqliteJournal(str(first))
    assert journal.verify_store() == ()
    assert [len(journal.read(run)) for run in ("r1", "r2")] == [2, 2]
    point, heads = journal.grown(0)
    assert {head.stream for head in heads} == {"r1", "r2"}
    journal.append("r1", 2, [note()], **WHO)
    assert [head.stream for head in journal.grown(point)[1]] == ["r1"]
    journal.close()
    assert sqlite3.connect(first).execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_several_processes_may_do_it_at_once(first):
    code = f"from steadyhand.journal.sqlite import SqliteJournal as J; assert J({str(first)!r}).verify_store() == ()"
    ways = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [one.wait(30) for one in ways] == [0, 0, 0, 0]


def test_cut_off_in_the_middle_it_is_as_before(first):
    store = sqlite3.connect(first, isolation_level=None)
    queries = {**load(), "take_over": "INSERT INTO nowhere SELECT 1;"}
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        formats.bring(store, queries)
    assert store.execute("PRAGMA user_version").fetchone() == (1,)
    assert store.execute("SELECT count(*) FROM streams").fetchone() == (2,)
    store.close()
    whole = SqliteJournal(str(first))
    assert whole.verify_store() == ()
    whole.close()


def test_one_that_can_only_be_read_is_not_changed(first):
    store = sqlite3.connect(f"{first.as_uri()}?mode=ro", uri=True)
    with pytest.raises(Unfit, match=r"was written by an earlier version \(format 1\)") as told:
        fit(store, first, readonly=True)
    assert "steady runs" in told.value.hint
    store.close()
