"""What comes of alerts on a route survives being written down."""

from __future__ import annotations

import pytest

from steadyhand import events as e

EVENTS = (
    e.RouteGathered("g", "k", "alert:am:f1", 1, {"host": "db1"}, "db1", "db"),
    e.RouteLeft("g", "alert:am:f1", 2, "it has resolved"),
    e.RouteStarted(
        "g", "r1", "look", "diagnose", {"hosts": ["a"]}, (e.RoutedDelivery("alert:am:f1", 1),), ("a",), ("k",)
    ),
    e.RouteEnded("g", "r1", "healthy", 10),
)


@pytest.mark.parametrize("event", EVENTS, ids=e.name_of)
def test_it_comes_back_as_it_was(event):
    assert e.decode(e.name_of(event), e.encode(event)) == event
    assert e.name_of(event).startswith("route.")


def test_the_name_of_the_stream():
    assert e.ROUTES == "route:"
