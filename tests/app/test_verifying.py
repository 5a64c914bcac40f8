"""The store is walked aside, one walk at a time."""

from __future__ import annotations

import sqlite3

from steadyhand import events as e
from steadyhand.app.verifying import Verifying

from .server import services_in, until


def test_what_holds_and_what_does_not(tmp_path):
    services = services_in(tmp_path)
    services.journal.append("target:db", 0, [e.LeaseReturned("db", "ana")], actor="x", at=10, epoch=1)
    job = Verifying()
    assert job.last is None
    assert job.begin(services, "ana")
    done = until(lambda: job.last if job.last.ended else None)
    assert (done.by, done.events, done.faults, done.trouble) == ("ana", 1, (), "")
    services.journal.close()
    with sqlite3.connect(tmp_path / "journal.db") as store:
        store.execute("DROP TRIGGER events_are_final")
        store.execute("UPDATE events SET body = replace(body, 'ana', 'eve')")
    store.close()
    again = services_in(tmp_path)
    assert job.begin(again, "kim")
    assert until(lambda: job.last if job.last.ended else None).faults or job.last.trouble
    again.journal.close()
