"""The journal in memory passes test_protocol.py; here is what is its own."""

from steadyhand.journal.memory import MemoryJournal

from .events import WHO, note, started


def test_nothing_is_kept_beyond_it():
    journal = MemoryJournal()
    journal.append("r1", 0, [started(), note()], **WHO)
    assert [row.seq for row in journal.rows("r1")] == [1, 2]
    assert list(MemoryJournal().streams()) == []
    assert list(journal.rows("r2")) == []
