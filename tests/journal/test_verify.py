"""Any edit, loss or reorder is found, and the first event that does not hold is named."""

from __future__ import annotations

import io
import shutil
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.journal.sqlite import TRIGGERS, SqliteJournal

from .events import WHO, concluded, note, settled, started

COLUMNS = ("seq", "at", "actor", "epoch", "type", "body", "prev", "hash")
LENGTH = 9


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "j.db"
    journal = SqliteJournal(str(path))
    name, size = journal.put(io.BytesIO(b"evidence " * 2000))
    journal.append("r1", 0, [started(), note("one"), settled(name, size), *map(note, "abcde"), concluded()], **WHO)
    journal.append("r2", 0, [started(), note("other"), concluded()], **WHO)
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for trigger in TRIGGERS:
            connection.execute(f"DROP TRIGGER {trigger}")
    connection.close()
    return path


def fault(store, folder, *statements, values=()):
    """What is found in a copy after somebody with the rights of the file has changed it."""
    path = folder / "copy.db"
    shutil.copy(store, path)
    shutil.copytree(f"{store}.artifacts", f"{path}.artifacts", dirs_exist_ok=True)
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement, values)
    connection.close()
    journal = SqliteJournal(str(path))
    found = [f for f in journal.verify_store() if "trigger" not in f.problem]
    journal.close()
    for file in folder.glob("copy.db*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    return found


def test_untouched_it_holds(store, tmp_path):
    assert fault(store, tmp_path) == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_byte_that_is_flipped_is_found_at_its_event(store, tmp_path_factory, data):
    seq = data.draw(st.integers(1, LENGTH))
    column = data.draw(st.sampled_from(COLUMNS))
    with sqlite3.connect(store) as connection:
        old = connection.execute(f"SELECT {column} FROM events WHERE stream = 'r1' AND seq = ?", (seq,)).fetchone()[0]
    connection.close()
    new = flipped(old, data)
    found = fault(store, tmp_path_factory.mktemp("c"),
                  f"UPDATE events SET {column} = ?1 WHERE stream = 'r1' AND seq = ?2", values=(new, seq))  # fmt: skip
    first = min(f.seq for f in found if f.stream == "r1")
    assert first == (min(seq, new) if column == "seq" and 1 <= new <= LENGTH else seq)


def flipped(old, data):
    if isinstance(old, int):
        return old ^ (1 << data.draw(st.integers(5, 40)))
    raw = bytearray(old.encode() if isinstance(old, str) else old)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 6 if isinstance(old, str) else 7))
    return raw.decode("ascii", "replace") if isinstance(old, str) else bytes(raw)


@pytest.mark.parametrize("seq", range(1, LENGTH + 1))
def test_an_event_that_was_removed_is_named(store, tmp_path, seq):
    (found,) = fault(store, tmp_path, f"DELETE FROM events WHERE stream = 'r1' AND seq = {seq}")
    assert (found.stream, found.seq) == ("r1", seq)
    assert "is missing" in found.problem


@pytest.mark.parametrize("seq", range(1, LENGTH))
def test_two_that_changed_places_are_named(store, tmp_path, seq):
    swap = [
        f"UPDATE events SET seq = {a} WHERE stream = 'r1' AND seq = {b}"
        for a, b in ((99, seq), (seq, seq + 1), (seq + 1, 99))
    ]
    (found,) = fault(store, tmp_path, *swap)
    assert (found.stream, found.seq) == ("r1", seq)


@pytest.mark.parametrize("seq", range(2, LENGTH + 1))
def test_one_that_was_inserted_is_named(store, tmp_path, seq):
    move = [f"UPDATE events SET seq = {at + 1} WHERE stream = 'r1' AND seq = {at}" for at in range(LENGTH, seq - 1, -1)]
    copy = (f"INSERT INTO events SELECT stream, {seq}, at, actor, epoch, type, body, prev, hash FROM events"
            f" WHERE stream = 'r1' AND seq = {seq - 1}")  # fmt: skip
    (found,) = fault(store, tmp_path, *move, copy)
    assert (found.stream, found.seq) == ("r1", seq)


def test_a_tail_that_was_cut_is_found_by_the_head(store, tmp_path):
    (found,) = fault(store, tmp_path, "DELETE FROM events WHERE stream = 'r1' AND seq > 5")
    assert (found.seq, found.problem) == (6, f"is missing: the stream should end with number {LENGTH}")


def test_a_head_that_was_changed_or_lost_is_found(store, tmp_path):
    (moved,) = fault(store, tmp_path, "UPDATE streams SET seq = 5 WHERE stream = 'r1'")
    assert (moved.seq, moved.problem) == (6, "was added: the stream should end with number 5")
    (lost,) = fault(store, tmp_path, "DELETE FROM streams WHERE stream = 'r1'")
    assert lost.problem == "the stream has lost its head or all its events"


def test_an_event_of_another_run_does_not_fit(store, tmp_path):
    found = fault(store, tmp_path,
                  "DELETE FROM events WHERE stream = 'r1' AND seq = 2",
                  "INSERT INTO events SELECT 'r1', 2, at, actor, epoch, type, body, prev, hash FROM events"
                  " WHERE stream = 'r2' AND seq = 2")  # fmt: skip
    assert [f.seq for f in found] == [2]


def test_an_artifact_that_was_changed_or_removed_is_named(store, tmp_path):
    for change in ("change", "remove"):
        path = tmp_path / change / "j.db"
        path.parent.mkdir()
        shutil.copy(store, path)
        shutil.copytree(f"{store}.artifacts", f"{path}.artifacts")
        (artifact,) = [p for p in (path.parent / "j.db.artifacts").rglob("*") if p.is_file()]
        artifact.write_bytes(b"evidencE " * 2000) if change == "change" else artifact.unlink()
        found = SqliteJournal(str(path)).verify("r1")
        assert found is not None
        assert found.seq == 3
        assert found.problem.startswith("names an artifact that does not hold: ")
