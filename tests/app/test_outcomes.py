"""What has come of deliveries is written down once, whoever else writes into the same streams."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.app.board import Board
from steadyhand.app.outcomes import Teller, news
from steadyhand.errors import JournalError

from .alerts import deliver, desk, said, state

ROUTED = e.AlertRouted(1, "r", "k", "look", "r1")
HELD = e.AlertHeld(1, "r", "k", "cool-down", 5)
UNROUTED = e.AlertUnrouted(1, "cannot be started", "r", "look")


def teller(services):
    return Teller(services, Board(services.journal, lambda _: None))


def told(services, stream):
    return [one.event for one in services.journal.read(stream, 1)]


def test_it_is_told_once(tmp_path):
    services = desk(tmp_path)
    streams = [deliver(services, said(f"f{n}")) for n in range(3)]
    one = teller(services)
    for _ in range(2):
        one.tell({stream: [ROUTED] for stream in streams})
    assert [told(services, stream) for stream in streams] == [[ROUTED]] * 3
    one.tell({})


def test_several_decisions_on_one_delivery_are_told_together(tmp_path):
    services = desk(tmp_path)
    stream = deliver(services, said())
    teller(services).tell({stream: [HELD, ROUTED]})
    assert told(services, stream) == [HELD, ROUTED]


def test_somebody_who_was_faster_is_no_trouble(tmp_path):
    services = desk(tmp_path)
    stream = deliver(services, said())
    board = Board(services.journal, lambda _: None)
    board.load(services.journal.streams())
    deliver(services, said(identity="2"))
    Teller(services, board).tell({stream: [ROUTED]})
    assert state(services, stream).runs == ("r1",)
    assert state(services, stream).undecided == 2


def test_what_is_news():
    def known(*events):
        recorded = [e.Recorded("alert:am:f1", n, n, "t", 1, event) for n, event in enumerate((said(), *events), 1)]
        from steadyhand.alerts.state import fold_alert

        return fold_alert(recorded)

    assert news(known(), [HELD]) == [HELD]
    assert news(known(HELD), [HELD, ROUTED, UNROUTED]) == [ROUTED, UNROUTED]
    assert news(known(ROUTED), [HELD, ROUTED, UNROUTED]) == []
    assert news(known(UNROUTED), [UNROUTED, HELD]) == []


def test_a_store_that_cannot_be_written_is_said(tmp_path):
    services = desk(tmp_path)
    stream = deliver(services, said())
    services.journal.append_all = lambda appends: tuple(JournalError("the disk is full") for _ in appends)
    with pytest.raises(JournalError, match="the disk is full"):
        teller(services).tell({stream: [ROUTED]})
