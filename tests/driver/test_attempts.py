"""Attempts that run in threads of their own: real steps of a real run."""

from __future__ import annotations

import queue
import threading

import pytest

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.driver.attempts import Attempts
from steadyhand.driver.drive import Ending
from steadyhand.driver.ports import Unobserved
from steadyhand.driver.redaction import Redactor
from steadyhand.model import Mode

from ..app.desk import calling, desk, one_step, write


@pytest.fixture
def attempts(tmp_path):
    write(tmp_path, "outer", "secrets: {token: {env: OUTER}}\n" + calling("inner"))
    write(tmp_path, "inner", "secrets: {token: {env: INNER}}\n" + one_step())
    services = desk(tmp_path, OUTER="sesame-outer", INNER="sesame-inner")
    book = library.load(services, "outer.yaml")
    inbox: queue.SimpleQueue[e.Event] = queue.SimpleQueue()
    made = Attempts(
        services.ports(), book, "r1", observer=Unobserved(), redactor=Redactor(), put=inbox.put, orphaned=lambda _: ()
    )
    return made, book


def test_a_called_runbook_has_secrets_of_its_own_and_each_is_kept(attempts):
    made, book = attempts
    assert made.secrets(book, None).reveal("token") == "sesame-outer"
    assert made.secrets(book.calls["inner"], None).reveal("token") == "sesame-inner"
    assert made.secrets(book, None) is made.secrets(book, None)


def test_where_nothing_runs_there_is_nothing_to_stop(attempts):
    made, _ = attempts
    made.cancel("only")
    made.cancel_all()
    made.settled("only")
    assert not made


def test_a_machine_without_room_for_another_thread_has_done_nothing(tmp_path, monkeypatch):
    write(tmp_path, "x", one_step("shell: touch effect", "read"))
    services = desk(tmp_path)
    driver = runs.start(services, library.load(services, "x.yaml"), {}, Mode.GUIDED)

    def full(thread):
        raise RuntimeError(f"can't start new thread {thread.name}")

    monkeypatch.setattr(threading.Thread, "start", full)
    assert driver.drive() is Ending.CONCLUDED
    (settled,) = (one.event for one in services.journal.read(driver.stream) if isinstance(one.event, e.StepSettled))
    assert (settled.outcome, settled.unsure) == ("error", False)
    assert "it could not be started: can't start new thread" in settled.reason
    assert not (tmp_path / "effect").exists()
