"""What can happen to a target survives being written down."""

import pytest

from steadyhand import events as e


@pytest.mark.parametrize(
    "event",
    [e.LeaseTaken("db", "sam", "index", 5, "cli"), e.LeaseReturned("db", "sam"), e.LockTaken("db", "r1", "a", 1, "c", "sam")],
)  # fmt: skip
def test_it_survives(event):
    assert e.decode(e.name_of(event), e.encode(event)) == event
