"""What happens at the door, in one stream a month."""

from __future__ import annotations

import threading

from steadyhand import events as e
from steadyhand.app import ledger

from .desk import desk
from .door import DAY, Clock


def test_each_month_has_its_stream(tmp_path):
    services = desk(tmp_path)
    services.clock = Clock()
    first = services.clock.at
    for _ in range(3):
        ledger.record(services, e.AccountChanged("ana", "disabled", "kim", "cli"))
        services.clock.at += 20 * DAY
    assert sorted(head.stream for head in services.journal.streams(e.ACCESS)) == ["access:2027-01", "access:2027-02"]
    assert len(list(ledger.history(services))) == 3
    assert [one.at for one in ledger.history(services, first + DAY)] == [first + 20 * DAY, first + 40 * DAY]
    assert services.journal.verify_store() == ()


def test_many_at_the_same_time_lose_nothing(tmp_path):
    services = desk(tmp_path)
    services.clock = Clock()

    def some():
        for number in range(10):
            ledger.record(services, e.AccountChanged(f"p{number}", "added", "kim", "cli"))

    threads = [threading.Thread(target=some) for _ in range(4)]
    _ = services.journal
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(list(ledger.history(services))) == 40
