"""The newest acts, also those of other processes, a page at a time."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.app.acts import EACH, STREAMS, Acts, page_of, parse

from .server import services_in


def test_newest_first_and_only_what_is_new_is_read(tmp_path):
    journal = services_in(tmp_path).journal
    acts = Acts()
    assert acts.newest(journal) == ()
    journal.append("target:db", 0, [e.LeaseReturned("db", "ana")], actor="x", at=10, epoch=1)
    journal.append("target:web", 0, [e.LeaseReturned("web", "kim")], actor="x", at=20, epoch=1)
    assert [one.who for one in acts.newest(journal)] == ["kim", "ana"]
    journal.append("target:db", 1, [e.LeaseReturned("db", "eve")], actor="x", at=30, epoch=1)
    assert [one.who for one in acts.newest(journal)] == ["eve", "kim", "ana"]
    journal.close()


def test_it_is_bounded(tmp_path):
    journal = services_in(tmp_path).journal
    many = [e.LeaseReturned("db", f"p{n}") for n in range(EACH + 50)]
    journal.append("target:db", 0, many, actor="x", at=10, epoch=1)
    acts = Acts()
    assert len(acts.newest(journal)) == EACH
    assert acts.newest(journal)[0].who == f"p{EACH + 49}"
    assert STREAMS >= 100
    journal.close()


def test_pages(tmp_path):
    journal = services_in(tmp_path).journal
    journal.append("target:db", 0, [e.LeaseReturned("db", f"p{n}") for n in range(5)], actor="x", at=10, epoch=1)
    found = Acts().newest(journal)
    first, more = page_of(found, "", 2)
    second, again = page_of(found, more, 2)
    last, end = page_of(found, again, 2)
    assert [one.who for one in (*first, *second, *last)] == ["p4", "p3", "p2", "p1", "p0"]
    assert end == ""
    assert parse("made.up") is None
    journal.close()
