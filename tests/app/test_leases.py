"""People take targets and hand them back."""

from __future__ import annotations

import pytest

from steadyhand.app import leases
from steadyhand.errors import UsageError

from .desk import desk

HOUR = 3600 * 1_000_000


class Clock:
    """Time that the test sets."""

    at = 1_800_000_000_000_000

    def now(self):
        return self.at

    def monotonic(self):
        return self.at / 1e6


@pytest.fixture
def office(tmp_path):
    services = desk(tmp_path)
    services.clock = Clock()
    return services


def rows(services):
    return [(lease.target, lease.by, lease.reason) for lease in leases.held(services)]


def test_taken_listed_and_handed_back(office):
    lease = leases.take(office, "orders-db", "kim", "index rebuild", HOUR)
    assert (lease.taken, lease.until) == (Clock.at, Clock.at + HOUR)
    leases.take(office, "cache", "sam", "upgrade", HOUR)
    assert rows(office) == [("cache", "sam", "upgrade"), ("orders-db", "kim", "index rebuild")]
    assert leases.give_back(office, "cache", "sam") == "sam"
    assert rows(office) == [("orders-db", "kim", "index rebuild")]


def test_it_ends_by_itself(office):
    leases.take(office, "db", "kim", "x", HOUR)
    office.clock.at += HOUR
    assert rows(office) == []
    leases.take(office, "db", "sam", "y", HOUR)
    assert rows(office) == [("db", "sam", "y")]


def test_whoever_has_it_may_keep_it_longer(office):
    leases.take(office, "db", "kim", "x", HOUR)
    leases.take(office, "db", "kim", "still at it", 2 * HOUR)
    (lease,) = leases.held(office)
    assert (lease.reason, lease.until) == ("still at it", office.clock.at + 2 * HOUR)


def test_somebody_elses_is_not_taken_and_handed_back_only_with_a_reason(office):
    leases.take(office, "db", "kim", "index", HOUR)
    with pytest.raises(UsageError, match="db is leased by kim: index"):
        leases.take(office, "db", "sam", "mine", HOUR)
    with pytest.raises(UsageError, match="db is leased by kim") as refused:
        leases.give_back(office, "db", "sam")
    assert refused.value.hint == "say why with --reason"
    assert leases.give_back(office, "db", "sam", "kim is asleep") == "kim"
    assert rows(office) == []


def test_what_is_not_leased_and_what_is_no_target(office):
    with pytest.raises(UsageError, match="db is not leased"):
        leases.give_back(office, "db", "kim")
    for wrong in ("", "two words", "new\nline", "bell\x07"):
        with pytest.raises(UsageError, match="is no name of a target"):
            leases.take(office, wrong, "kim", "x", HOUR)


def test_the_store_still_holds(office):
    leases.take(office, "db", "kim", "x", HOUR)
    leases.give_back(office, "db", "kim")
    assert office.journal.verify_store() == ()


def test_where_somebody_was_is_written_down(office):
    leases.take(office, "db", "kim", "index", HOUR, "web", "10.0.0.9")
    leases.give_back(office, "db", "kim", "", "web", "10.0.0.9")
    taken, returned = (one.event for one in office.journal.read("target:db"))
    assert (taken.via, taken.origin, returned.via, returned.origin) == ("web", "10.0.0.9") * 2
