"""What outlived its engine is found wherever it went, and ended without hitting anything else. All processes are real."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steadyhand.driver import children

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells start time and environment of a process"
)

QUICK = ((signal.SIGINT, 0.3), (signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0))
PATIENT = ((signal.SIGINT, 5.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
SCRIPT = "import signal, time\n{}\nprint('ready', flush=True)\nwhile True: time.sleep(60)\n"


def until(holds: Callable[[], object]) -> None:
    over = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < over, "waited 10 s in vain"
        time.sleep(0.01)


@pytest.fixture
def run() -> str:
    return f"run-{uuid.uuid4()}"


@pytest.fixture
def start(run: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a process for the run; all of them are ended and waited for afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(
        *argv: str, ready: bool = False, step: str = "check", attempt: str = "2", **more
    ) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ["PATH"], "STEADY_RUN": run, "STEADY_STEP": step, "STEADY_ATTEMPT": attempt}
        more = {"start_new_session": True, "env": environment} | more
        process = subprocess.Popen(argv, stdout=subprocess.PIPE if ready else subprocess.DEVNULL, **more)
        started.append(process)
        if ready:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        else:
            until(lambda: Path(f"/proc/{process.pid}/comm").read_text().strip() not in ("python", "pytest"))
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    for orphan in children.find(run):
        os.kill(orphan.pid, signal.SIGKILL)


def python(line: str = "") -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", SCRIPT.format(line))


def lives(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


# --- telling processes apart


def test_the_start_time_is_that_of_the_kernel(start):
    before = start("sleep", "60")
    time.sleep(0.05)
    after = start("sleep", "60")
    assert 0 < children.start_time(before.pid) < children.start_time(after.pid)
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    ticks = os.sysconf("SC_CLK_TCK")
    assert abs(children.start_time(after.pid) / ticks - uptime) < 30


def test_a_name_with_spaces_and_parentheses_does_not_confuse(start, tmp_path):
    odd = tmp_path / "a) S 1 (b"
    shutil.copy(shutil.which("sleep") or "", odd)
    process = start(str(odd), "60")
    assert b"(a) S 1 (b)" in Path(f"/proc/{process.pid}/stat").read_bytes()
    plain = start("sleep", "60")
    assert 0 <= children.start_time(plain.pid) - children.start_time(process.pid) < 1000


def test_there_is_no_start_time_where_there_is_no_process(start):
    process = start("true")
    until(lambda: not children.start_time(process.pid))
    assert process.poll() is None or process.returncode == 0  # a zombie until it is waited for: it no longer runs
    assert children.start_time(2**30) == 0


def test_alive_means_that_very_process(start):
    process = start("sleep", "60")
    started = children.start_time(process.pid)
    assert children.alive(process.pid, started)
    assert not children.alive(process.pid, started + 1)
    assert not children.alive(process.pid, 0)
    process.kill()
    until(lambda: not children.alive(process.pid, started))


# --- finding


def test_processes_of_a_run_are_found_with_what_they_are_for(start, run):
    process = start("sleep", "60", step="fix[app 1]:verify", attempt="3")
    start("sleep", "61", env={"STEADY_RUN": run + "0"})
    start("sleep", "62", env={"OTHER": f"STEADY_RUN={run}"})
    assert children.find(run) == (
        children.Orphan(process.pid, process.pid, children.start_time(process.pid), "fix[app 1]:verify", 3, "sleep 60"),
    )
    assert children.find("") == ()


def test_a_long_command_line_is_cut_and_a_missing_attempt_is_zero(start, run):
    start(*python(), "x" * 500, ready=True, attempt="none")
    (orphan,) = children.find(run)
    assert orphan.attempt == 0
    assert len(orphan.command) == 301
    assert orphan.command.endswith("x…")


def test_a_child_lives_on_when_its_engine_is_killed_and_is_found_and_ended(start, run):
    engine = start(
        *python("import subprocess; subprocess.Popen(['sleep', '77'], start_new_session=True)"),
        ready=True,
        env={**os.environ, "STEADY_RUN": run, "STEADY_STEP": "fix", "STEADY_ATTEMPT": "1"},
    )
    until(lambda: [o for o in children.find(run) if o.command == "sleep 77"])
    engine.kill()
    engine.wait()
    (orphan,) = children.find(run)
    assert (orphan.command, orphan.step, orphan.attempt, orphan.pgid) == ("sleep 77", "fix", 1, orphan.pid)
    assert orphan.pid != engine.pid
    assert children.end_group(orphan.pgid, orphan.pid, orphan.started, graces=PATIENT) == "SIGINT"
    assert not children.alive(orphan.pid, orphan.started)
    assert children.find(run) == ()


def test_a_grandchild_that_left_its_group_is_found_by_its_environment(start, run):
    shell = start("sh", "-c", "setsid sh -c 'sleep 78; :' & echo ready; wait", ready=True)
    until(lambda: {"sleep 78", "sh -c sleep 78; :"} <= {o.command for o in children.find(run)})
    found = {orphan.command: orphan for orphan in children.find(run)}
    left = found["sleep 78"]
    assert left.pgid != shell.pid
    assert left.pid not in children.group_members(shell.pid)
    assert children.group_members(left.pgid).keys() == {left.pid, found["sh -c sleep 78; :"].pid}
    shell.kill()
    shell.wait()
    # What a shell has put into the background ignores SIGINT.
    assert children.end_group(left.pgid, left.pid, left.started, graces=QUICK) == "SIGTERM"
    assert children.find(run) == ()
    assert children.group_members(left.pgid) == {}


def test_we_ourselves_are_never_found(run):
    code = "import os, sys; sys.path[:0] = {!r}; from steadyhand.driver import children; print(children.find({!r}))"
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@"; true', "sh", sys.executable, "-c", code.format([p for p in sys.path if p], run)],
        env={**os.environ, "STEADY_RUN": run},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "()\n"


# --- ending


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("", "SIGINT"),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN)", "SIGTERM"),
        ("[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)]", "SIGKILL"),
    ],
)
def test_the_ladder_is_climbed_as_far_as_it_must_be(start, line, name):
    process = start(*python(line), ready=True, stderr=subprocess.DEVNULL)
    started = children.start_time(process.pid)
    graces = PATIENT if name == "SIGINT" else QUICK
    assert children.end_group(process.pid, process.pid, started, graces=graces) == name
    assert not children.alive(process.pid, started)


def test_one_that_is_stopped_is_woken_to_obey(start):
    process = start(*python("import os; signal.signal(signal.SIGINT, lambda *_: os._exit(7))"), ready=True)
    os.kill(process.pid, signal.SIGSTOP)
    assert children.end_group(process.pid, process.pid, children.start_time(process.pid), graces=PATIENT) == "SIGINT"
    assert process.wait() == 7


def test_the_whole_group_is_ended_even_when_the_one_that_was_found_ends_first(start, run):
    stubborn = f"{sys.executable} -S -c 'import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)'"
    shell = start("sh", "-c", f"{stubborn} & sleep 0.3; echo ready; exec sleep 60", ready=True)
    assert len(children.group_members(shell.pid)) == 2
    started = children.start_time(shell.pid)
    assert children.end_group(shell.pid, shell.pid, started, graces=QUICK) == "SIGTERM"
    assert children.group_members(shell.pid) == {}
    assert children.find(run) == ()


def test_a_process_that_has_the_pid_by_now_is_not_signalled(start):
    process = start("sleep", "60")
    started = children.start_time(process.pid)
    assert children.end_group(process.pid, process.pid, started - 1, graces=QUICK) == ""
    assert children.end_group(process.pid, process.pid, 0, graces=QUICK) == ""
    time.sleep(0.1)
    assert lives(process)


def test_a_group_that_the_orphan_is_not_in_is_not_signalled(start):
    process, other = start("sleep", "60"), start("sleep", "61")
    started = children.start_time(process.pid)
    assert children.end_group(other.pid, process.pid, started, graces=PATIENT) == "SIGINT"
    assert lives(other)


def test_one_that_is_gone_needs_no_signal(start):
    process = start("sleep", "60")
    started = children.start_time(process.pid)
    process.kill()
    process.wait()
    assert children.end_group(process.pid, process.pid, started, graces=QUICK) == ""


def test_in_our_own_group_only_the_orphan_itself_is_ended(start):
    process = start("sleep", "60", start_new_session=False)
    started = children.start_time(process.pid)
    assert os.getpgid(process.pid) == os.getpgrp()
    assert children.end_group(os.getpgrp(), process.pid, started, graces=PATIENT) == "SIGINT"
    assert process.wait() == -signal.SIGINT


def test_in_a_group_with_strangers_only_the_orphan_itself_is_ended(start):
    stranger = start("sleep", "60", env={}, start_new_session=False, process_group=0)
    process = start("sleep", "61", start_new_session=False, process_group=stranger.pid)
    started = children.start_time(process.pid)
    assert children.group_members(stranger.pid).keys() == {stranger.pid, process.pid}
    assert children.end_group(stranger.pid, process.pid, started, graces=PATIENT) == "SIGINT"
    assert lives(stranger)


@pytest.mark.parametrize("pid", [0, 1, os.getpid(), os.getppid()], ids=["0", "1", "own", "parent"])
def test_ourselves_what_we_run_under_and_the_first_process_are_never_signalled(pid):
    pgid = os.getpgid(pid)
    assert children.end_group(pgid, pid, children.start_time(pid), graces=QUICK) == ""
    assert children.end_group(0, pid, children.start_time(pid), graces=QUICK) == ""
