"""Streams that are closed, full, or left by their reader: a run goes on, and nothing is called a bug."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from .documents import ASKS, HEALTHY
from .steady import STEADY, environment, steady

MANY = HEALTHY.replace("echo fine", "sleep 0.3; echo fine >> effect")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    (tmp_path / "healthy.yaml").write_text(MANY)
    return tmp_path


def shell(folder, command):
    """A command line of a real shell, with `steady` in it."""
    text = command.replace("steady", " ".join(STEADY))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {text}"], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout
    assert "bug of Steadyhand" not in done.stderr + done.stdout
    return done


def conclusion(folder):
    return json.loads(steady(folder, "runs", "--json").stdout)["runs"][0]["conclusion"]


def test_a_closed_input_is_nobody(folder):
    done = shell(folder, "steady run asks.yaml <&-")
    assert done.returncode == 4
    assert "steady answer" in done.stderr.replace(" ".join(STEADY), "steady")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1"])
def test_a_run_goes_on_whatever_becomes_of_its_output(folder, closed):
    assert shell(folder, f"steady run healthy.yaml {closed}").returncode == 0
    assert conclusion(folder) == "healthy"
    assert (folder / "effect").read_text() == "fine\n"
    assert steady(folder, "audit", "verify").returncode == 0


def test_a_run_goes_on_when_its_reader_has_left(folder):
    assert shell(folder, "steady run healthy.yaml | head -1").returncode == 0
    assert conclusion(folder) == "healthy"


def test_a_full_disk_behind_the_answer_is_said_once(folder):
    shell(folder, "steady run healthy.yaml")
    done = shell(folder, "steady runs --json >/dev/full")
    assert done.returncode == 2
    assert done.stderr == f"steady: standard output cannot be written: {os.strerror(28)}\n"
    assert shell(folder, "steady schema | head -1").returncode == 0
