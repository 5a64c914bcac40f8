"""Ready is said only where work can be done."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from steadyhand.app import readiness as module
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.errors import JournalError

from .server import serving, until


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(module, "FRESH", 0.0)


def test_a_server_that_works_is_ready_until_it_drains(tmp_path):
    with serving(tmp_path) as server:
        assert server.readiness.reasons() == ()
        kept = {p for p in (tmp_path / "journal.db.artifacts").rglob("*") if p.is_file()}
        for _ in range(5):
            assert server.readiness.reasons() == ()
        assert {p for p in (tmp_path / "journal.db.artifacts").rglob("*") if p.is_file()} == kept, "nothing grows"
        server.draining.set()
        assert server.readiness.reasons() == ("the server is about to end",)


def test_a_hub_that_has_stopped_is_told(tmp_path):
    server = Server(Services(store="memory:", cwd=str(tmp_path), environ={"HOME": str(tmp_path)}))
    stopped = ("nobody follows the journal", "the router has stopped", "the receiving has stopped")
    assert server.readiness.reasons() == stopped


def test_a_part_that_has_died_is_told(tmp_path):
    class Router:
        alive = True

        def start(self):
            pass

        def stop(self):
            pass

    with serving(tmp_path) as server:
        server.parts.append(router := Router())
        assert server.readiness.reasons() == ()
        router.alive = False
        assert server.readiness.reasons() == ("the router has stopped",)


def test_a_journal_that_cannot_be_read_is_told(tmp_path):
    with serving(tmp_path) as server:
        journal = server.services.journal
        server.hub._journal = _Unreadable(journal)
        until(lambda: server.readiness.reasons() == ("the journal cannot be read",))
        server.hub._journal = journal
        until(lambda: server.readiness.reasons() == ())


class _Unreadable:
    """A journal whose disk is gone."""

    def __init__(self, inner):
        self._inner = inner

    def mark(self):
        raise JournalError("input/output error")

    def __getattr__(self, name):
        return getattr(self._inner, name)


@pytest.fixture
def small(tmp_path):
    """A file system of 1 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system: " + mounted.stderr.decode().strip())
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_and_a_freed_one_too(small):
    with serving(small) as server:
        assert server.readiness.reasons() == ()
        for path in (small / "journal.db.artifacts").rglob("*"):
            if path.is_file():
                path.unlink()
        with pytest.raises(OSError) as full, (small / "rest").open("wb", buffering=0) as rest:
            while True:
                rest.write(b"x" * 4096)
        assert full.value.errno == errno.ENOSPC
        assert server.readiness.reasons() == ("the store cannot be written",)
        os.unlink(small / "rest")
        assert server.readiness.reasons() == ()


def test_a_disk_that_has_become_read_only_is_told(tmp_path):
    with serving(tmp_path) as server:
        assert server.readiness.reasons() == ()
        folder = str(tmp_path / "journal.db.artifacts")
        mounted = subprocess.run(["mount", "--bind", folder, folder], check=False, capture_output=True)
        if mounted.returncode:
            pytest.skip("this user may not mount a folder: " + mounted.stderr.decode().strip())
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
            assert server.readiness.reasons() == ("the store cannot be written",)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
        assert server.readiness.reasons() == ()
