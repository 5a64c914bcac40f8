"""Who has tried in vain too often must wait, longer each time."""

from __future__ import annotations

import threading

import pytest

from steadyhand.access.attempts import BOUNDS, KIND, SECOND, Attempts, place
from steadyhand.access.memory import MemoryCells


class Clock:
    def __init__(self) -> None:
        self.at = 1_000 * SECOND

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cells(clock):
    return MemoryCells(clock)


@pytest.fixture
def attempts(cells, clock):
    return Attempts(cells, clock)


def vain(attempts, count, name="ana", origin="10.0.0.1"):
    return [attempts.begin(name, origin) for _ in range(count)]


def test_some_are_free_then_the_account_waits_twice_as_long_each_time(attempts, clock):
    assert all(a.wait == 0 for a in vain(attempts, 5))
    waits = []
    for _ in range(8):
        waits.append(attempts.begin("ana", "10.0.0.1").wait // SECOND)
        clock.at += waits[-1] * SECOND
        assert attempts.begin("ana", "10.0.0.1").wait == 0
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_lock_is_told_by_the_attempt_that_brings_it(attempts, clock):
    told = [a.locks for a in vain(attempts, 5)]
    assert told[:4] == [()] * 4
    assert [(lock.what, lock.number, lock.until) for lock in told[4]] == [("account", 5, clock.at + 30 * SECOND)]


def test_a_success_ends_the_count_of_the_account(attempts):
    vain(attempts, 5)
    attempts.succeeded("ana", "10.0.0.1")
    assert attempts.begin("ana", "10.0.0.1").wait == 0


def test_an_account_is_counted_from_everywhere(attempts):
    for number in range(5):
        attempts.begin("ana", f"10.0.1.{number}")
    assert attempts.begin("ana", "10.0.2.1").wait == 30 * SECOND
    assert attempts.begin("ben", "10.0.2.1").wait == 0


def test_a_stranger_cannot_keep_out_whoever_has_signed_in_from_there_before(attempts):
    attempts.begin("ana", "192.0.2.7")
    attempts.succeeded("ana", "192.0.2.7")
    vain(attempts, 5, origin="10.6.6.6")
    assert attempts.begin("ana", "10.6.6.6").wait > 0
    assert attempts.begin("ana", "192.0.2.7").wait == 0
    for _ in range(BOUNDS["acquainted"].free - 1):
        attempts.begin("ana", "192.0.2.7")
    assert attempts.begin("ana", "192.0.2.7").wait > 0


def test_an_address_is_counted_for_all_names(attempts):
    waits = [attempts.begin(f"name{number}", "10.0.0.9").wait for number in range(22)]
    assert waits[:20] == [0] * 20
    assert waits[20] == 30 * SECOND
    assert attempts.begin("ana", "10.0.0.10").wait == 0


def test_many_at_the_same_time_get_no_further_than_one_after_the_other(attempts):
    found = []
    threads = [threading.Thread(target=lambda: found.append(attempts.begin("ana", "10.0.0.1").wait)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(wait == 0 for wait in found) == 5


def test_a_day_later_nothing_is_counted(attempts, clock, cells):
    vain(attempts, 5)
    clock.at += 25 * 3600 * SECOND
    assert attempts.begin("ana", "10.0.0.1").locks == ()
    cells.prune(clock.at)
    assert len(cells.list(KIND)) == 2


def test_what_was_typed_is_not_kept(attempts, cells):
    attempts.begin("my password in the wrong field", "10.0.0.1")
    assert all("password" not in key and b"password" not in value for key, value in cells.list(KIND))


def test_one_household_is_one_address():
    assert place("2001:db8:1:2::5") == place("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert place("2001:db8:1:3::5") != place("2001:db8:1:2::5")
    assert place("::ffff:10.0.0.1") == place("10.0.0.1") == "10.0.0.1"
    assert place("") == ""
