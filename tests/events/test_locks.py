"""What a run says of its locks survives being written down."""

import pytest

from steadyhand import events as e


@pytest.mark.parametrize(
    "event",
    [e.CautionRaised("a", 1, ("n",)), e.LocksWanted("a", 1, ("db",), "c"), e.LocksRefused("a", 1, "db", "why"),
     e.LocksTaken("a", 1), e.LocksReleased("a", 2, "pass", "fail")],
)  # fmt: skip
def test_it_survives(event):
    assert e.decode(e.name_of(event), e.encode(event)) == event
