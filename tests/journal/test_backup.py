"""Backups: whole or none, consistent while others write, private, checked on the way in and out."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from contextlib import closing

import pytest

from steadyhand import events as e
from steadyhand.errors import JournalError, UsageError
from steadyhand.journal import backup
from steadyhand.journal.backup import Damaged, Manifest, back_up, put_back, unpack
from steadyhand.journal.sqlite import SqliteJournal
from steadyhand.model import Artifact

from ..realparts import until

AT = 1_800_000_000_000_000


def restored(file, store, **more):
    return put_back(file, store, lambda _: None, **more)


def note(text):
    return e.NoteAdded("ana", text)


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "store" / "j.db"
    with closing(SqliteJournal(str(path))) as journal:
        sha256, size = journal.put(io.BytesIO(b"output " * 10_000))
        settled = e.StepSettled(
            "a", 1, 1, "pass", artifacts=(Artifact("stdout", size, sha256, sha256, size, "output"),)
        )
        journal.append("r1", 0, [note("first"), settled], actor="test", at=AT, epoch=1)
        journal.append("r2", 0, [note("second")], actor="test", at=AT, epoch=1)
    with closing(sqlite3.connect(f"{path}.access.db")) as access:
        access.execute("CREATE TABLE cells (kind TEXT, value BLOB)")
        access.execute("INSERT INTO cells VALUES ('token', x'00ff')")
        access.commit()
    return path


def left(folder):
    return [path.name for path in folder.glob(f"{backup.PLACE}*")]


def members(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def packed(path, content):
    with tarfile.open(path, "w:gz") as tar:
        for name, body in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return path


def test_what_is_restored_is_what_was_backed_up(store, tmp_path):
    out = tmp_path / "b.tar.gz"
    made = back_up(store, out, AT, "0.1.0")
    assert made == Manifest(AT, "0.1.0", 2, 3, 1, out.stat().st_size, access=True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    new = tmp_path / "new" / "other.db"
    restored(out, new)
    with closing(SqliteJournal(str(new))) as ours, closing(SqliteJournal(str(store))) as theirs:
        assert ours.verify_store() == ()
        assert list(ours.streams()) == list(theirs.streams())
        assert ours.read("r1") == theirs.read("r1")
        assert ours.grown(0) == theirs.grown(0)
        with ours.get(ours.read("r1")[1].event.artifacts[0].sha256) as content:
            assert content.read() == b"output " * 10_000
    with closing(sqlite3.connect(f"{new}.access.db")) as access:
        assert access.execute("SELECT * FROM cells").fetchall() == [("token", b"\x00\xff")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in new.parent.rglob("*") if path.is_file()}
    assert modes <= {0o600}
    assert left(tmp_path) == left(new.parent) == []


def test_a_backup_while_others_write_is_one_moment(store, tmp_path):
    """Several writers go on; every backup holds, and has all that was acknowledged before it began."""
    acknowledged = [0] * 3
    over = threading.Event()

    def write(number):
        with closing(SqliteJournal(str(store))) as journal:
            while not over.is_set():
                sha256, size = journal.put(io.BytesIO(os.urandom(2_000)))
                settled = e.StepSettled(
                    "a", 1, 1, "pass", artifacts=(Artifact("stdout", size, sha256, sha256, size, "output"),)
                )
                journal.append(f"w{number}", acknowledged[number], [settled], actor="t", at=AT, epoch=1)
                acknowledged[number] += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for one in writers:
        one.start()
    try:
        for turn in range(4):
            until(lambda: all(count > 5 * turn for count in acknowledged), "the writers")  # noqa: B023 waited for at once
            before = list(acknowledged)
            back_up(store, tmp_path / "b.tar.gz", AT, "0.1.0")
            restored(tmp_path / "b.tar.gz", tmp_path / f"n{turn}" / "j.db")
            with closing(SqliteJournal(str(tmp_path / f"n{turn}" / "j.db"))) as journal:
                assert journal.verify_store() == ()
                heads = {head.stream: head.seq for head in journal.streams("w")}
            assert all(heads.get(f"w{n}", 0) >= count for n, count in enumerate(before))
    finally:
        over.set()
        for one in writers:
            one.join()
    assert all(acknowledged)


CHILD = """
import sys
from pathlib import Path
from steadyhand.journal.backup import back_up
print("begun", flush=True)
while True:
    back_up(Path(sys.argv[1]), Path(sys.argv[2]), 1, "0.1.0")
    print("done", flush=True)
"""


def test_a_killed_backup_leaves_nothing_that_looks_whole(store, tmp_path):
    out = tmp_path / "out" / "b.tar.gz"
    out.parent.mkdir()
    with closing(SqliteJournal(str(store))) as journal:
        for number in range(40):
            journal.put(io.BytesIO(os.urandom(60_000) + bytes([number])))
    killed = 0
    for turn in range(12):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(store), str(out)], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "begun\n"
        if turn % 3:
            until(lambda: left(out.parent), "a backup under way")
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.013 * turn)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        killed += bool(left(out.parent))
        if out.exists():
            assert unpack(out, None).events == 3
    assert killed
    back_up(store, out, AT, "0.1.0")
    assert left(out.parent) == [], "what the killed ones left is removed by the next"


def test_one_that_was_cut_off_is_none(store, tmp_path):
    whole = tmp_path / "b.tar.gz"
    back_up(store, whole, AT, "0.1.0")
    content = whole.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    for length in (0, 10, len(content) // 2, len(content) - 1):
        cut.write_bytes(content[:length])
        with pytest.raises(Damaged):
            restored(cut, tmp_path / "new" / "j.db")
    tar = gzip.decompress(content)
    for length in range(0, len(tar), 1024):
        cut.write_bytes(gzip.compress(tar[:length], 1))
        if tar[length:].strip(b"\0"):
            with pytest.raises(Damaged):
                unpack(cut, None)
    assert not (tmp_path / "new" / "j.db").exists()


def test_any_changed_member_is_found(store, tmp_path):
    whole = tmp_path / "b.tar.gz"
    back_up(store, whole, AT, "0.1.0")
    content = members(whole)
    for name in content:
        changed = {**content, name: content[name][:-1] + bytes([content[name][-1] ^ 1])}
        with pytest.raises((Damaged, UsageError)):
            unpack(packed(tmp_path / "x.tar.gz", changed), None)
        with pytest.raises(Damaged):
            unpack(packed(tmp_path / "x.tar.gz", {n: c for n, c in content.items() if n != name}), None)
    assert unpack(packed(tmp_path / "x.tar.gz", content), None).events == 3


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "artifacts/../../evil", "journal.db/x", "artifacts/ab"])
def test_an_archive_from_elsewhere_writes_nothing_outside(store, tmp_path, name):
    whole = tmp_path / "b.tar.gz"
    back_up(store, whole, AT, "0.1.0")
    bad = packed(tmp_path / "x.tar.gz", {name: b"evil", **members(whole)})
    with pytest.raises(Damaged, match="it holds"):
        restored(bad, tmp_path / "new" / "j.db")
    link = tmp_path / "l.tar.gz"
    with tarfile.open(link, "w:gz") as tar:
        info = tarfile.TarInfo("journal.db")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(Damaged):
        restored(link, tmp_path / "new" / "j.db")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_later_format_is_left_to_a_later_version(store, tmp_path):
    whole = tmp_path / "b.tar.gz"
    back_up(store, whole, AT, "0.1.0")
    content = members(whole)
    manifest = {**json.loads(content["manifest.json"]), "format": 2}
    with pytest.raises(UsageError, match="later version"):
        unpack(packed(whole, {**content, "manifest.json": json.dumps(manifest).encode()}), None)


@pytest.mark.parametrize("there", ["j.db", "j.db-wal", "j.db.access.db"])
def test_nothing_is_overwritten(store, tmp_path, there):
    back_up(store, tmp_path / "b.tar.gz", AT, "0.1.0")
    new = tmp_path / "new"
    new.mkdir()
    (new / there).write_bytes(b"somebody's")
    with pytest.raises(UsageError, match="not overwritten"):
        restored(tmp_path / "b.tar.gz", new / "j.db")
    assert [(path.name, path.read_bytes()) for path in new.iterdir()] == [(there, b"somebody's")]


def test_a_store_that_does_not_hold_is_not_backed_up_unasked(store, tmp_path):
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("DROP TRIGGER events_are_final")
        raw.execute("UPDATE events SET body = replace(body, 'second', 'sekond')")
        raw.commit()
    out = tmp_path / "b.tar.gz"
    out.write_bytes(b"the good one of yesterday")
    with pytest.raises(Damaged, match=r"does not hold, and was not backed up"):
        back_up(store, out, AT, "0.1.0")
    assert out.read_bytes() == b"the good one of yesterday"
    made = back_up(store, out, AT, "0.1.0", damaged=True)
    assert "r2, event 1: was changed: its hash does not fit" in made.faults
    with pytest.raises(Damaged, match="does not hold"):
        restored(out, tmp_path / "new" / "j.db")
    assert restored(out, tmp_path / "new" / "j.db", damaged=True).faults == made.faults


def test_a_full_disk_leaves_the_backup_before_it(store, tmp_path, full_disk):
    with closing(SqliteJournal(str(store))) as journal:
        journal.put(io.BytesIO(os.urandom(3_000_000)))
    out = full_disk / "b.tar.gz"
    out.write_bytes(b"the good one of yesterday")
    with pytest.raises((JournalError, OSError)) as told:
        back_up(store, out, AT, "0.1.0")
    assert "No space" in str(told.value) or "full" in str(told.value)
    assert out.read_bytes() == b"the good one of yesterday"
    assert left(full_disk) == []


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 2 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system: " + mounted.stderr.decode().strip())
    yield place
    subprocess.run(["umount", str(place)], check=True)
