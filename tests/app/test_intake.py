"""What is acknowledged is in the journal, once, whoever else writes there, and however many come at the same time."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.alerts.state import fold_alert, stream_of
from steadyhand.app import intake as module
from steadyhand.app.intake import Busy, Intake, Receipt
from steadyhand.driver.ports import SystemClock
from steadyhand.driver.redaction import Redactor
from steadyhand.errors import JournalError
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.sqlite import SqliteJournal

CLOCK = SystemClock()


def heard(fingerprint: str = "f1", identity: str = "i1", status: str = "firing", **more) -> e.AlertReceived:
    return e.AlertReceived("am", "alertmanager", fingerprint, identity, status, "Slow", **more)


@pytest.fixture(params=["sqlite", "memory"])
def journal(request, tmp_path):
    opened = SqliteJournal(str(tmp_path / "j.db")) if request.param == "sqlite" else MemoryJournal()
    yield opened
    opened.close()


@pytest.fixture
def taking(journal):
    started = Intake(journal, CLOCK, actor="server@host/1")
    started.start()
    yield started
    started.stop()


def said(journal, fingerprint="f1"):
    return [(r.event.identity, r.event.status) for r in journal.read(stream_of("am", fingerprint))]


def test_a_delivery_is_taken_once(journal, taking):
    assert taking.take([heard()], "192.0.2.1") == Receipt(new=1)
    assert taking.take([heard()], "192.0.2.1") == Receipt(known=1)
    assert taking.take([heard(identity="i2", status="resolved"), heard()], "") == Receipt(new=1, known=1)
    assert said(journal) == [("i1", "firing"), ("i2", "resolved")]
    first = journal.read(stream_of("am", "f1"))[0]
    assert (first.event.origin, first.actor) == ("192.0.2.1", "server@host/1")


def test_a_delivery_is_known_after_a_restart_and_with_a_small_memory(journal):
    for kept in (1, 20_000):
        started = Intake(journal, CLOCK, actor="a", kept=kept)
        started.start()
        for _ in range(2):
            for number in range(5):
                started.take([heard(f"f{number}", "i1")], "")
        started.stop()
    assert [len(journal.read(head.stream)) for head in journal.streams()] == [1] * 5


def test_an_alert_that_somebody_else_writes_to_is_read_again(journal, taking):
    taking.take([heard()], "")
    for seq in range(1, 4):
        routed = e.AlertUnrouted(seq, "nobody asked for it")
        stream = stream_of("am", "f1")
        at = len(journal.read(stream))
        journal.append(stream, at, [routed], actor="router", at=1, epoch=1)
        assert taking.take([heard(identity=f"n{seq}")], "") == Receipt(new=1)
    state = fold_alert(journal.read(stream_of("am", "f1")))
    assert (state.seq, state.undecided) == (7, 7)


def test_two_of_the_same_in_one_body_are_one(journal, taking):
    assert taking.take([heard(), heard(), heard("f2")], "") == Receipt(new=2, known=1)
    assert said(journal) == [("i1", "firing")]


def test_without_a_name_only_what_comes_twice_in_a_row_is_known(journal, taking):
    fired, over = heard(identity="content:a"), heard(identity="content:b", status="resolved")
    for one, new in ((fired, 1), (fired, 0), (over, 1), (over, 0), (fired, 1), (fired, 0)):
        assert taking.take([one], "") == Receipt(new=new, known=1 - new)
    assert len(said(journal)) == 3


def test_many_at_once_lose_none_and_share_flushes(tmp_path):
    journal = SqliteJournal(str(tmp_path / "j.db"))
    taking = Intake(journal, CLOCK, actor="a")
    taking.start()
    failed: list[BaseException] = []

    def send(worker: int) -> None:
        try:
            for number in range(25):
                taking.take([heard(f"f{worker}-{number}"), heard("hot", f"{worker}-{number}")], "")
        except BaseException as problem:  # noqa: BLE001 told by the test
            failed.append(problem)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    taking.stop()
    assert failed == []
    assert len(journal.read(stream_of("am", "hot"))) == 400
    assert len(list(journal.streams("alert:am:f"))) == 400
    assert journal.commits < 400
    assert journal.verify_store() == ()
    journal.close()


def test_a_body_of_many_alerts_is_one_flush(tmp_path):
    journal = SqliteJournal(str(tmp_path / "j.db"))
    taking = Intake(journal, CLOCK, actor="a")
    taking.start()
    assert taking.take([heard(f"f{n}") for n in range(500)], "") == Receipt(new=500)
    assert journal.commits == 1
    taking.stop()
    journal.close()


class Broken(MemoryJournal):
    """A store that cannot be written for now."""

    full = True

    def append_all(self, appends):
        if self.full:
            raise JournalError("the disk is full")
        return super().append_all(appends)


def test_what_cannot_be_written_is_not_acknowledged_and_may_come_again():
    journal = Broken()
    taking = Intake(journal, CLOCK, actor="a")
    taking.start()
    with pytest.raises(JournalError, match="the disk is full"):
        taking.take([heard(), heard("f2")], "")
    journal.full = False
    assert taking.take([heard(), heard("f2")], "") == Receipt(new=2)
    taking.stop()


class Choosy(MemoryJournal):
    """A store that refuses one stream."""

    def append_all(self, appends):
        return tuple(
            JournalError("this one not") if one.stream.endswith("f2") else super(Choosy, self).append_all([one])[0]
            for one in appends
        )


def test_what_cannot_be_written_down_at_all_spoils_nothing_else(journal, taking):
    poison = heard("f2", details={"n": float("nan")})
    told: list[object] = []
    taking._wake.acquire()
    try:
        for one in (heard("f1"), poison, heard("f3")):
            taking.submit([one], "", told.append)
    finally:
        taking._wake.release()
    taking.stop()
    assert told.count(Receipt(new=1)) == 2
    assert sum(isinstance(one, JournalError) for one in told) == 1
    assert len(list(journal.streams("alert:"))) == 2


def test_a_body_of_which_one_alert_was_not_written_is_not_acknowledged():
    journal = Choosy()
    taking = Intake(journal, CLOCK, actor="a")
    taking.start()
    with pytest.raises(JournalError, match="this one not"):
        taking.take([heard(), heard("f2"), heard("f3")], "")
    assert taking.take([heard("f3")], "") == Receipt(known=1)
    taking.stop()


def test_after_its_end_nothing_is_taken_and_what_waited_is_written(journal):
    taking = Intake(journal, CLOCK, actor="a")
    with pytest.raises(JournalError, match="the server is ending"):
        taking.take([heard()], "")
    taking.start()
    told: list[object] = []
    for number in range(50):
        taking.submit([heard(f"f{number}")], "", told.append)
    taking.stop()
    assert told == [Receipt(new=1)] * 50
    with pytest.raises(JournalError):
        taking.submit([heard()], "", told.append)
    assert taking._size == 0


def test_nothing_to_take_is_taken_at_once(journal):
    told: list[object] = []
    Intake(journal, CLOCK, actor="a").submit([], "", told.append)
    assert told == [Receipt()]


def test_more_than_is_sensible_is_not_taken(journal, monkeypatch):
    monkeypatch.setattr(module, "WAITING", 3)
    taking = Intake(journal, CLOCK, actor="a")
    taking._thread = threading.Thread()  # it writes nothing yet
    taking.submit([heard(f"f{n}") for n in range(9)], "", lambda _: None)  # one body is always taken
    with pytest.raises(Busy):
        taking.submit([heard()], "", lambda _: None)


def test_secrets_are_taken_out_and_what_it_is_known_by_stays_one_word(journal):
    redactor = Redactor()
    redactor.learn("am", "hunter2-and-more")
    taking = Intake(journal, CLOCK, actor="a", redactor=redactor)
    taking.start()
    leaky = heard(
        "hunter2-and-more",
        "x/hunter2-and-more",
        labels={"a": "Bearer hunter2-and-more"},
        details={"n": ["hunter2-and-more"]},
    )
    assert taking.take([leaky], "") == Receipt(new=1)
    assert taking.take([leaky], "") == Receipt(known=1)
    (head,) = journal.streams()
    (one,) = journal.read(head.stream)
    assert "hunter2" not in head.stream + str(one.event)
    assert len(one.event.fingerprint) == len(one.event.identity) == 64
    assert (one.event.status, one.event.intake) == ("firing", "am")
    taking.stop()


def test_a_weak_secret_does_not_change_what_an_alert_is(journal):
    redactor = Redactor()
    redactor.learn("weak", "firing")
    taking = Intake(journal, CLOCK, actor="a", redactor=redactor)
    taking.start()
    taking.take([replace(heard(), annotations={"a": "it is firing"})], "")
    (head,) = journal.streams()
    event = journal.read(head.stream)[0].event
    assert event.status == "firing"
    assert "firing" not in event.annotations["a"]
    taking.stop()
