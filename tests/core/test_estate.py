"""A target, from its stream."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.core.estate import TargetState, fold_target, stream_of


def recorded(*happened):
    return [e.Recorded("target:db", n, n * 10, "me", 1, event) for n, event in enumerate(happened, 1)]


LOCK = e.LockTaken("db", "r1", "a", 1, "c", "sam")
LEASE = e.LeaseTaken("db", "sam", "index", 100)


def test_nothing_is_known_of_what_was_never_touched():
    assert fold_target([]) == TargetState()
    assert TargetState().last is None
    assert TargetState().leased(5) is None


def test_a_lease_holds_until_its_time_or_until_it_is_handed_back():
    state = fold_target(recorded(LEASE))
    assert (state.leased(99), state.leased(100), state.leased_at) == (LEASE, None, 10)
    assert fold_target(recorded(LEASE, e.LeaseReturned("db", "sam"))).leased(99) is None
    longer = e.LeaseTaken("db", "sam", "index", 200)
    assert fold_target(recorded(LEASE, longer)).leased(150) == longer


def test_changes_are_in_order():
    state = fold_target(recorded(LOCK, LEASE, e.LockTaken("db", "r2", "b", 1, "c", "kim")))
    assert [(taken.lock.run, taken.at) for taken in state.changes] == [("r1", 10), ("r2", 30)]
    assert state.last.lock.run == "r2"
    assert state.seq == 3


def test_what_a_later_version_wrote_is_counted_and_passed_over():
    assert fold_target(recorded(e.NoteAdded("x", "y"))).seq == 1


def test_its_name():
    assert stream_of("db") == "target:db"
