"""The disk of a SQLite store fills up, or becomes read-only, while the server serves."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from steadyhand import events as e

from ..realparts import missing, until
from .place import place

SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    mounted = subprocess.run(argv, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system: " + mounted.stderr.decode().strip())
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Almost nothing more fits."""
    with (disk / "rest").open("wb", buffering=0) as rest:
        for size in (65_536, 4096, 1):
            with pytest.raises(OSError, match="No space left"):
                while True:
                    rest.write(b"x" * size)
        rest.truncate(rest.tell() - 64 * 1024)
    try:
        yield
    finally:
        os.unlink(disk / "rest")


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Broken]:
    """A disk of 16 MB that can break."""
    if shutil.which("mkfs.ext4", path=SBIN) is None:
        missing("e2fsprogs", "mkfs.ext4")
    disk = Broken(tmp_path)
    mounted = disk.mount()
    if mounted:
        pytest.skip("this user may not mount a file system in a file: " + mounted)
    try:
        yield disk
    finally:
        disk.unmount()


class Broken:
    """A file system in a file. When it has seen an error, the kernel takes nothing more for it, as with a real disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._image = folder / "disk", folder / "image"
        self.folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(16 * 1024 * 1024)
        self._do("mkfs.ext4", "-q", str(self._image))

    def mount(self) -> str:
        """Mount it; what is wrong where that cannot be."""
        return self._do("mount", "-o", "loop", str(self._image), str(self.folder))

    def fail(self) -> None:
        """The kernel has seen an error."""
        assert self._do("mount", "-o", "remount,abort", str(self.folder)) == ""

    def unmount(self) -> None:
        """Take it away."""
        self._do("umount", "-l", str(self.folder))

    def repair(self) -> None:
        """What an operator does."""
        assert self._do("umount", str(self.folder)) == ""
        self._do("fsck.ext4", "-y", str(self._image))
        assert self.mount() == ""

    def _do(self, *argv: str) -> str:
        done = subprocess.run(argv, check=False, capture_output=True, text=True, env={"PATH": SBIN})
        return done.stderr.strip() or "it failed" if done.returncode else ""


def test_a_disk_that_is_full(disk, tmp_path):
    with place(tmp_path, {"STEADY_STORE": str(disk / "journal.db")}) as team:
        through(team, lambda: full(disk))


def through(team, fault):
    door = team.serve()
    browser = door.sign_in()
    assert door.post("before").status_code == 202
    (gate,) = door.waiting()
    taken, refused = [], []
    with fault():
        for number in range(400):
            (taken if door.post(f"during{number}").status_code == 202 else refused).append(number)
            if len(refused) > 3:
                break
        told = door.post("last")
        assert told.status_code == 503, "it is full by now"
        assert int(told.headers["retry-after"]) > 0
        until(lambda: door.ready()[0] == 503, "not ready")
        assert door.client.get("/healthz").status_code == 200
        answer = door.answer(gate, "once")
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        page = browser.get("/runs")
        assert page.status_code == 200, "what is known is shown"
        assert team.changes() == []
    assert door.post("last").status_code == 202, "the sender comes again"
    until(door.is_ready, "ready again")
    assert door.answer(gate, "once").status_code == 200, "the same answer, with the same key"
    assert door.concluded(gate["run"], 30) == "resolved"
    wanted = {"before", "last", *(f"during{number}" for number in taken)}
    until(lambda: {run_of(team, run) for run in team.streams()} >= wanted, "a run for each alert that was taken", 40)
    assert len(team.streams()) == len({run_of(team, run) for run in team.streams()}), "and no second one"
    assert team.changes() == ["before"]
    assert sum(isinstance(one.event, e.GateAnswered) for one in team.events(gate["run"])) == 1
    assert team.holds()
    print(f"{len(taken)} alerts were taken before it was full, none of them was lost")


def run_of(team, run):
    """The host that a run is about."""
    return team.events(run)[0].event.inputs["host"]


def test_a_disk_that_becomes_read_only(broken, tmp_path):
    """The server says so and takes nothing; once the disk is repaired, the next server goes on with all that was taken."""
    with place(tmp_path, {"STEADY_STORE": str(broken.folder / "journal.db")}) as team:
        door = team.serve()
        browser = door.sign_in()
        assert door.post("before").status_code == 202
        (gate,) = door.waiting()
        broken.fail()
        for told in (door.post("during"), door.answer(gate, "once")):
            assert told.status_code == 503, told.text
            assert int(told.headers["retry-after"]) > 0
        until(lambda: door.ready()[0] == 503, "not ready")
        assert door.client.get("/healthz").status_code == 200
        assert browser.get("/runs").status_code == 200, "what is known is shown"
        assert team.changes() == []
        door.stop()
        broken.repair()
        again = team.serve()
        assert again.client.get("/api/v1/me").json()["person"] == "ana"
        assert again.answer(gate, "once").status_code == 200
        assert again.concluded(gate["run"]) == "resolved"
        assert again.post("during").status_code == 202
        until(lambda: len(team.streams()) == 2, "a run for the alert that was sent again")
        assert team.changes() == ["before"]
        assert sum(isinstance(one.event, e.GateAnswered) for one in team.events(gate["run"])) == 1
        assert team.holds()
