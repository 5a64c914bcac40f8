"""A run hears how its alerts stand: once for each change, and quiet only when all of them are."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.app.alarming import Alarms
from steadyhand.app.board import Board
from steadyhand.model import Mode

from .alerts import deliver, desk, said


class Estate:
    """A run that goes on, and the board that knows of it."""

    def __init__(self, folder):
        self.services = desk(folder)
        self.board = Board(
            self.services.journal, lambda first: library.revive(self.services, first.runbook, first.texts)
        )
        book = library.load(self.services, "fix")
        self.run = runs.start(self.services, book, {"host": "db1"}, Mode.DIAGNOSE, driver="").stream
        self.alarms = Alarms(self.services, self.board)

    def look(self):
        self.board.load(self.services.journal.streams())

    def hear(self, *deliveries):
        streams = [deliver(self.services, one) for one in deliveries]
        self.look()
        for stream in streams:
            self.alarms.belongs(stream, self.run)
        self.alarms.news(streams)

    def told(self):
        return [
            one.event.status for one in self.services.journal.read(self.run) if isinstance(one.event, e.AlertChanged)
        ]


def test_a_run_hears_of_each_change_once(tmp_path):
    estate = Estate(tmp_path)
    estate.hear(said("f1"))
    assert estate.told() == []
    for _ in range(2):
        estate.hear(said("f1", "2", "resolved"))
    assert estate.told() == ["resolved"]
    estate.hear(said("f1", "3"))
    assert estate.told() == ["resolved", "firing"]
    estate.hear(said("f1", "4", "acknowledged"))
    assert estate.told()[-1] == "acknowledged"


def test_it_is_quiet_when_all_alerts_are(tmp_path):
    estate = Estate(tmp_path)
    estate.hear(said("f1"), said("f2"))
    estate.hear(said("f1", "2", "resolved"))
    assert estate.told() == []
    estate.hear(said("f2", "2", "resolved"))
    assert estate.told() == ["resolved"]


def test_what_was_told_before_a_crash_is_not_told_again(tmp_path):
    estate = Estate(tmp_path)
    estate.hear(said("f1"))
    stream = deliver(estate.services, said("f1", "2", "resolved"))
    head = estate.services.journal.head(stream)
    routed = e.AlertRouted(1, "r", "k", "fix", estate.run)
    estate.services.journal.append(stream, head.seq, [routed], actor="t", at=1, epoch=1)
    estate.look()
    for _ in range(2):
        again = Alarms(estate.services, estate.board)
        again.learn()
        assert again.runs_of(stream) == (estate.run,)
    assert estate.told() == ["resolved"]


def test_a_run_that_is_over_hears_nothing(tmp_path):
    estate = Estate(tmp_path)
    estate.hear(said("f1"))
    stream = "alert:am:f1"
    estate.alarms.over(estate.run)
    assert estate.alarms.runs_of(stream) == ()
    estate.alarms.over(estate.run)
    journal = estate.services.journal
    journal.append(estate.run, 1, [e.RunConcluded("healthy")], actor="t", at=1, epoch=1)
    estate.alarms.belongs(stream, estate.run)
    estate.alarms.belongs(stream, "rnowhere")
    deliver(estate.services, said("f1", "2", "resolved"))
    estate.look()
    estate.alarms.belongs(stream, estate.run)
    estate.alarms.news([stream])
    assert estate.told() == []


def test_the_latest_run_of_an_alert_comes_first(tmp_path):
    estate = Estate(tmp_path)
    estate.alarms.belongs("alert:am:f1", "r1")
    estate.alarms.belongs("alert:am:f1", "r2")
    estate.alarms.belongs("alert:am:f1", "r2")
    assert estate.alarms.runs_of("alert:am:f1") == ("r2", "r1")
