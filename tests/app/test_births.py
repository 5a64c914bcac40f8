"""A run that a route has decided on begins once, under its id, with what the alert has said."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.app import library
from steadyhand.app.births import Births
from steadyhand.app.board import Board
from steadyhand.app.conductor import Conductor
from steadyhand.app.hub import Hub
from steadyhand.errors import JournalError

from .alerts import deliver, desk, said, starts


class Ward:
    """Births whose conductor drives nothing."""

    def __init__(self, folder, name="look"):
        self.services = desk(folder)
        board = Board(self.services.journal, lambda _: None)
        hub = Hub(self.services.journal, board)
        self.conductor = Conductor(self.services, hub, board, at_once=0)
        self.book = library.load(self.services, "look")
        self.births = Births(self.services, hub, self.conductor, lambda _, book: self.book if book == name else None)

    def started(self, run="r0test", mode="diagnose", **inputs):
        stream = deliver(self.services, said())
        found = (e.RoutedDelivery(stream, 1),)
        return e.RouteStarted("g", run, "look", mode, inputs or {"host": "db1"}, found)


def test_it_begins_once(tmp_path):
    ward = Ward(tmp_path)
    one = ward.started()
    assert ward.births.begin("r", one) == ""
    assert ward.births.begin("r", one) == ""
    ((run, first),) = starts(ward.services).items()
    assert (run, first.inputs, first.mode) == ("r0test", {"host": "db1"}, "diagnose")
    assert (first.requester, first.via, first.alert["labels"]["instance"]) == ("alert:am", "alert", "db1")
    assert "details" not in first.alert
    assert ward.conductor.queued == 1


def test_why_it_cannot_begin(tmp_path):
    ward = Ward(tmp_path, "other")
    assert ward.births.begin("r", ward.started()) == "runbook look cannot be started: see `steady validate`"
    ward = Ward(tmp_path)
    why = ward.births.begin("r", ward.started(host="$(x)"))
    assert why.startswith("runbook look cannot be started: the inputs do not fit: host: '$(x)' must match")
    odd = e.RouteStarted("g", "r1", "look", "diagnose", {"host": "x"}, (e.RoutedDelivery("route:x", 1),))
    ward.services.journal.append("route:x", 0, [odd], actor="t", at=1, epoch=1)
    assert ward.births.begin("r", odd).endswith("event 1 of route:x is no delivery")
    assert starts(ward.services) == {}


def test_a_store_that_cannot_be_written_is_no_reason_to_give_up(tmp_path):
    ward = Ward(tmp_path)
    one = ward.started()
    real = ward.services.journal.append

    def full(*_words, **_more):
        raise JournalError("the disk is full")

    ward.services.journal.append = full
    with pytest.raises(JournalError):
        ward.births.begin("r", one)
    ward.services.journal.append = real
    assert ward.births.begin("r", one) == ""
