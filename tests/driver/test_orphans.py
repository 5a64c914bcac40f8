"""What an engine before left running, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid

import pytest

from steadyhand import events as e
from steadyhand.core import State
from steadyhand.core.state import Leaf
from steadyhand.core.tables import Phase
from steadyhand.driver.orphans import Orphans

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the environment of a process")


@pytest.fixture
def left():
    """Two processes of a run whose engine is gone: one of a read, one of a change."""
    run = f"run-{uuid.uuid4()}"
    started = {}
    for step in ("look", "change"):
        environment = {"PATH": os.environ["PATH"], "STEADY_RUN": run, "STEADY_STEP": step, "STEADY_ATTEMPT": "1"}
        started[step] = subprocess.Popen(["sleep", "60"], start_new_session=True, env=environment)
    over = time.monotonic() + 10
    while len(Orphans().find(run)) < 2:
        assert time.monotonic() < over
        time.sleep(0.01)
    yield run, started
    for process in started.values():
        process.kill()
        process.wait()


def test_they_are_found_and_said_and_only_the_read_is_ended_unasked(left):
    run, started = left
    orphans = Orphans()
    said = sorted((event.path, event.pid) for event in orphans.find(run))
    assert said == sorted((step, process.pid) for step, process in started.items())
    leaves = {"look": Leaf(Phase.INTERRUPTED, 1, 1), "change": Leaf(Phase.INTERRUPTED, 1, 1, effect="change")}
    (ended,) = orphans.end_reads(State(leaves=leaves))
    assert isinstance(ended, e.ChildStopped)
    assert (ended.path, ended.pid) == ("look", started["look"].pid)
    assert started["look"].wait(10) < 0
    assert orphans.alive("look") == ()
    assert orphans.alive("change") == (started["change"].pid,)
    (ended,) = orphans.end("change")
    assert ended.pid == started["change"].pid
    assert orphans.end("change") == ()


def test_where_nothing_was_left_nothing_is_said():
    orphans = Orphans()
    assert orphans.find(f"run-{uuid.uuid4()}") == []
    assert orphans.alive("look") == ()
    assert orphans.end_reads(State()) == ()
