"""The access store in memory: the protocol's suite is tests/access/test_protocol.py; here is what it has alone."""

from __future__ import annotations

from steadyhand.access.memory import MemoryCells


def test_two_stores_share_nothing():
    first, second = MemoryCells(), MemoryCells()
    first.put("k", "x", b"1")
    assert second.get("k", "x") is None
