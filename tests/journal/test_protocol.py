"""What every journal promises, held against each of them: on disk, in memory, and in a real PostgreSQL."""

from __future__ import annotations

import io
import threading

import pytest

from steadyhand.errors import Fenced, HeadMoved, JournalError, NotFound
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.open import open_journal
from steadyhand.journal.protocol import Append, Row
from steadyhand.journal.sqlite import SqliteJournal

from .databases import new, server
from .events import WHO, concluded, note, settled, started


@pytest.fixture(scope="module")
def database():
    with server() as running:
        yield running


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
def journal(request, tmp_path):
    if request.param == "postgresql":
        opened = open_journal(new(request.getfixturevalue("database")))
    else:
        opened = SqliteJournal(str(tmp_path / "j.db")) if request.param == "sqlite" else MemoryJournal()
    yield opened
    opened.close()


def test_what_was_appended_is_read(journal):
    back = journal.append("r1", 0, [started(), note("é\x00\ud800")], **WHO)
    assert [r.seq for r in back] == [1, 2]
    assert journal.read("r1") == back
    assert journal.read("r1", 1) == back[1:]
    assert journal.read("r1", 2) == ()
    assert (journal.head("r1").seq, journal.head("r1").created) == (2, 1_000)
    assert journal.verify("r1") is None


def test_an_append_names_the_number_it_has_seen_and_the_loser_writes_nothing(journal):
    journal.append("r1", 0, [started()], **WHO)
    for wrong in (0, 2):
        with pytest.raises(HeadMoved, match=f"run r1 has 1 events, not {wrong}"):
            journal.append("r1", wrong, [note()], **WHO)
    assert len(journal.read("r1")) == 1


def test_a_driver_that_was_replaced_is_fenced(journal):
    journal.append("r1", 0, [started()], **WHO)
    journal.append("r1", 1, [note()], actor="b", at=1, epoch=2)
    with pytest.raises(Fenced, match="run r1 was taken over by another driver"):
        journal.append("r1", 2, [note()], **WHO)
    assert journal.head("r1").epoch == 2


def test_time_never_goes_back_in_a_stream(journal):
    journal.append("r1", 0, [started()], actor="a", at=500, epoch=1)
    journal.append("r1", 1, [note()], actor="a", at=100, epoch=1)
    assert [r.at for r in journal.read("r1")] == [500, 500]


def test_streams_newest_first_and_by_their_beginning(journal):
    for at, name in ((1, "ra"), (3, "rb"), (2, "ib")):
        journal.append(name, 0, [started()], actor="a", at=at, epoch=1)
    assert [h.stream for h in journal.streams()] == ["rb", "ib", "ra"]
    assert [h.stream for h in journal.streams("r")] == ["rb", "ra"]
    assert [h.stream for h in journal.streams("%")] == []


def test_the_mark_differs_after_every_append_and_only_then(journal):
    before = journal.mark()
    assert journal.mark() == before
    journal.append("r1", 0, [started()], **WHO)
    assert journal.mark() != before


def test_what_is_not_there_is_not_found(journal):
    with pytest.raises(NotFound):
        journal.read("r1")
    with pytest.raises(NotFound):
        journal.get("0" * 64)
    with pytest.raises(NotFound):
        journal.get("../../etc/passwd")
    assert journal.head("r1") is None


def test_artifacts_go_by_their_content(journal):
    content = b"x" * 1_000_000 + b"end"
    name, size = journal.put(io.BytesIO(content))
    assert size == len(content)
    assert journal.put(io.BytesIO(content)) == (name, size)
    with journal.get(name) as back:
        assert back.read() == content
    journal.append("r1", 0, [started(), settled(name, size), concluded()], **WHO)
    assert journal.verify_store() == ()


def test_a_missing_artifact_is_a_fault(journal):
    journal.append("r1", 0, [started(), settled("a" * 64, 9)], **WHO)
    fault = journal.verify("r1")
    assert (fault.stream, fault.seq) == ("r1", 2)
    assert fault.problem == f"names an artifact that does not hold: there is no artifact {'a' * 64}"


def test_what_cannot_be_written_down_is_refused_and_nothing_is_written(journal):
    with pytest.raises(ValueError, match="JSON"):
        journal.append("r1", 0, [started(inputs={"x": float("nan")})], **WHO)
    assert journal.head("r1") is None


def test_of_many_threads_each_append_wins_once_and_none_is_lost(journal):
    journal.append("r0", 0, [started()], **WHO)
    lost = []

    def append(number):
        for at in range(20):
            while True:
                try:
                    journal.append("r0", journal.head("r0").seq, [note(f"{number}:{at}")], **WHO)
                    break
                except HeadMoved:
                    lost.append(1)

    threads = [threading.Thread(target=append, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [r.event.text for r in journal.read("r0")[1:]]
    assert sorted(texts) == sorted(f"{n}:{at}" for n in range(6) for at in range(20))
    assert journal.verify("r0") is None


class Interrupting(int):
    """A time that Ctrl-C hits when it is compared: in the middle of the transaction."""

    def __lt__(self, other):
        raise KeyboardInterrupt

    def __gt__(self, other):
        raise KeyboardInterrupt


def test_an_interruption_in_the_middle_leaves_nothing_half_done(journal):
    journal.append("r1", 0, [started()], **WHO)
    with pytest.raises(KeyboardInterrupt):
        journal.append("r1", 1, [note()], actor="a", at=Interrupting(5), epoch=1)
    assert len(journal.read("r1")) == 1
    journal.append("r1", 1, [note("after")], **WHO)
    assert journal.verify_store() == ()


def test_errors_are_ours(journal):
    assert issubclass(HeadMoved, JournalError)
    assert issubclass(Fenced, JournalError)


def test_what_has_grown_is_told_from_a_point_on(journal):
    start, none = journal.grown(None)
    assert none == ()
    journal.append("r1", 0, [started()], **WHO)
    journal.append("r2", 0, [started()], **WHO)
    point, heads = journal.grown(start)
    assert [(h.stream, h.seq) for h in heads] == [("r1", 1), ("r2", 1)]
    assert journal.grown(point) == (point, ())
    journal.append("r1", 1, [note(), note()], **WHO)
    later, heads = journal.grown(point)
    assert [(h.stream, h.seq) for h in heads] == [("r1", 3)]
    assert {h.stream for h in journal.grown(0)[1]} == {"r1", "r2"}
    assert journal.grown(None) == (later, ())


def test_several_appends_each_succeed_or_fail_by_themselves(journal):
    journal.append("r1", 0, [started()], **WHO)
    journal.append("r2", 0, [started()], actor="b", at=1, epoch=2)

    def one(stream, expected, *events):
        return Append(stream, expected, events, WHO["actor"], WHO["at"], WHO["epoch"])

    came = journal.append_all(
        [one("r1", 1, note(), note()), one("r1", 1, note()), one("r2", 1, note()), one("r3", 0, started())]
    )
    assert came[0] == journal.read("r1", 1)
    assert isinstance(came[1], HeadMoved)
    assert isinstance(came[2], Fenced)
    assert came[3] == journal.read("r3")
    assert journal.append_all([]) == ()
    with pytest.raises(ValueError, match="without events"):
        journal.append_all([one("r3", 1, note()), one("r4", 0)])


def test_several_appends_are_one_commit(tmp_path):
    journal = SqliteJournal(str(tmp_path / "j.db"))
    journal.append_all([Append(f"r{n}", 0, (started(),), "a", 1, 1) for n in range(50)])
    assert journal.commits == 1
    journal.close()


def test_a_name_that_no_store_could_hold_is_refused_by_all(journal):
    with pytest.raises(ValueError, match="cannot be the name of a stream"):
        journal.append("r\0", 0, [started()], **WHO)
    assert journal.head("r\0") is None
    with pytest.raises(NotFound):
        journal.read("r\0")
    assert list(journal.rows("r\0")) == []
    journal.append("r1", 0, [started()], actor="jos\udce9\0", at=1, epoch=1)
    assert journal.read("r1")[0].actor == "jos\\udce9\\x00"
    assert journal.verify_store() == ()


def test_rows_are_told_from_a_point_on(journal):
    journal.append("r1", 0, [started(), *(note(str(n)) for n in range(700))], **WHO)
    rows = list(journal.rows("r1"))
    assert [row.seq for row in rows] == list(range(1, 702))
    assert list(journal.rows("r1", 600)) == rows[600:]
    assert [head.stream for head in journal.streams()] == ["r1"]


def test_events_of_another_store_are_taken_over_as_they_stand(journal):
    other = MemoryJournal()
    other.append("r1", 0, [started(), note()], actor="ana", at=7, epoch=1)
    other.append("r1", 2, [note("é")], actor="kim", at=9, epoch=3)
    rows = list(other.rows("r1"))
    journal.adopt("r1", 0, rows[:1])
    journal.adopt("r1", 1, rows[1:])
    assert list(journal.rows("r1")) == rows
    assert journal.head("r1") == other.head("r1")
    assert journal.verify_store() == ()
    with pytest.raises(HeadMoved):
        journal.adopt("r1", 1, rows[1:])
    with pytest.raises(Fenced):
        journal.append("r1", 3, [note()], **WHO)
    journal.append("r1", 3, [note()], actor="kim", at=1, epoch=3)
    assert journal.verify("r1") is None


@pytest.mark.parametrize(("field", "value"), [("body", "{}"), ("seq", 3), ("prev", b"x" * 32), ("at", 1)])
def test_events_that_do_not_follow_are_not_taken_over(journal, field, value):
    other = MemoryJournal()
    other.append("r1", 0, [started(), note()], actor="ana", at=7, epoch=1)
    first, second = other.rows("r1")
    wrong = Row(*(value if name == field else getattr(second, name) for name in Row.__struct_fields__))
    journal.adopt("r1", 0, [first])
    with pytest.raises(JournalError, match=r"event 2 of r1 .*; it was not taken over"):
        journal.adopt("r1", 1, [wrong])
    assert len(list(journal.rows("r1"))) == 1
    assert journal.verify_store() == ()
