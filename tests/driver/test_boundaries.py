"""kill -9 at every journal boundary, with real processes: nothing is made twice, nothing is lost, the chain holds."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steadyhand import events as e
from steadyhand.journal.open import open_journal

CHILD = str(Path(__file__).with_name("crash_child.py"))

RUNBOOK = """\
steadyhand: 1
name: crashing
title: Crashing
steps:
  look: {title: Look, shell: 'true', effect: read, next: {pass: change, fail: end.escalated}}
  change:
    title: Change
    shell: echo once >> effect
    gate: {prompt: 'Change?'}
    capture: {before: {shell: 'ls'}}
    verify: {shell: test -e effect}
    undo: {none: nothing}
    next: {pass: confirm, fail: end.escalated, error: end.escalated}
  confirm:
    title: Confirm
    purpose: verification
    shell: test -e effect
    effect: read
    next: {pass: end.resolved, fail: end.escalated}
"""
APPENDS = 20
"""More than the appends of a whole run; the last boundaries are those of runs that were over before."""


def child(folder, limit, when, *run):
    argv = [sys.executable, CHILD, str(folder / "j.db"), str(folder / "crashing.yaml"), str(limit), when, *run]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def effects(folder):
    path = folder / "effect"
    return path.read_text().splitlines() if path.exists() else []


def test_a_whole_run_has_fewer_appends_than_are_tried(tmp_path):
    (tmp_path / "crashing.yaml").write_text(RUNBOOK)
    done = child(tmp_path, 0, "never")
    assert done.returncode == 0, done.stderr
    conclusion, count = done.stdout.split()
    assert conclusion == "resolved"
    assert 5 <= int(count) <= APPENDS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("limit", range(1, APPENDS + 1))
def test_a_kill_at_a_boundary_repeats_nothing_and_loses_nothing(tmp_path, limit, when):
    (tmp_path / "crashing.yaml").write_text(RUNBOOK)
    died = child(tmp_path, limit, when)
    journal = open_journal(str(tmp_path / "j.db"))
    heads = list(journal.streams())
    if died.returncode == 0:
        assert died.stdout.split()[0] == "resolved"
        assert effects(tmp_path) == ["once"]
        return
    assert died.returncode == -signal.SIGKILL, died.stderr
    if not heads:
        assert (limit, when) == (1, "before")
        assert effects(tmp_path) == []
        return
    run = heads[0].stream
    before = journal.read(run)
    assert journal.verify(run) is None
    for _ in range(40):  # what the killed engine had started may still be at work
        if not leftover(run):
            break
        time.sleep(0.05)
    done = child(tmp_path, 0, "never", run)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "resolved"
    assert effects(tmp_path) == ["once"]
    after = journal.read(run)
    assert after[: len(before)] == before
    assert journal.verify(run) is None
    assert intents_are_covered(after)


def leftover(run):
    from steadyhand.driver import children

    return children.find(run)


def intents_are_covered(recorded):
    """A second intent of the change has a person's word before it."""
    words, seen = 0, 0
    for one in recorded:
        match one.event:
            case e.GateAnswered(answer="run_again" | "approve"):
                words += 1
            case e.StepIntended(path="change"):
                seen += 1
                if seen > words:
                    return False
            case _:
                pass
    return True


SLOW = RUNBOOK.replace("shell: echo once >> effect", "shell: echo once >> effect; sleep 30")


def test_a_child_that_outlived_its_engine_is_found_and_said_before_anything_is_offered(tmp_path):
    (tmp_path / "crashing.yaml").write_text(SLOW)
    argv = [sys.executable, CHILD, str(tmp_path / "j.db"), str(tmp_path / "crashing.yaml"), "0", "never"]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL) as engine:
        for _ in range(200):
            if effects(tmp_path):
                break
            time.sleep(0.05)
        os.kill(engine.pid, signal.SIGKILL)
    journal = open_journal(str(tmp_path / "j.db"))
    run = next(journal.streams()).stream
    assert leftover(run), "the change still runs although its engine is dead"
    from steadyhand.app import runs
    from steadyhand.app.services import Services
    from steadyhand.driver.drive import Ending

    driver = runs.resume(Services(store=str(tmp_path / "j.db"), cwd=str(tmp_path)), run)
    assert driver.drive() is Ending.WAITING
    kinds = [e.name_of(one.event) for one in journal.read(run)]
    assert kinds.index("child.found") < max(i for i, k in enumerate(kinds) if k == "gate.opened")
    (gate,) = driver.state.open_gates
    assert gate.opened.kind == "doubt"
    assert list(gate.opened.options) == ["happened", "did_not_happen", "run_again", "stop"]
    assert gate.opened.children
    assert "It still runs" in gate.opened.prompt
    assert effects(tmp_path) == ["once"]
    for orphan in leftover(run):
        os.kill(orphan.pid, signal.SIGKILL)
