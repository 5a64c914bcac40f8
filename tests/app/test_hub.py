"""Everything that grows in the store is told, whoever wrote it, and a store that is away for a while is waited for."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.alerts.state import stream_of
from steadyhand.app.board import Board
from steadyhand.app.hub import TAIL, Hub
from steadyhand.errors import JournalError
from steadyhand.journal.sqlite import SqliteJournal

from ..journal.events import WHO, note, started
from .server import until


def hub_on(journal):
    board = Board(journal, lambda _: (_ for _ in ()).throw(JournalError("no runbook here")))
    return Hub(journal, board), board


def test_what_others_append_is_told_in_order_and_once(tmp_path):
    journal, other = SqliteJournal(str(tmp_path / "j.db")), SqliteJournal(str(tmp_path / "j.db"))
    journal.append("r1", 0, [started()], **WHO)
    hub, board = hub_on(journal)
    told: list[tuple[str, int]] = []
    hub.listen(lambda grown: told.extend((grown.stream, one.seq) for one in grown.events))
    hub.start()
    assert board.run("r1").seq == 1
    other.append("r1", 1, [note(), note()], **WHO)
    other.append("r2", 0, [started()], **WHO)
    other.append(stream_of("am", "f"), 0, [e.AlertReceived("am", "alertmanager", "f", "1", "firing", "X")], **WHO)
    until(lambda: len(told) == 4)
    assert told == [("r1", 2), ("r1", 3), ("r2", 1), ("alert:am:f", 1)]
    assert board.alert("alert:am:f").status == "firing"
    assert hub.alive
    hub.stop()
    assert not hub.alive
    for one in (journal, other):
        one.close()


def test_a_listener_that_fails_or_has_left_keeps_nobody_from_hearing(tmp_path, caplog):
    journal = SqliteJournal(str(tmp_path / "j.db"))
    hub, _ = hub_on(journal)
    told: list[str] = []

    def bad(_):
        raise ValueError("bad")

    hub.listen(bad)
    forget = hub.listen(lambda _: told.append("first"))
    hub.listen(lambda _: told.append("second"))
    hub.start()
    journal.append("r1", 0, [started()], **WHO)
    hub.poke()
    until(lambda: told == ["first", "second"])
    forget()
    journal.append("r1", 1, [note()], **WHO)
    until(lambda: told == ["first", "second", "second"])
    assert "a listener failed on r1" in caplog.text
    hub.stop()
    journal.close()


class Away(SqliteJournal):
    """A store that cannot be read for a while."""

    away = False

    def mark(self):
        if self.away:
            raise JournalError("the disk is away")
        return super().mark()


def test_a_store_that_is_away_is_waited_for_and_nothing_is_missed(tmp_path, caplog):
    journal = Away(str(tmp_path / "j.db"))
    hub, board = hub_on(journal)
    hub.start()
    journal.away = True
    until(lambda: hub.trouble == "the disk is away")
    journal.append("r1", 0, [started()], **WHO)
    assert board.run("r1") is None
    journal.away = False
    until(lambda: board.run("r1"))
    assert hub.trouble == ""
    assert caplog.text.count("the journal cannot be read") == 1
    hub.stop()
    journal.close()


def test_of_output_a_tail_is_kept(tmp_path):
    journal = SqliteJournal(str(tmp_path / "j.db"))
    hub, _ = hub_on(journal)
    hub.output("r1", "a", b"x" * TAIL)
    hub.output("r1", "a", b"end")
    hub.output("r2", "b", b"\xff")
    assert len(hub.tails("r1")["a"]) == TAIL
    assert hub.tails("r1")["a"].endswith("xend")
    assert hub.tails("r2") == {"b": "\ufffd"}
    hub.settled("r1", "a")
    assert hub.tails("r1") == {}
    journal.close()
