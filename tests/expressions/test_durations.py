"""Durations read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import read_duration, write_duration


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("500ms", 500_000),
        ("5s", 5_000_000),
        ("2m", 120_000_000),
        ("1h30m", 5_400_000_000),
        ("1d", 86_400_000_000),
        ("1d2h3m4s5ms", 93_784_005_000),
        (" 0s ", 0),
        ("", None),
        ("5", None),
        ("5 s", None),
        ("1m1h", None),
        ("-5s", None),
        ("1.5s", None),
        ("٥s", None),
    ],
)
def test_reading(text, microseconds):
    assert read_duration(text) == microseconds


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (250, "0.25ms"),
        (12_000, "12ms"),
        (2_500_000, "2.5s"),
        (5_400_000_000, "1h30m"),
        (61_000_000, "1m1s"),
        (0, "0ms"),
    ],
)
def test_writing(microseconds, text):
    assert write_duration(microseconds) == text


@given(st.integers(0, 10**6))
def test_whole_seconds_are_read_back(seconds):
    assert read_duration(write_duration(seconds * 1_000_000)) == seconds * 1_000_000
