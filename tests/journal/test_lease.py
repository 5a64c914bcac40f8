"""One live driver for a run on this machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.errors import JournalError
from steadyhand.journal.lease import leases

HOLD = "import sys; from steadyhand.journal.lease import leases; l = leases(sys.argv[1]).acquire('r1', 'other'); print('held', flush=True); sys.stdin.read()"


def test_the_second_of_two_processes_gets_nothing_until_the_first_has_died(tmp_path):
    store = str(tmp_path / "j.db")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "held\n"
        assert leases(store).acquire("r1", "me") is None
        assert leases(store).holder("r1") == "other"
        other_run = leases(store).acquire("r2", "me")
        assert other_run is not None
        other_run.release()
        child.kill()
    assert leases(store).holder("r1") == ""
    mine = leases(store).acquire("r1", "me")
    assert mine is not None
    mine.release()
    mine.release()
    assert leases(store).holder("r1") == ""


def test_a_store_in_memory_has_no_other_processes():
    assert leases("memory:").acquire("r1", "me") is not None
    assert leases("memory:").holder("r1") == ""


def test_looking_at_who_drives_does_not_take_the_run_from_anybody(tmp_path):
    store = str(tmp_path / "j.db")
    first = leases(store).acquire("r1", "me")
    first.release()
    looking = "import sys; from steadyhand.journal.lease import leases\nprint(flush=True)\nwhile True: leases(sys.argv[1]).holder('r1')"
    with subprocess.Popen([sys.executable, "-c", looking, store], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        try:
            for _ in range(300):
                mine = leases(store).acquire("r1", "me")
                assert mine is not None
                mine.release()
        finally:
            child.kill()


def test_a_place_where_no_lock_can_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="whether another process drives the run cannot be told"):
        leases(str(tmp_path / "file" / "j.db")).acquire("r1", "me")
