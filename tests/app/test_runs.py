"""Use cases around one run, through every door the same."""

from __future__ import annotations

import threading

import pytest

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.core.answers import Answer
from steadyhand.driver.drive import Ending
from steadyhand.errors import NotFound, UsageError
from steadyhand.model import Mode

from .desk import calling, desk, one_step, write

CHANGE = "gate: {prompt: Do it?}\n    undo: {none: it is a test}\n    shell: echo changed >> effect"


@pytest.fixture
def started(tmp_path):
    write(tmp_path, "asks", one_step(CHANGE, "change", "pass: end.resolved, fail: end.escalated, error: end.escalated"))
    services = desk(tmp_path)
    driver = runs.start(services, library.load(services, "asks.yaml"), {}, Mode.GUIDED)
    assert driver.drive() is Ending.WAITING
    return services, driver


def says(driver, option="approve"):
    gate = driver.state.open_gates[0].opened
    return Answer(gate.gate, "anna", option, gate.digest, "test", None, "", gate.opening)


def test_ids_sort_by_time():
    ids = [runs.new_id(at * 100_000) for at in range(1_795_400_000_0, 1_795_400_000_0 + 50)]
    assert ids == sorted(ids)
    assert all(name.startswith("r") and name.isalnum() and "i" not in name and "l" not in name for name in ids)


def test_two_runs_that_chance_gives_the_same_id_are_two_runs(tmp_path, monkeypatch):
    write(tmp_path, "x", one_step())
    services = desk(tmp_path)
    chances = iter([7, 7, 8])
    monkeypatch.setattr("secrets.randbits", lambda bits: next(chances))
    services.clock.now = lambda: 1_795_400_000_000_000
    book = library.load(services, "x.yaml")
    started = [runs.start(services, book, {}, Mode.GUIDED).stream for _ in range(2)]
    assert len(set(started)) == 2
    assert {len(services.journal.read(run)) for run in started} == {1}


def test_the_first_event_holds_everything_that_matters_from_then_on(tmp_path):
    (tmp_path / "steady.yaml").write_text("roles: {oncall: [anna]}\ncontacts: {team: here}\n")
    write(tmp_path, "outer", calling("inner"))
    write(tmp_path, "inner", one_step())
    services = desk(tmp_path)
    outer = library.load(services, "outer.yaml")
    driver = runs.start(services, outer, {}, Mode.AUTO)
    (first, *_) = services.journal.read(driver.stream)
    event = first.event
    assert isinstance(event, e.RunStarted)
    assert (event.mode, dict(event.roles), dict(event.contacts)) == ("auto", {"oncall": ("anna",)}, {"team": "here"})
    assert dict(event.digests) == library.digests_of(outer)
    assert list(event.handlers) == ["shell"]


def test_a_run_is_named_by_its_id_a_beginning_of_it_or_last(started):
    services, driver = started
    assert {runs.find(services, word) for word in (driver.stream, driver.stream[:10], "last")} == {driver.stream}
    with pytest.raises(NotFound, match="there is no run r00"):
        runs.find(services, "r00")
    other = runs.start(services, library.load(services, "asks.yaml"), {}, Mode.GUIDED)
    with pytest.raises(NotFound, match="r fits 2 runs") as caught:
        runs.find(services, "r")
    assert other.stream in caught.value.hint


def test_there_is_no_last_run_in_an_empty_store(tmp_path):
    with pytest.raises(NotFound, match="there is no run yet"):
        runs.find(desk(tmp_path), "last")


def test_an_answer_is_durable_and_a_second_one_is_refused_and_recorded(started, tmp_path):
    services, driver = started
    given = says(driver)
    assert isinstance(runs.answer(services, driver.stream, given), e.GateAnswered)
    refused = runs.answer(services, driver.stream, given)
    assert isinstance(refused, e.AnswerRefused)
    again = runs.resume(desk(tmp_path), driver.stream)
    assert again.drive() is Ending.CONCLUDED
    assert (tmp_path / "effect").read_text() == "changed\n"
    assert [type(one.event) for one in services.journal.read(driver.stream)].count(e.AnswerRefused) == 1


def test_of_many_who_answer_at_once_one_counts_and_none_is_lost(started):
    services, driver = started
    given, came = says(driver), []
    threads = [
        threading.Thread(target=lambda: came.append(runs.answer(services, driver.stream, given))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(event).__name__ for event in came) == ["AnswerRefused"] * 7 + ["GateAnswered"]
    recorded = [one.event for one in services.journal.read(driver.stream)]
    assert all(event in recorded for event in came)


def test_a_stop_and_a_note_and_what_may_follow_the_end(started, tmp_path):
    services, driver = started
    assert runs.stop(services, driver.stream, "anna", "enough").stop is not None
    assert runs.resume(desk(tmp_path), driver.stream).drive() is Ending.CONCLUDED
    with pytest.raises(UsageError, match="has already ended: stopped"):
        runs.stop(services, driver.stream, "anna", "again")
    runs.note(services, driver.stream, "anna", "for the post-mortem")
    assert runs.state_of(services, driver.stream).conclusion.conclusion == "stopped"
    assert isinstance(services.journal.read(driver.stream)[-1].event, e.NoteAdded)


def test_a_secret_in_a_note_is_hidden_also_that_of_a_runbook_called_by_a_called_one(tmp_path):
    write(tmp_path, "outer", calling("middle"))
    write(tmp_path, "middle", calling("inner"))
    write(
        tmp_path,
        "inner",
        "secrets: {token: {env: TOKEN}}\n" + one_step("shell: {argv: [echo], env: {T: '{{ secrets.token }}'}}"),
    )
    services = desk(tmp_path, TOKEN="correct-horse-battery")
    driver = runs.start(services, library.load(services, "outer.yaml"), {}, Mode.GUIDED)
    runs.note(services, driver.stream, "anna", "the token is correct-horse-battery, keep it")
    assert "correct-horse" not in services.journal.read(driver.stream)[-1].event.text


def test_who_drives_a_run_is_known(started):
    services, driver = started
    lease = runs.lease(services, driver.stream)
    assert runs.driven_elsewhere(services, driver.stream).startswith("engine@")
    lease.release()
    assert runs.driven_elsewhere(services, driver.stream) == ""


@pytest.fixture
def book(tmp_path):
    write(tmp_path, "x", one_step())
    services = desk(tmp_path)
    return services, library.load(services, "x.yaml")


def test_who_started_a_run_how_from_where_and_because_of_which_alert(book):
    services, x = book
    alert = {"name": "Slow", "labels": {"instance": "db1"}, "status": "firing", "starts_at": 7}
    driver = runs.start(services, x, {}, Mode.GUIDED, requester="kim", via="web", origin="10.0.0.9", alert=alert)
    event = services.journal.read(driver.stream)[0].event
    assert (event.requester, event.via, event.origin, event.alert) == ("kim", "web", "10.0.0.9", alert)
    mine = runs.start(services, x, {}, Mode.GUIDED)
    event = services.journal.read(mine.stream)[0].event
    assert (event.requester, event.via, event.origin, event.alert) == (services.person, "cli", "", {})


def test_a_run_whose_id_is_given_is_started_once(book):
    services, x = book
    assert runs.start(services, x, {}, Mode.GUIDED, run="rmine-1").stream == "rmine-1"
    with pytest.raises(runs.AlreadyStarted, match="run rmine-1 was started already") as caught:
        runs.start(services, x, {}, Mode.GUIDED, run="rmine-1")
    assert caught.value.run == "rmine-1"
    assert len(services.journal.read("rmine-1")) == 1


@pytest.mark.parametrize("name", ["x1", "r", "r/../x", "rX", "r-1", "r" + "1" * 70, "r1\n"])
def test_an_id_that_could_be_something_else_is_refused(book, name):
    services, x = book
    with pytest.raises(UsageError, match="cannot be the id of a run"):
        runs.start(services, x, {}, Mode.GUIDED, run=name)


def test_a_run_that_nobody_has_yet_is_taken_up_by_the_next(book):
    services, x = book
    left = runs.start(services, x, {}, Mode.GUIDED, driver="")
    assert runs.state_of(services, left.stream).driver == ""
    assert runs.resume(services, left.stream).drive() is Ending.CONCLUDED
    resumed = [one.event for one in services.journal.read(left.stream) if isinstance(one.event, e.RunResumed)]
    assert [event.before for event in resumed] == ["nobody"]


def test_where_somebody_was_who_answered_stopped_or_noted(started):
    services, driver = started
    gate = driver.state.open_gates[0].opened
    runs.note(services, driver.stream, "anna", "seen", "web", "10.0.0.9")
    runs.answer(services, driver.stream, Answer(gate.gate, "anna", "maybe", via="web", origin="10.0.0.9"))
    runs.answer(services, driver.stream, Answer(gate.gate, "anna", "approve", via="web", origin="10.0.0.9"))
    runs.stop(services, driver.stream, "anna", "enough", "web", "10.0.0.9")
    said = [one.event for one in services.journal.read(driver.stream)][-4:]
    assert [type(event).__name__ for event in said] == ["NoteAdded", "AnswerRefused", "GateAnswered", "StopRequested"]
    assert {(event.via, event.origin) for event in said} == {("web", "10.0.0.9")}


def test_to_stop_all_says_from_where(started):
    services, driver = started
    assert runs.stop_all(services, "anna", "enough", "web", "10.0.0.9") == (driver.stream,)
    assert runs.state_of(services, driver.stream).stop.origin == "10.0.0.9"


def test_what_a_person_says_counts_while_a_driver_takes_the_run_over(started, monkeypatch):
    services, driver = started
    real, taken = services.journal.append, []

    def append(stream, expected, events, **more):
        if not taken:
            taken.append(stream)
            epoch = more["epoch"] + 1
            real(stream, expected, [e.RunResumed("engine@b/2", epoch)], **{**more, "epoch": epoch})
        return real(stream, expected, events, **more)

    monkeypatch.setattr(services.journal, "append", append)
    runs.note(services, driver.stream, "anna", "seen", "web", "10.0.0.9")
    last = services.journal.read(driver.stream)[-2:]
    assert [type(one.event).__name__ for one in last] == ["RunResumed", "NoteAdded"]
    assert last[0].epoch == last[1].epoch
