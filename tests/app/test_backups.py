"""Backing up and restoring as use cases: which stores, which names, and what becomes of runs."""

from __future__ import annotations

import os

import pytest

from steadyhand.app import library, runs
from steadyhand.app.backups import back_up, restore
from steadyhand.errors import NotFound, UsageError
from steadyhand.model import Mode

from .desk import desk, one_step, write


@pytest.fixture
def waiting(tmp_path):
    """Services over a store with a run that waits and one that is over."""
    write(tmp_path, "prints", one_step("shell: seq 1 20000"))
    document = "steps:\n  only:\n    title: Only\n    gate: {prompt: 'Go on?'}\n    next: {approved: end.healthy, rejected: end.stopped}\n"
    write(tmp_path, "asks", document)
    services = desk(tmp_path)
    found = []
    for name in ("prints.yaml", "asks.yaml"):
        driver = runs.start(services, library.load(services, name), {}, Mode.GUIDED)
        driver.drive()
        found.append(driver.stream)
    return services, *found


def test_a_folder_gets_a_file_with_the_time_in_its_name(waiting, tmp_path):
    services, *_ = waiting
    (tmp_path / "backups").mkdir()
    path, made = back_up(services, tmp_path / "backups")
    assert path.parent == tmp_path / "backups"
    assert path.name.startswith("steady-2")
    assert path.name.endswith("Z.tar.gz")
    assert made.events == sum(head.seq for head in services.journal.streams())


def test_runs_do_not_go_on_from_a_backup_by_themselves(waiting, tmp_path):
    services, over, waits = waiting
    path, _ = back_up(services, tmp_path / "b.tar.gz")
    new = desk(tmp_path, store=str(tmp_path / "new" / "j.db"))
    done = restore(new, path)
    assert done.stopped == (waits,)
    assert runs.state_of(new, over).stop is None
    stop = runs.state_of(new, waits).stop
    assert stop is not None
    assert stop.via == "restore"
    assert "what happened after that backup is not in it" in stop.reason
    runs.resume(new, waits).drive()
    assert runs.state_of(new, waits).conclusion.conclusion == "stopped"
    assert new.journal.verify_store() == ()


def test_a_store_that_has_moved_goes_on(waiting, tmp_path):
    services, _, waits = waiting
    path, _ = back_up(services, tmp_path / "b.tar.gz")
    new = desk(tmp_path, store=str(tmp_path / "new" / "j.db"))
    assert restore(new, path, go_on=True).stopped == ()
    assert runs.state_of(new, waits).stop is None
    assert runs.state_of(new, waits) == runs.state_of(services, waits)


@pytest.mark.parametrize("act", [back_up, restore])
def test_other_stores_say_what_to_do_instead(tmp_path, act):
    (tmp_path / "b").write_bytes(b"")
    url = "postgresql://ana:hunter2@db.example/steady?sslmode=require&password=hunter2"
    with pytest.raises(UsageError) as told:
        act(desk(tmp_path, store=url), tmp_path / "b")
    shown = "'postgresql://ana@db.example/steady?sslmode=require'"
    assert ("pg_dump" if act is back_up else "pg_restore") in told.value.hint
    assert shown in told.value.hint
    assert "hunter2" not in told.value.hint + told.value.message
    with pytest.raises(UsageError, match="in memory"):
        act(desk(tmp_path, store="memory:"), tmp_path / "b")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(NotFound, match="there is no store"):
        back_up(desk(tmp_path), tmp_path / "b.tar.gz")
    with pytest.raises(NotFound, match="there is no file"):
        restore(desk(tmp_path), tmp_path / "b.tar.gz")
    assert not (tmp_path / "store").exists()


def test_a_place_that_cannot_be_written_is_said(waiting, tmp_path):
    services, *_ = waiting
    with pytest.raises(UsageError, match="cannot be written"):
        back_up(services, tmp_path / "none" / "b.tar.gz")


def test_a_restore_that_is_cut_off_leaves_no_run_that_could_go_on(waiting, tmp_path, monkeypatch):
    """Whenever the store has its name, its runs are stopped already."""
    services, _, waits = waiting
    path, _ = back_up(services, tmp_path / "b.tar.gz")

    def cut(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", cut)
    with pytest.raises(UsageError, match="No space left"):
        restore(desk(tmp_path, store=str(tmp_path / "new" / "j.db")), path)
    assert not (tmp_path / "new" / "j.db").exists()
    monkeypatch.undo()
    new = desk(tmp_path, store=str(tmp_path / "new" / "j.db"))
    assert restore(new, path).stopped == (waits,)
