"""The disk of a SQLite store fills up, or becomes read-only, while the server serves."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from steadyhand import events as e

from ..realparts import until
from .place import place


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
    """Nothing more fits."""
    with (disk / "rest").open("wb", buffering=0) as rest:
        for size in (65_536, 4096, 1):
            try:
                while True:
                    rest.write(b"x" * size)
            except OSError as problem:
                assert problem.errno == errno.ENOSPC
    try:
        yield
    finally:
        os.unlink(disk / "rest")


@contextmanager
def readonly(disk: Path) -> Iterator[None]:
    """Nothing can be written, as after an error of the disk. Files that are open for writing keep a tmpfs from it, so it
    is the file system itself that is switched.
    """
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


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
