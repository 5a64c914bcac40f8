"""`steady stop`."""

import json
import time

from .documents import ASKS
from .steady import start, steady

SLOW = ASKS.replace("echo {{ inputs.who }} >> effect", "echo $$ > pid; sleep 60").replace(
    "gate: {prompt: 'Act for {{ inputs.who }}?'}", "gate: {prompt: Act?, auto: true}"
)


def conclusions(folder):
    return [run["conclusion"] for run in json.loads(steady(folder, "runs", "--json").stdout)["runs"]]


def test_a_run_that_waits_is_stopped(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    assert steady(tmp_path, "stop", "last", "--reason", "wrong cluster").returncode == 0
    assert conclusions(tmp_path) == ["stopped"]
    assert "wrong cluster" in steady(tmp_path, "transcript").stdout
    assert not (tmp_path / "effect").exists()


def test_all_runs_are_stopped_and_those_that_ended_are_left(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    for _ in range(3):
        steady(tmp_path, "run", "asks.yaml")
    steady(tmp_path, "answer", "last", "act", "approve", "--resume")
    done = steady(tmp_path, "stop", "--all")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "2 runs stopped")
    assert conclusions(tmp_path) == ["resolved", "stopped", "stopped"]


def test_a_run_that_another_process_drives_ends_its_child(tmp_path):
    (tmp_path / "slow.yaml").write_text(SLOW)
    with start(tmp_path, "run", "slow.yaml", "--mode", "auto") as engine:
        until = time.monotonic() + 20
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert steady(tmp_path, "stop", "last").returncode == 0
        engine.communicate(timeout=30)
    assert engine.returncode == 1
    assert conclusions(tmp_path) == ["stopped"]
    pid = int((tmp_path / "pid").read_text())
    assert not alive(pid)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_one_run_or_all(tmp_path):
    assert steady(tmp_path, "stop").returncode == 2
