"""What came of a drill is written as it is read."""

from __future__ import annotations

from steadyhand.events import DRILLS, DrillEnded, decode, encode, name_of


def test_it_is_read_as_it_was_written():
    ended = DrillEnded("web", "d" * 64, "gone", "ana", "gone", "dead", "resolved", False, 5, ("it found dead",))
    assert decode(name_of(ended), encode(ended)) == ended
    assert (name_of(ended), DRILLS) == ("drill.ended", "drill:")
