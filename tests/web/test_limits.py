"""Buckets that fill again with time."""

from __future__ import annotations

from steadyhand.web.limits import Buckets, Rate


def test_so_many_at_once_and_so_many_a_minute():
    now = [100.0]
    buckets = Buckets(Rate(3, 60), lambda: now[0])
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.wait("a") == 1.0
    assert buckets.wait("b") == 0
    now[0] += 0.5
    assert buckets.wait("a") == 0.5
    now[0] += 0.5
    assert buckets.wait("a") == 0
    now[0] += 3600
    assert [buckets.wait("a") for _ in range(4)] == [0, 0, 0, 1.0]


def test_they_do_not_grow_without_bound():
    buckets = Buckets(Rate(1, 1), lambda: 0.0, most=10)
    for number in range(1000):
        assert buckets.wait(str(number)) == 0
    assert len(buckets._held) == 10
