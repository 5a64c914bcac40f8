"""The journal on disk: what the database itself refuses, shared flushes, crashes, and disks that do not do their part."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from steadyhand.errors import JournalError, NotFound, Unfit
from steadyhand.journal.formats import FORMAT
from steadyhand.journal.sqlite import TRIGGERS, SqliteJournal

from .events import WHO, concluded, note, started

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "j.db"


@pytest.fixture
def filled(path):
    journal = SqliteJournal(str(path))
    journal.append("r1", 0, [started(), note(), concluded()], **WHO)
    journal.close()
    return path


def test_it_is_durable_in_full(path):
    journal = SqliteJournal(str(path))
    write = journal._write
    assert write.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert write.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: an acknowledged event survives a power cut"
    assert write.execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_nobody_else_may_read_it(filled):
    assert filled.stat().st_mode & 0o777 == 0o600
    assert filled.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET body = '{}' WHERE seq = 2", "an event is never changed"),
        ("UPDATE events SET at = at", "an event is never changed"),
        ("DELETE FROM events", "an event is never removed"),
        ("DELETE FROM events WHERE seq = 3", "an event is never removed"),
        ("INSERT INTO events SELECT stream, 9, at, actor, epoch, type, body, prev, hash FROM events WHERE seq = 3",
         "an event follows the one before it"),
        ("INSERT INTO events SELECT stream, 4, at, actor, epoch, type, body, prev, hash FROM events WHERE seq = 3",
         "an event follows the one before it"),
        ("INSERT INTO events SELECT 'r2', 2, at, actor, epoch, type, body, prev, hash FROM events WHERE seq = 3",
         "an event follows the one before it"),
        ("REPLACE INTO events SELECT stream, 2, at, actor, epoch, type, '{}', prev, hash FROM events WHERE seq = 2",
         "an event follows the one before it"),
        ("DELETE FROM streams", "a stream is never removed"),
        ("UPDATE streams SET seq = 2", "a stream only grows"),
        ("UPDATE streams SET hash = zeroblob(32)", "a stream only grows"),
        ("UPDATE streams SET epoch = 0, seq = 9", "a stream only grows"),
        ("UPDATE streams SET stream = 'r9', seq = 9", "a stream only grows"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses_what_would_rewrite_history(filled, statement, message):
    with sqlite3.connect(filled) as connection, pytest.raises(sqlite3.IntegrityError, match=message):
        connection.execute(statement)
    assert SqliteJournal(str(filled)).verify_store() == ()


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_trigger_that_was_removed_is_noticed(filled, trigger):
    with sqlite3.connect(filled) as connection:
        connection.execute(f"DROP TRIGGER {trigger}")
    assert [f.problem for f in SqliteJournal(str(filled)).verify_store()] == [f"trigger {trigger} was removed"]


def test_threads_that_append_at_the_same_time_share_a_flush(path):
    journal = SqliteJournal(str(path))
    gate = threading.Barrier(8)

    def append(number):
        gate.wait()
        journal.append(f"r{number}", 0, [started()], **WHO)
        for seq in range(1, 25):
            journal.append(f"r{number}", seq, [note()], **WHO)

    threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.commits < 8 * 25 * 3 // 4, "parallel appends share transactions"
    assert sum(h.seq for h in journal.streams()) == 8 * 25
    assert journal.verify_store() == ()


def test_one_that_fails_does_not_take_the_others_with_it(path):
    """Requests of one flush succeed or fail by themselves."""
    journal = SqliteJournal(str(path))
    journal.append("r1", 0, [started()], **WHO)
    outcomes = {}

    def append(name, expected):
        try:
            journal.append(name, expected, [note() if expected else started()], **WHO)
            outcomes[name, expected] = "written"
        except JournalError as problem:
            outcomes[name, expected] = type(problem).__name__

    with journal._commit:  # hold the door until all stand in the queue
        threads = [threading.Thread(target=append, args=a) for a in (("r1", 1), ("r1", 7), ("r2", 0), ("r1", 1))]
        for thread in threads:
            thread.start()
            while len(journal._queue) < threads.index(thread) + 1:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert outcomes in ({("r1", 1): "HeadMoved", ("r1", 7): "HeadMoved", ("r2", 0): "written"}, {("r1", 1): "written", ("r1", 7): "HeadMoved", ("r2", 0): "written"})  # fmt: skip
    assert (journal.head("r1").seq, journal.head("r2").seq) == (2, 1)


def test_what_was_acknowledged_is_there_after_kill_9(path):
    for turn in range(5):
        stream = f"r{turn}"
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.journal.crash_child", str(path), stream],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        acknowledged = 0
        for line in child.stdout:
            acknowledged = int(line)
            if acknowledged >= 20 + 17 * turn:
                break
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        last = int(rest[-1]) if rest and len(rest[-1]) >= len(str(acknowledged)) else acknowledged
        journal = SqliteJournal(str(path))
        assert journal.head(stream).seq >= last
        assert journal.verify_store() == ()
        journal.close()


def test_several_processes_write_at_the_same_time(path):
    SqliteJournal(str(path)).close()
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.journal.crash_child", str(path), f"r{n}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    for child in children:
        assert any(int(line) > 60 for line in child.stdout)
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()
    journal = SqliteJournal(str(path))
    assert len(list(journal.streams())) == 3
    assert journal.verify_store() == ()


# --- what goes wrong, and how it is said


def test_a_full_store_says_so_and_keeps_what_it_has(path):
    journal = SqliteJournal(str(path))
    journal.append("r1", 0, [started()], **WHO)
    journal._write.execute("PRAGMA max_page_count = 12")
    with pytest.raises(JournalError, match=r"database or disk is full; 1 events of r1 were not recorded") as caught:
        journal.append("r1", 1, [note("x" * 200_000)], **WHO)
    assert caught.value.hint == f"free some space on the disk of {path.parent}, then run `steady resume`"
    journal._write.execute("PRAGMA max_page_count = 100000")
    journal.append("r1", 1, [note("there is room again")], **WHO)
    assert journal.verify_store() == ()


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("a file system can only be mounted by root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_says_so_and_keeps_what_it_has(small_disk):
    journal = SqliteJournal(str(small_disk / "j.db"))
    journal.append("r1", 0, [started()], **WHO)
    written = 1
    with pytest.raises(JournalError, match="were not recorded") as caught:
        while True:
            journal.append("r1", written, [note("x" * 20_000)], **WHO)
            written += 1
    assert "free some space" in caught.value.hint
    journal.close()
    again = SqliteJournal(str(small_disk / "j.db"))
    assert again.head("r1").seq == written
    assert again.verify_store() == ()
    again.close()


def test_a_full_disk_loses_an_artifact_and_says_so(small_disk):
    import io

    journal = SqliteJournal(str(small_disk / "j.db"))
    with pytest.raises(JournalError, match="the output of the step was not kept"):
        journal.put(io.BytesIO(os.urandom(400_000)))
    assert [p.name for p in (small_disk / "j.db.artifacts").iterdir() if p.is_file()] == [], (
        "nothing half-written stays"
    )
    journal.close()


def test_a_file_of_another_kind_is_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_bytes(b"this is no database " * 100)
    with pytest.raises(JournalError, match="file is not a database; the store was not opened"):
        SqliteJournal(str(text))
    assert text.read_bytes() == b"this is no database " * 100


def test_the_database_of_another_program_is_left_alone(tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(JournalError, match="is another program's database"):
        SqliteJournal(str(other))


def test_a_store_of_a_later_version_is_left_alone(filled):
    with sqlite3.connect(filled) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(JournalError, match=rf"was written by a later version \(format {FORMAT + 1}\)"):
        SqliteJournal(str(filled))


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(JournalError, match="is a folder"):
        SqliteJournal(str(tmp_path))


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="the store was not opened") as caught:
        SqliteJournal(str(tmp_path / "file" / "j.db"))
    assert caught.value.hint


def test_damaged_pages_are_a_fault_and_no_traceback(path):
    journal = SqliteJournal(str(path))
    for number in range(40):
        journal.append(f"r{number}", 0, [started(), note("x" * 2000)], **WHO)
    journal.close()
    whole = bytearray(path.read_bytes())
    whole[4096 * 5 : 4096 * 9] = os.urandom(4096 * 4)
    path.write_bytes(whole)
    faults = SqliteJournal(str(path)).verify_store()
    assert faults
    assert all(f.problem for f in faults)


def test_not_a_byte_of_the_database_of_another_program_changes(tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(JournalError, match="is another program's database"):
        SqliteJournal(str(other))
    assert other.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.db"]


OPENING = """
import sys
import tempfile
from steadyhand.journal.sqlite import SqliteJournal
sys.path.insert(0, {root!r})
from tests.journal.events import started, WHO
sys.stdin.readline()
SqliteJournal(sys.argv[1]).append(sys.argv[2], 0, [started()], **WHO)
"""


def test_many_processes_may_open_a_store_that_is_not_there_yet(path):
    code = OPENING.format(root=str(ROOT))
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), f"r{n}"], stdin=subprocess.PIPE) for n in range(8)
    ]
    time.sleep(1)
    for child in children:
        child.stdin.write(b"\n")
        child.stdin.flush()
    assert [child.wait() for child in children] == [0] * 8
    for child in children:
        child.stdin.close()
    journal = SqliteJournal(str(path))
    assert sorted(head.stream for head in journal.streams()) == [f"r{n}" for n in range(8)]
    assert journal.verify_store() == ()


def test_who_holds_the_store_for_too_long_is_said(filled):
    journal = SqliteJournal(str(filled), patience=0.05)
    with sqlite3.connect(filled, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="1 events of r1 were not recorded") as caught:
            journal.append("r1", 3, [note()], **WHO)
        assert "another process holds the store" in caught.value.hint
        other.execute("ROLLBACK")
    journal.append("r1", 3, [note()], **WHO)
    assert journal.verify_store() == ()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TRIGGER events_stay; CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT 1; END;",
         "trigger events_stay was changed"),
        ("CREATE TRIGGER swallow AFTER INSERT ON events BEGIN DELETE FROM events; END;", "trigger swallow was added"),
        ("DROP TRIGGER streams_grow", "trigger streams_grow was removed"),
    ],
)  # fmt: skip
def test_rules_that_were_weakened_are_noticed(filled, statement, said):
    with sqlite3.connect(filled) as other:
        other.executescript(statement)
    other.close()
    assert said in [fault.problem for fault in SqliteJournal(str(filled)).verify_store()]


def test_a_store_can_be_verified_while_another_writes(filled):
    writing, reading = SqliteJournal(str(filled)), SqliteJournal(str(filled))
    stop = threading.Event()

    def write():
        seq = 3
        while not stop.is_set():
            writing.append("r1", seq, [note()], **WHO)
            seq += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert [reading.verify("r1") for _ in range(30)] == [None] * 30
    finally:
        stop.set()
        thread.join()


def test_a_name_that_is_no_text_is_not_found(filled):
    with pytest.raises(NotFound):
        SqliteJournal(str(filled)).read("r\udcff")


@contextmanager
def somebody_else():
    """Without the rights of root for a while."""
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o755), (0o644, 0o555), (0o444, 0o555)])
def test_a_store_that_may_not_be_written_can_be_read_and_verified(file, folder):
    if os.getuid() != 0:
        pytest.skip("this test needs another user, and only root can be one")
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "store", "j.db")
        journal = SqliteJournal(str(path))
        journal.append("r1", 0, [started(), note(), concluded()], **WHO)
        journal.close()
        for place, mode in ((path, file), (path.parent, folder), (Path(made), 0o755)):
            place.chmod(mode)
        with somebody_else():
            seen = SqliteJournal(str(path))
            assert len(seen.read("r1")) == 3
            assert seen.verify_store() == ()
            assert "may not be written by this user" in seen.readonly
            with pytest.raises(Unfit, match=f"can only be read: {seen.readonly}") as caught:
                seen.append("r1", 3, [note()], **WHO)
            seen.close()
        assert caught.value.exit == 2
        assert "--store" in caught.value.hint


def test_where_nothing_was_recorded_there_is_nothing_to_resume(path, monkeypatch):
    journal = SqliteJournal(str(path))
    journal._write.execute("PRAGMA max_page_count = 1")
    with pytest.raises(JournalError) as caught:
        journal.append("r1", 0, [started(texts={"x": "x" * 500_000})], **WHO)
    assert caught.value.hint.endswith("nothing was started")
