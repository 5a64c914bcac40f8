"""The board holds what is going on, and forgets what is over when there is too much of it."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.alerts.state import stream_of
from steadyhand.app import board as boards
from steadyhand.app import library, runs
from steadyhand.app.board import Board
from steadyhand.errors import JournalError
from steadyhand.journal.memory import MemoryJournal
from steadyhand.model import Mode

from ..journal.events import concluded, note, started
from .server import asking, services_in


def unread(_):
    raise JournalError("no runbook here")


@pytest.fixture
def journal():
    return MemoryJournal()


def append(journal, stream, expected, *events, at=1):
    journal.append(stream, expected, list(events), actor="a", at=at, epoch=1)
    return journal.head(stream)


def test_rows_follow_the_streams_from_where_they_stand(journal):
    board = Board(journal, unread)
    grown = board.grew(append(journal, "r1", 0, started(), note()))
    assert [one.seq for one in grown.events] == [1, 2]
    assert [one.seq for one in board.grew(append(journal, "r1", 2, concluded())).events] == [3]
    assert board.run("r1").status == "concluded"
    assert board.run("r2") is None
    assert board.alert("alert:am:x") is None


def test_what_the_runbook_says_of_itself_is_on_the_board(tmp_path):
    asking(tmp_path)
    services = services_in(tmp_path)
    run = runs.start(services, library.load(services, "asking"), {}, Mode.GUIDED).stream
    board = Board(services.journal, lambda s: library.revive(services, s.runbook, s.texts))
    board.load(services.journal.grown(0)[1])
    about = board.about(run)
    assert (about.title, about.severity, about.services) == ("Ask before it is changed", "SEV2", ("orders",))
    assert board.about("r0").title == ""
    services.journal.close()


def test_newest_first(journal):
    board = Board(journal, unread)
    for at, name in ((10, "r1"), (30, "r2"), (20, "r3")):
        board.grew(append(journal, name, 0, started(), at=at))
        board.grew(append(journal, stream_of("am", name), 0, said(), at=at))
    assert [row.id for row in board.runs()] == ["r2", "r3", "r1"]
    assert [row.stream for row in board.alerts()] == ["alert:am:r2", "alert:am:r3", "alert:am:r1"]


def said(status="firing"):
    return e.AlertReceived("am", "alertmanager", "f", status, status, "HighErrors")


def test_what_is_over_is_forgotten_first_and_what_is_open_never(journal, monkeypatch):
    monkeypatch.setattr(boards, "RUNS", 10)
    monkeypatch.setattr(boards, "ALERTS", 10)
    board = Board(journal, unread)
    for number in range(30):
        events = [started()] if number < 3 else [started(), concluded()]
        board.grew(append(journal, f"r{number:02}", 0, *events, at=number))
        alert = [said()] if number < 3 else [said(), e.AlertUnrouted(1, "no route")]
        board.grew(append(journal, stream_of("am", f"{number:02}"), 0, *alert, at=number))
    assert len(board.runs()) <= 11
    assert {"r00", "r01", "r02", "r29"} <= {row.id for row in board.runs()}
    assert len(board.alerts()) <= 11
    assert {"alert:am:00", "alert:am:29"} <= {row.stream for row in board.alerts()}


def test_at_start_all_that_is_open_is_known_and_the_newest_of_what_is_over(journal, monkeypatch):
    monkeypatch.setattr(boards, "RUNS", 5)
    append(journal, "r00", 0, started(), at=0)
    for number in range(1, 20):
        append(journal, f"r{number:02}", 0, started(), concluded(), at=number)
    append(journal, "target:db", 0, e.LeaseTaken("db", "ana", "x", 5))
    board = Board(journal, unread)
    board.load(journal.grown(0)[1])
    assert [row.id for row in board.runs()] == ["r19", "r18", "r17", "r16", "r00"]


def test_streams_of_other_things_are_handed_on_and_not_kept(journal):
    board = Board(journal, unread)
    grown = board.grew(append(journal, "target:db", 0, e.LeaseTaken("db", "ana", "x", 5)))
    assert [type(one.event) for one in grown.events] == [e.LeaseTaken]
    assert board.runs() == ()
