"""Durations and sizes as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.source import parse_duration, parse_size

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("5s", 5 * SECOND), ("500ms", SECOND // 2), ("10us", 10), ("2m", 120 * SECOND), ("1h30m", 5400 * SECOND),
        ("1d", 86400 * SECOND), ("1.5h", 5400 * SECOND), ("0s", 0), ("0.5s", SECOND // 2),
    ],
)  # fmt: skip
def test_durations(text, micros):
    assert parse_duration(text) == micros


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "1h-5m", "5x", "1e3s", "½h", "5s5", "infs", "٣s"])
def test_what_is_no_duration(text):
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("10B", 10), ("64KiB", 65536), ("1MiB", 2**20), ("2GiB", 2**31), ("5kB", 5000), ("1.5MB", 1_500_000)],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "10", "-1", "1KB2", "KiB", "1 XB", "1e3"])
def test_what_is_no_size(text):
    assert parse_size(text) is None


@given(st.integers(0, 10**6), st.sampled_from(["us", "ms", "s", "m", "h", "d"]))
def test_parts_add_up(number, unit):
    once = parse_duration(f"{number}{unit}")
    assert once is not None
    assert parse_duration(f"{number}{unit}0s") == once
