"""A run followed from elsewhere, by sequence number."""

from __future__ import annotations

import threading

import pytest

from steadyhand import events as e
from steadyhand.app import library, runs, watching
from steadyhand.errors import UsageError
from steadyhand.model import Mode

from .desk import desk, one_step, write


@pytest.fixture
def run(tmp_path):
    write(tmp_path, "x", one_step())
    services = desk(tmp_path)
    return services, runs.start(services, library.load(services, "x.yaml"), {}, Mode.DRY_RUN)


def test_what_there_is_without_waiting(run):
    services, driver = run
    seen = list(watching.follow(services, driver.stream, wait=False))
    assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
    assert list(watching.follow(services, driver.stream, len(seen), wait=False)) == []


def test_everything_until_the_end_as_it_comes(run, tmp_path):
    services, driver = run
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(watching.follow(desk(tmp_path), driver.stream)))
    thread.start()
    driver.drive()
    thread.join(10)
    assert not thread.is_alive()
    assert seen == list(services.journal.read(driver.stream))
    assert isinstance(seen[-1].event, e.RunConcluded)


def test_runbook_and_mode_of_a_run(run):
    services, driver = run
    driver.drive()
    recorded = services.journal.read(driver.stream)
    assert watching.runbook_of(services, recorded).name == "x"
    assert watching.mode_of(recorded) == "dry-run"
    with pytest.raises(UsageError, match="does not begin with its start"):
        watching.runbook_of(services, recorded[1:])


def test_verifying_one_run_or_all(run):
    services, driver = run
    assert watching.verify(services, driver.stream) == ((), len(services.journal.read(driver.stream)))
    assert watching.verify(services) == ((), len(services.journal.read(driver.stream)))
    assert watching.verify(services, "r0") == ((), 0)
