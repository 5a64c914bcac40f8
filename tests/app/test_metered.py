"""A journal with figures is the same journal."""

from __future__ import annotations

import io

import pytest

from steadyhand import events as e
from steadyhand.app.metered import Metered, metered
from steadyhand.app.metrics import Metrics
from steadyhand.errors import HeadMoved, JournalError
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.protocol import Append


class Full(MemoryJournal):
    """A journal on a disk that is full."""

    def append(self, *words, **more):
        raise JournalError("no space left", "free some")


def append(journal, seq):
    return journal.append("r1", seq, [e.NoteAdded("ana", "x"), e.NoteAdded("ana", "y")], actor="t", at=1, epoch=1)


def test_what_goes_well_is_counted_and_timed():
    metrics = Metrics()
    journal = metered(MemoryJournal(), metrics)
    assert [one.seq for one in append(journal, 0)] == [1, 2]
    append(journal, 2)
    text = metrics.text()
    assert "steady_appends_total 2\n" in text
    assert "steady_events_total 4\n" in text
    assert "steady_append_seconds_count 2\n" in text
    assert len(journal.read("r1")) == 4
    sha256, size = journal.put(io.BytesIO(b"kept"))
    assert (journal.get(sha256).read(), size) == (b"kept", 4)
    age = float(next(line for line in text.splitlines() if line.startswith("steady_append_age")).split()[1])
    assert 0 <= age < 60


def test_what_fails_is_told_apart():
    metrics = Metrics()
    journal = metered(MemoryJournal(), metrics)
    append(journal, 0)
    assert 'steady_append_failures_total{why="store"} 0\n' in metrics.text(), (
        "so that the first one is seen as a growth"
    )
    with pytest.raises(HeadMoved):
        append(journal, 0)
    assert 'steady_append_failures_total{why="moved"} 1\n' in metrics.text()
    full = Metered(Full(), Metrics())
    with pytest.raises(JournalError):
        append(full, 0)
    assert full.trouble == "no space left"
    assert full.failed > 0


def test_several_appends_are_counted_each():
    metrics = Metrics()
    journal = metered(MemoryJournal(), metrics)
    note = (e.NoteAdded("ana", "x"),)
    came = journal.append_all(
        [Append("r1", 0, note, "t", 1, 1), Append("r1", 0, note, "t", 1, 1), Append("r2", 0, note, "t", 1, 1)]
    )
    assert [isinstance(one, HeadMoved) for one in came] == [False, True, False]
    text = metrics.text()
    assert "steady_appends_total 2\n" in text
    assert "steady_append_seconds_count 2\n" in text
    assert 'steady_append_failures_total{why="moved"} 1\n' in text
