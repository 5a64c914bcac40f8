"""How a drive ends: what is printed, what to type next, which exit code."""

from __future__ import annotations

import os
import re
import shlex
import signal

import pytest

from .documents import ASKS, HEALTHY
from .steady import start, steady
from .test_run import await_file

ENDING = """\
steadyhand: 1
name: ending
title: It ends
steps:
  only: {title: Only, shell: "true", effect: read, next: {pass: end.%s, fail: end.escalated, error: end.escalated}}
"""


@pytest.mark.parametrize(("conclusion", "code"), [("healthy", 0), ("escalated", 1), ("stopped", 1), ("broken", 3)])
def test_the_exit_code_is_that_of_the_conclusion(tmp_path, conclusion, code):
    (tmp_path / "ending.yaml").write_text(ENDING % conclusion)
    assert steady(tmp_path, "run", "ending.yaml").returncode == code
    assert steady(tmp_path, "watch", "last").returncode == code


def test_what_is_printed_can_be_typed(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    done = steady(tmp_path, "--store", "my store.db", "run", "asks.yaml")
    assert done.returncode == 4
    line = done.stderr.splitlines()[-1].strip()
    words = shlex.split(line)
    assert words[:3] == ["steady", "--store", "my store.db"]
    again = steady(tmp_path, *words[1:])
    assert again.returncode == 0
    assert (tmp_path / "effect").read_text() == "ops\n"
    transcript = shlex.split(again.stderr.splitlines()[-1].removeprefix("transcript: "))
    assert steady(tmp_path, *transcript[1:]).stdout.startswith("# Something is asked")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_run_resumable_and_says_how(tmp_path, number):
    (tmp_path / "healthy.yaml").write_text(HEALTHY.replace("echo fine", "touch started; test -e again || sleep 30"))
    engine = start(tmp_path, "run", "healthy.yaml")
    await_file(tmp_path / "started")
    engine.send_signal(number)
    _, err = engine.communicate(timeout=30)
    assert engine.returncode == 130
    words = shlex.split(err.splitlines()[-1].partition("go on with: ")[2])
    (tmp_path / "again").touch()
    assert steady(tmp_path, *words[1:]).returncode == 0


def test_one_run_has_one_driver(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY.replace("echo fine", "touch started; sleep 3"))
    engine = start(tmp_path, "run", "healthy.yaml")
    await_file(tmp_path / "started")
    done = steady(tmp_path, "resume", "last")
    assert done.returncode == 2
    assert "is driven by engine@" in done.stderr
    engine.communicate(timeout=30)
    assert engine.returncode == 0


STUBBORN = ASKS.replace(
    "shell: echo {{ inputs.who }} >> effect",
    "shell: 'trap \"\" INT TERM; touch started; sleep 20; echo {{ inputs.who }}'",
)


def test_the_first_ctrl_c_says_that_it_was_heard_and_the_second_says_what_is_left_behind(tmp_path):
    (tmp_path / "asks.yaml").write_text(STUBBORN)
    steady(tmp_path, "run", "asks.yaml")
    engine = start(tmp_path, "answer", "last", "act", "approve", "--resume")
    await_file(tmp_path / "started")
    engine.send_signal(signal.SIGINT)
    said = ""
    while "Ctrl-C again leaves at once" not in said:
        line = engine.stderr.readline()
        assert line, said
        said += line
    engine.send_signal(signal.SIGINT)
    _, err = engine.communicate(timeout=30)
    assert engine.returncode == 130
    assert "left at once; go on with: steady resume r" in err
    (pid,) = re.findall(r"change act: process (\d+) \(", err)
    assert err.rstrip().endswith("still runs")
    os.killpg(os.getpgid(int(pid)), signal.SIGKILL)
