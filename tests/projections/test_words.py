"""Times, durations and values as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.model import Conclusion
from steadyhand.projections.words import (
    CONCLUSIONS,
    brief,
    civil,
    clock,
    ending,
    lines_of,
    minute,
    rfc3339,
    seconds,
    stamp,
    took,
    visible,
)  # fmt: skip

LAST = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""


@given(st.integers(0, LAST))
def test_the_calendar_is_the_one_of_the_standard_library(at):
    moment = datetime.fromtimestamp(at // 1_000_000, UTC)
    assert civil(at) == (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    assert stamp(at) == moment.strftime("%Y-%m-%d %H:%M:%SZ").zfill(20)
    assert clock(at) == moment.strftime("%H:%M:%S")
    assert datetime.fromisoformat(rfc3339(at)) == moment.replace(microsecond=at % 1_000_000)


def test_every_conclusion_has_words_and_a_dry_run_says_that_nothing_was_changed():
    assert set(CONCLUSIONS) == {*(c.value for c in Conclusion), ""}
    assert ending("resolved", "guided") == "resolved: it was changed and verified"
    assert ending("resolved", "guided", changed=False) == "resolved: nothing was left to do"
    assert ending("resolved", "dry-run") == "resolved: that is where the dry run came to, no change was carried out"
    assert ending("", "dry-run") == "not concluded"


@given(st.text())
def test_nothing_that_a_terminal_acts_on_is_left(text):
    assert brief(text).isprintable()
    assert len(brief(text, 40)) <= 40 * 10
    assert all(line.isprintable() for line in lines_of(text))
    assert visible(text).replace("\n", "").isprintable()
    assert visible(text).count("\n") == max(0, len(lines_of(text)) - 1)


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=50))
def test_printable_text_of_one_line_stays_as_it_is(text):
    assert brief(text, 50) == text
    assert visible(text) == text


@pytest.mark.parametrize(
    ("value", "most", "expected"),
    [
        ("a  b\n\tc", 160, "a b c"),
        ("x" * 10, 5, "xxxx…"),
        ("x" * 1_000_000, 5, "xxxx…"),
        (["a", 1], 160, '["a", 1]'),
        ("\x1b[2J\u202e", 160, "\\u001b[2J\\u202e"),
    ],
)
def test_a_value_on_one_line(value, most, expected):
    assert brief(value, most) == expected


def test_durations():
    assert took(-5) == took(0)
    assert took(61_000_000) == "1m 1s"
    assert seconds(1_234_567) == 1.235


def test_a_time_to_the_minute():
    assert minute(1_800_000_000_000_000) == "2027-01-15 08:00 UTC"
