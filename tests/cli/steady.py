"""Runs the installed `steady` as a process of its own, with a store of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

STEADY = [sys.executable, "-m", "steadyhand"]


def as_person(name):
    """Somebody else at this keyboard. Only the superuser may be several people; else the test says why it is not run."""
    if os.getuid() != 0:
        pytest.skip("this test needs several people, and only root can be more than one")
    return {"SUDO_USER": name}


def environment(folder, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STEADY_") and k != "SUDO_USER"}
    return {**kept, "STEADY_STORE": str(folder / "store" / "j.db"), "HOME": str(folder), "NO_COLOR": "1", **more}


def steady(folder, *words, stdin="", timeout=60, **more):
    argv = [*STEADY, *map(str, words)]
    run = subprocess.run(
        argv, cwd=folder, env=environment(folder, **more), input=stdin, capture_output=True, text=True,
        errors="surrogateescape", timeout=timeout, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stderr, run.stderr
    return run


def start(folder, *words, **more):
    return subprocess.Popen(
        [*STEADY, *map(str, words)], cwd=folder, env=environment(folder, **more), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
