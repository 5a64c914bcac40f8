"""What a drill leaves running is reaped and ended, however it tries to get away."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from steadyhand.driver import overseer

OVERSEEN = [sys.executable, "-m", "steadyhand.driver.overseer", "process"]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def overseen(text, timeout=60):
    """A shell text under an overseer: its exit code and the numbers that it printed."""
    done = subprocess.run([*OVERSEEN, "sh", "-c", text], capture_output=True, text=True, timeout=timeout, check=False)
    return done.returncode, [int(word) for word in done.stdout.split()], done.stderr


def test_the_command_is_what_counts():
    assert overseen("exit 7")[0] == 7
    assert overseen("kill -TERM $$")[0] == 128 + 15
    assert overseen("true")[:2] == (0, [])


def test_what_was_put_into_the_background_is_ended():
    code, pids, _ = overseen("sleep 300 >/dev/null & echo $!; sleep 300 >/dev/null & echo $!")
    assert (code, len(pids)) == (0, 2)
    assert not any(map(alive, pids))


def test_what_became_a_daemon_of_its_own_is_ended():
    code, pids, _ = overseen("setsid sh -c 'sleep 300 >/dev/null & echo $!' & wait; sleep 0.3")
    assert (code, len(pids)) == (0, 1)
    assert not any(map(alive, pids))


def test_what_ignores_the_gentle_way_is_ended_too():
    text = "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' >/dev/null 2>&1 & echo $!"
    code, pids, _ = overseen(text)
    assert code == 0
    assert not any(map(alive, pids))


def test_the_dead_are_dead_for_those_who_look():
    """An orphan that was killed and that nobody waits for would still look alive to `kill -0`."""
    text = "pid=$(sh -c 'sleep 300 >/dev/null 2>&1 & echo $!'); kill $pid; sleep 0.5; kill -0 $pid 2>/dev/null && exit 9; exit 0"
    assert overseen(text)[0] == 0


def test_descendants_and_those_to_spare():
    child = subprocess.Popen(["sh", "-c", "sleep 300 & sleep 300"])
    try:
        over = time.monotonic() + 10
        while len(overseer.descendants(child.pid)) < 2 and time.monotonic() < over:
            time.sleep(0.02)
        first, second = overseer.descendants(child.pid)
        assert overseer.end_all(child.pid, spare=(second,), grace=2.0) == 1
        assert not alive(first)
        assert alive(second)
    finally:
        overseer.end_all(child.pid, spare=(), grace=1.0)
        child.kill()
        child.wait()


def test_by_whom(monkeypatch):
    monkeypatch.delenv(overseer.OVERSEER, raising=False)
    assert overseer.overseen_by() == 0
    monkeypatch.setenv(overseer.OVERSEER, str(os.getpid()))
    assert overseer.overseen_by() == os.getpid()


@pytest.mark.parametrize("root", [0, 999_999_999])
def test_nobody_below(root):
    assert overseer.descendants(root) == [] or root == 0
