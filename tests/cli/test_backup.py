"""`steady backup`."""

import json
import os
import stat

import pytest

from .documents import HEALTHY
from .steady import steady


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    assert steady(tmp_path, "run", "healthy.yaml").returncode == 0
    return tmp_path


def test_a_backup_says_what_is_in_it(folder):
    done = steady(folder, "backup", "b.tar.gz")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("written and verified: b.tar.gz (")
    assert stat.S_IMODE(os.stat(folder / "b.tar.gz").st_mode) == 0o600
    told = json.loads(steady(folder, "backup", ".", "--json").stdout)
    assert set(told) == {"file", "streams", "events", "artifacts", "bytes", "access", "faults"}
    assert (folder / told["file"]).stat().st_size == told["bytes"]
    assert told["streams"] == 1


def test_without_a_store_there_is_nothing_to_back_up(tmp_path):
    done = steady(tmp_path, "backup", "b.tar.gz")
    assert done.returncode == 2
    assert "there is no store" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_its_own_program(tmp_path):
    done = steady(tmp_path, "--store", "postgresql://ana:hunter2@db/steady", "backup", "b.tar.gz")
    assert done.returncode == 2
    assert "pg_dump --format=custom --file=steady.dump 'postgresql://ana@db/steady'" in done.stderr
    assert "hunter2" not in done.stderr
