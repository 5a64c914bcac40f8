"""The clock of the machine jumps by an hour, forwards and backwards, while the server serves (libfaketime, without the
monotonic clock, as it is when somebody sets the time).
"""

from __future__ import annotations

import os
import time
from glob import glob
from pathlib import Path

import pytest

from steadyhand import events as e

from ..realparts import missing, until
from .place import place

HOUR = 3600


class Clock:
    """What the processes of a test take for the time."""

    def __init__(self, folder: Path) -> None:
        found = glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not found:
            missing("faketime", "libfaketime")
        self._file = folder / "faketime"
        self.set(0)
        self.environ = {
            "LD_PRELOAD": found[0],
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: int) -> None:
        """From now on it is so many seconds later than it is."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        os.replace(new, self._file)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


def test_an_hour_forwards(clock, tmp_path):
    with place(tmp_path, within="10m") as team:
        door = team.serve(environ=clock.environ)
        browser = door.sign_in()
        assert door.post("before").status_code == 202
        (gate,) = door.waiting()
        clock.set(HOUR)
        # The gate was open for ten minutes, and by this clock they are over: nothing is changed by an answer after that.
        assert door.concluded(gate["run"]) == "escalated"
        assert door.answer(gate).status_code == 409
        assert team.changes() == []
        assert sum(isinstance(one.event, e.GateClosed) for one in team.events(gate["run"])) == 1, "it fired once"
        assert browser.get("/").headers["location"].startswith("/login"), (
            "a session that has rested for an hour is over"
        )
        assert door.sign_in().get("/").status_code == 200
        assert door.client.get("/api/v1/me").status_code == 200
        works(door, team, "after")
        clock.set(0)
        works(door, team, "back")
        assert sorted(team.changes()) == ["after", "back"]
        assert team.holds()


def test_an_hour_backwards(clock, tmp_path):
    with place(tmp_path, within="10m") as team:
        door = team.serve(environ=clock.environ)
        browser = door.sign_in()
        assert door.post("before").status_code == 202
        (gate,) = door.waiting()
        clock.set(-HOUR)
        assert browser.get("/").status_code == 200
        assert door.client.get("/api/v1/me").status_code == 200
        assert door.answer(gate).status_code == 200
        assert door.concluded(gate["run"]) == "resolved"
        works(door, team, "after")
        for _ in range(30):
            noted = door.client.post(f"/api/v1/runs/{gate['run']}/notes", json={"text": "seen"})
            assert noted.status_code == 200, "how often one may ask has its own clock"
        clock.set(0)
        works(door, team, "again")
        assert sorted(team.changes()) == ["after", "again", "before"]
        door.kill()
        clock.set(-HOUR)
        works(team.serve(environ=clock.environ), team, "a server more")
        assert team.holds()


def works(door, team, host):
    """An alert, its run, a yes, and the change."""
    assert door.post(host.replace(" ", "-")).status_code == 202
    begun = time.monotonic()
    gate = next(iter(one for one in door.waiting() if one["run"]))
    assert door.answer(gate).status_code == 200
    assert door.concluded(gate["run"]) == "resolved"
    until(lambda: team.changes()[-1:] == [host.replace(" ", "-")], "the change")
    assert time.monotonic() - begun < 15
