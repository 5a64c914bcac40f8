"""What can happen to an alert, apart from any run. Each alert (by intake and fingerprint) has a stream of its own.

A delivery is one event, appended before it is answered; so what was acknowledged is not lost. What came of it is
appended by whoever routes, later: a delivery that nothing follows is still to be routed, also after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

ALERTS = "alert:"
"""How the name of an alert's stream begins: `alert:<intake>:<fingerprint>`."""


class AlertReceived(Struct, frozen=True, tag="alert.received"):
    """A source has told something new of the alert. `identity` is the source's own name of this delivery.

    `status` is firing, acknowledged or resolved. Times are microseconds (UTC), 0 where the source tells none. `group`
    is what the source groups by, `url` where the alert can be looked at, `origin` the address that it came from.
    """

    intake: str
    source: str
    fingerprint: str
    identity: str
    status: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    starts_at: int = 0
    ends_at: int = 0
    group: str = ""
    url: str = ""
    origin: str = ""


class AlertMuted(Struct, frozen=True, tag="alert.muted"):
    """The source keeps the alert quiet: silenced or inhibited (`how`), by these ids. '' says it no longer does."""

    how: str
    by: tuple[str, ...] = ()


class AlertRouted(Struct, frozen=True, tag="alert.routed"):
    """The alert has led to a run: `seq` is the delivery's, `key` what made it one of its kind on that route.

    `joined` says that the run was there already, or is one for several alerts.
    """

    seq: int
    route: str
    key: str
    runbook: str
    run: str
    joined: bool = False


class AlertHeld(Struct, frozen=True, tag="alert.held"):
    """The alert has led to no run for now, by the route's bounds. `until` (microseconds) is when it is looked at again,
    0 for never.
    """

    seq: int
    route: str
    key: str
    why: str
    until: int = 0


class AlertUnrouted(Struct, frozen=True, tag="alert.unrouted"):
    """The alert has led nowhere: no route fits, or what it says does not fit the runbook's inputs."""

    seq: int
    why: str
    route: str = ""
    runbook: str = ""


AlertEvent = AlertReceived | AlertMuted | AlertRouted | AlertHeld | AlertUnrouted
