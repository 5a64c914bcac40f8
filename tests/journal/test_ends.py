"""What is kept in mind of the ends of streams."""

from steadyhand.journal.ends import KNOWN, START, Ends


def test_an_end_is_known_until_it_has_moved():
    ends = Ends()
    assert ends.get("r1") is None
    ends.put("r1", START)
    assert ends.get("r1") == START
    ends.forget("r1")
    ends.forget("r1")
    assert ends.get("r1") is None


def test_those_that_were_seen_longest_ago_are_forgotten_first():
    ends = Ends()
    for number in range(KNOWN):
        ends.put(f"r{number}", START)
    ends.put("r0", START)
    ends.put("new", START)
    assert ends.get("r0") == START
    assert ends.get("r1") is None
    assert ends.get("new") == START
