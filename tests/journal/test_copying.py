"""From store to store: the same rows, the same hashes, each way."""

from __future__ import annotations

import io
import sqlite3

import pytest

from steadyhand.errors import JournalError
from steadyhand.journal.copying import BYTES, EVENTS, copy
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.open import open_journal

from .databases import new, server
from .events import WHO, concluded, note, settled, started


@pytest.fixture(scope="module")
def running():
    with server() as found:
        yield found


@pytest.fixture
def store(running, tmp_path):
    """Makes stores of a kind."""
    opened = []

    def make(kind):
        named = new(running) if kind == "postgresql" else str(tmp_path / f"{len(opened)}.db")
        opened.append(open_journal("memory:" if kind == "memory" else named))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def filled(journal):
    """Two runs, an artifact small and large, several drivers, and text of every kind."""
    names = [journal.put(io.BytesIO(content)) for content in (b"small", b"x" * 1_000_000)]
    journal.append("r1", 0, [started(), *(settled(*name) for name in names)], actor="ana", at=5, epoch=1)
    journal.append("r1", 3, [note("é\x00\ud800"), note("two")], actor="engine@h/1", at=9, epoch=2)
    journal.append("r2", 0, [started(), concluded()], actor="kim", at=2, epoch=1)
    journal.append("target:db", 0, [note()], actor="kim", at=3, epoch=1)
    return journal


def everything(journal):
    return {head: list(journal.rows(head.stream)) for head in journal.streams()}


@pytest.mark.parametrize(
    ("one", "other"), [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("memory", "postgresql")]
)
def test_a_copy_is_the_same_to_the_last_byte_and_so_is_the_copy_of_the_copy(store, one, other):
    source, target, back = filled(store(one)), store(other), store(one)
    copied = copy(source, target)
    assert (copied.streams, copied.events, copied.artifacts, copied.faults) == (3, 8, 2, ())
    assert everything(target) == everything(source)
    assert target.verify_store() == ()
    copy(target, back)
    assert everything(back) == everything(source)
    assert back.verify_store() == ()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_second_copy_brings_what_is_new_and_the_copy_can_be_gone_on_with(store, kind):
    source, target = filled(store("sqlite")), store(kind)
    copy(source, target)
    again = copy(source, target)
    assert (again.streams, again.events, again.artifacts) == (0, 0, 0)
    source.append("r1", 5, [note("new")], actor="ana", at=10, epoch=2)
    source.append("r3", 0, [started()], **WHO)
    again = copy(source, target)
    assert (again.streams, again.events) == (2, 2)
    assert everything(target) == everything(source)
    target.append("r1", 6, [note("gone on")], actor="ana", at=11, epoch=2)
    assert copy(source, target).streams == 0
    assert target.verify_store() == ()


def test_a_copy_that_was_cut_off_goes_on_where_it_was(store):
    source, target = filled(store("sqlite")), store("postgresql")
    rows = list(source.rows("r1"))
    target.put(io.BytesIO(b"small"))
    target.adopt("r1", 0, rows[:2])
    copied = copy(source, target)
    assert (copied.streams, copied.events) == (3, 6)
    assert everything(target) == everything(source)


@pytest.mark.parametrize("longer", ["source", "target", "neither"])
def test_where_a_stream_differs_nothing_at_all_is_copied(store, longer):
    source, target = filled(store("sqlite")), store("postgresql")
    target.append("r2", 0, [started(), note("another")], actor="kim", at=2, epoch=1)
    if longer != "neither":
        more = {"source": source, "target": target}[longer]
        more.append("r2", 2, [note("more")], actor="kim", at=3, epoch=1)
    with pytest.raises(JournalError, match="r2 differs at event 2 or before it; nothing was copied"):
        copy(source, target)
    assert [head.stream for head in target.streams()] == ["r2"]


def test_a_long_stream_goes_in_several_appends(store):
    source, target = MemoryJournal(), store("postgresql")
    source.append("r1", 0, [started(), *(note(str(n)) for n in range(2 * EVENTS))], **WHO)
    source.append("r2", 0, [started(), *(note("x" * (BYTES // 2)) for n in range(4))], **WHO)
    assert copy(source, target).events == 2 * EVENTS + 1 + 5
    assert everything(target) == everything(source)


def test_an_artifact_that_is_gone_is_told_with_its_event(store):
    source, target = store("memory"), store("postgresql")
    source.append("r1", 0, [started(), settled("a" * 64, 9)], **WHO)
    copied = copy(source, target)
    assert copied.artifacts == 0
    assert [(f.stream, f.seq) for f in copied.faults] == [("r1", 2)]
    assert everything(target) == everything(source)


def test_a_source_that_was_tampered_with_is_not_taken_over(store, tmp_path):
    source, target = store("sqlite"), store("postgresql")
    source.append("r1", 0, [started(), note("fine")], **WHO)
    with sqlite3.connect(tmp_path / "0.db") as raw:
        raw.execute("DROP TRIGGER events_are_final")
        raw.execute("UPDATE events SET body = replace(body, 'fine', 'bad!')")
    raw.close()
    with pytest.raises(JournalError, match="event 2 of r1 was changed: its hash does not fit; it was not taken over"):
        copy(source, target)
    assert target.head("r1") is None
