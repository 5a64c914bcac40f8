"""What comes of alerts on a route: they wait, they start a run, the run ends. Each route has a stream of its own.

The append to it, which names the seq that it expects, is what makes one of two servers start a run, and one alone. What
an alert has led to is told in its own stream too (alerts.py), for people; here it is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

ROUTES = "route:"
"""How the name of a route's stream begins."""


class RoutedDelivery(Struct, frozen=True):
    """A delivery: the stream of its alert, and its seq there."""

    stream: str
    seq: int


class RouteGathered(Struct, frozen=True, tag="route.gathered"):
    """A delivery waits on the route for a run of its `group`. `inputs` are what the run will be given.

    On a route that gathers a storm, `item` is what the alert adds to the list, and `service` whose alert it is.
    """

    group: str
    key: str
    stream: str
    seq: int
    inputs: Mapping[str, Any]
    item: Any = None
    service: str = ""


class RouteLeft(Struct, frozen=True, tag="route.left"):
    """An alert no longer waits on the route: `why` says what has become of it."""

    group: str
    stream: str
    seq: int
    why: str


class RouteStarted(Struct, frozen=True, tag="route.started"):
    """A run is started for these deliveries; the first one gives its alert. `items` are those of a storm."""

    group: str
    run: str
    runbook: str
    mode: str
    inputs: Mapping[str, Any]
    alerts: tuple[RoutedDelivery, ...]
    items: tuple[Any, ...] = ()
    keys: tuple[str, ...] = ()


class RouteEnded(Struct, frozen=True, tag="route.ended"):
    """The run of a group is over since `at` (microseconds). `conclusion` is '' where it never began; `why` says why."""

    group: str
    run: str
    conclusion: str
    at: int
    why: str = ""


RouteEvent = RouteGathered | RouteLeft | RouteStarted | RouteEnded
