"""A server that goes down hands its runs over, and a run that only waits gives its thread up. Real steps, real store."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.core.answers import Answer
from steadyhand.core.waking import wake_at
from steadyhand.driver.drive import Ending
from steadyhand.errors import Fenced
from steadyhand.model import Mode

from ..app.desk import ENDS, desk, write

SLOW = "sh slow.sh"
SCRIPT = "while [ ! -e go ]; do sleep 0.02; done\necho once >> effect\n"
HALF = f"""\
steps:
  slow: {{title: Slow, shell: {SLOW}, effect: change, gate: {{prompt: Go?, auto: true}}, undo: {{none: x}}, next: {{pass: after, {ENDS}}}}}
  after: {{title: After, shell: echo after >> effect, effect: change, gate: {{prompt: Go?, auto: true}}, undo: {{none: x}}, next: {{pass: end.resolved, {ENDS}}}}}
"""


def until(holds):
    over = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < over, "waited 20 s in vain"
        time.sleep(0.01)


def begin(folder, body, mode=Mode.AUTO):
    (folder / "slow.sh").write_text(SCRIPT)
    write(folder, "x", body)
    services = desk(folder)
    return services, runs.start(services, library.load(services, "x.yaml"), {}, mode)


class Driven:
    """A driver in a thread of its own."""

    def __init__(self, driver):
        self.ended = []
        self.thread = threading.Thread(target=lambda: self.ended.append(driver.drive()))
        self.thread.start()

    def done(self):
        self.thread.join(20)
        return self.ended[0]


def names(services, run):
    return [e.name_of(one.event) for one in services.journal.read(run)]


def test_what_runs_may_finish_and_the_next_engine_goes_on_without_a_doubt(tmp_path):
    services, driver = begin(tmp_path, HALF)
    driven = Driven(driver)
    until(lambda: "slow" in driver.state.running)
    driver.drain(60)
    (tmp_path / "go").touch()
    assert driven.done() is Ending.HANDED_OVER
    paused = services.journal.read(driver.stream)[-1].event
    assert isinstance(paused, e.RunPaused)
    assert paused.reason == "handed over"
    assert (tmp_path / "effect").read_text() == "once\n"
    assert "after" not in driver.state.leaves
    again = runs.resume(desk(tmp_path), driver.stream)
    assert again.drive() is Ending.CONCLUDED
    assert (tmp_path / "effect").read_text() == "once\nafter\n"
    assert "gate.opened" not in names(services, driver.stream)


def test_what_has_not_finished_in_time_is_interrupted_and_asked_about(tmp_path):
    services, driver = begin(tmp_path, HALF)
    driven = Driven(driver)
    until(lambda: "slow" in driver.state.running)
    driver.drain(0.1)
    assert driven.done() is Ending.INTERRUPTED
    assert services.journal.read(driver.stream)[-1].event.reason == "interrupted"
    again = runs.resume(desk(tmp_path), driver.stream)
    assert again.drive() is Ending.WAITING
    assert [gate.opened.kind for gate in again.state.open_gates] == ["doubt"]


def test_a_run_that_was_told_before_it_was_driven_begins_nothing(tmp_path):
    services, driver = begin(tmp_path, HALF)
    driver.drain(60)
    assert driver.drive() is Ending.HANDED_OVER
    assert names(services, driver.stream) == ["run.started", "run.paused"]


def test_to_be_told_twice_leaves_the_shorter_time(tmp_path):
    _, driver = begin(tmp_path, HALF)
    driven = Driven(driver)
    until(lambda: "slow" in driver.state.running)
    driver.drain(60)
    driver.drain(0.1)
    assert driven.done() is Ending.INTERRUPTED


def test_a_stop_is_heeded_while_a_run_is_handed_over(tmp_path):
    services, driver = begin(tmp_path, HALF)
    driven = Driven(driver)
    until(lambda: "slow" in driver.state.running)
    driver.drain(60)
    runs.stop(services, driver.stream, "kim", "enough")
    assert driven.done() is Ending.CONCLUDED
    assert driver.state.conclusion.conclusion == "stopped"


def test_what_people_say_meanwhile_is_kept_and_left_to_the_next(tmp_path):
    body = f"steps:\n  both:\n    title: Both\n    parallel:\n      slow: {{shell: {SLOW}, effect: read, expect: {{exit_code: 0}}}}\n      asks: {{title: Asks, shell: echo asked >> effect, gate: Go?, undo: {{none: x}}}}\n    next: {{pass: end.escalated, {ENDS}}}\n"
    services, driver = begin(tmp_path, body, Mode.GUIDED)
    driven = Driven(driver)
    until(lambda: driver.state.open_gates and driver.state.running)
    driver.drain(60)
    until(driver._draining)
    opened = driver.state.open_gates[0].opened
    assert isinstance(runs.answer(services, driver.stream, Answer(opened.gate, "kim", "approve")), e.GateAnswered)
    (tmp_path / "go").touch()
    assert driven.done() is Ending.HANDED_OVER
    assert not (tmp_path / "effect").exists() or (tmp_path / "effect").read_text() == "once\n"
    assert runs.resume(desk(tmp_path), driver.stream).drive() is Ending.CONCLUDED
    assert "asked" in (tmp_path / "effect").read_text()


# --- parked

WAITS = f"""\
steps:
  look: {{title: Look, shell: 'true', effect: read, next: {{pass: rest, {ENDS}}}}}
  rest: {{title: Rest, wait: 2s, next: ask}}
  ask: {{title: Ask, shell: echo x >> effect, effect: change, gate: Go?, lock: [db], undo: {{none: x}}, next: {{pass: end.resolved, {ENDS}}}}}
"""


def test_a_run_that_waits_for_time_people_or_locks_holds_no_thread_and_goes_on_when_it_is_called(tmp_path):
    services, driver = begin(tmp_path, WAITS, Mode.GUIDED)
    book = library.load(services, "x.yaml")
    assert driver.drive(park=True) is Ending.WAITING
    assert driver.state.scopes[""].current == "rest"
    due = wake_at(book, driver.state)
    before = driver.state.seq
    assert driver.drive(park=True) is Ending.WAITING
    assert driver.state.seq == before, "to be parked appends nothing"
    until(lambda: services.clock.now() > due)
    assert driver.drive(park=True) is Ending.WAITING
    assert wake_at(book, driver.state) is None
    opened = driver.state.open_gates[0].opened
    other = runs.start(services, book, {}, Mode.GUIDED)
    target = e.LockTaken("db", other.stream, "ask", 1, "c", "kim")
    services.journal.append("target:db", 0, [target], actor="t", at=services.clock.now(), epoch=1)
    runs.append(services, other.stream, lambda *_: e.LocksWanted("ask", 1, ("db",), "c"), by="kim")
    runs.answer(services, driver.stream, Answer(opened.gate, "kim", "approve"))
    assert driver.drive(park=True) is Ending.WAITING
    assert driver.state.wanted_locks
    assert wake_at(book, driver.state, services.clock.now()) > services.clock.now()
    runs.append(services, other.stream, lambda *_: e.LocksReleased("ask", 1, "pass"), by="kim")
    time.sleep(0.6)  # as long as a wait for locks is not tried again
    assert driver.drive(park=True) is Ending.CONCLUDED
    assert (tmp_path / "effect").read_text() == "x\n"
    assert not {"run.paused", "run.resumed"} & {*names(services, driver.stream)}


def test_a_parked_run_can_be_taken_up_by_another_engine(tmp_path):
    services, driver = begin(tmp_path, WAITS.replace("2s", "1500ms"), Mode.GUIDED)
    assert driver.drive(park=True) is Ending.WAITING
    until(lambda: services.clock.now() > wake_at(library.load(services, "x.yaml"), driver.state))
    again = runs.resume(desk(tmp_path), driver.stream)
    assert again.drive(park=True) is Ending.WAITING
    assert [gate.opened.gate for gate in again.state.open_gates] == ["ask"]


def test_between_two_attempts_at_a_check_the_thread_is_kept(tmp_path):
    body = f"steps:\n  look: {{title: L, shell: test -e there, effect: read, expect: {{exit_code: 0}}, retry: {{times: 3, every: 2s}}, next: {{pass: end.healthy, {ENDS}}}}}\n"
    services, driver = begin(tmp_path, body, Mode.GUIDED)
    ended = []
    thread = threading.Thread(target=lambda: ended.append(driver.drive(park=True)))
    thread.start()
    until(lambda: driver.state.leaves.get("look") and driver.state.leaves["look"].outcome == "fail")
    (tmp_path / "there").touch()
    thread.join(20)
    assert ended == [Ending.CONCLUDED]
    assert "run.paused" not in names(services, driver.stream)


def test_a_short_wait_is_waited_out(tmp_path):
    _, driver = begin(tmp_path, "steps:\n  rest: {title: Rest, wait: 200ms, next: end.healthy}\n")
    assert driver.drive(park=True) is Ending.CONCLUDED


def test_a_parked_run_that_somebody_else_took_over_is_lost_to_the_first(tmp_path):
    _, driver = begin(tmp_path, WAITS, Mode.GUIDED)
    assert driver.drive(park=True) is Ending.WAITING
    runs.resume(desk(tmp_path), driver.stream)
    with pytest.raises(Fenced, match="taken over by another driver"):
        driver.drive(park=True)
