"""`steady restore`."""

import json

import pytest

from .documents import HEALTHY
from .steady import steady


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    assert steady(tmp_path, "run", "healthy.yaml").returncode == 0
    assert steady(tmp_path, "backup", "b.tar.gz").returncode == 0
    return tmp_path


def test_a_restored_store_shows_the_same_runs(folder):
    done = steady(folder, "--store", "new/j.db", "restore", "b.tar.gz")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("restored and verified: new/j.db (")
    theirs, ours = (steady(folder, *words, "runs", "--json").stdout for words in ((), ("--store", "new/j.db")))
    assert ours == theirs
    assert steady(folder, "--store", "new/j.db", "audit", "verify").returncode == 0
    told = json.loads(steady(folder, "--store", "third/j.db", "restore", "b.tar.gz", "--json").stdout)
    assert told["store"] == "third/j.db"
    assert (told["stopped"], told["faults"]) == ([], [])


def test_a_store_that_is_there_is_not_overwritten(folder):
    before = (folder / "store" / "j.db").read_bytes()
    done = steady(folder, "restore", "b.tar.gz")
    assert done.returncode == 2
    assert "is there already, and is not overwritten; nothing was restored" in done.stderr
    assert (folder / "store" / "j.db").read_bytes() == before


def test_what_is_no_backup_is_said(folder):
    (folder / "b.tar.gz").write_bytes(b"no backup")
    done = steady(folder, "--store", "new/j.db", "restore", "b.tar.gz")
    assert done.returncode == 3
    assert "is no backup, or it is damaged" in done.stderr
    assert not (folder / "new" / "j.db").exists()
