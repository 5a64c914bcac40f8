"""Alerts, and what came of them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from .says import Next, RunbookName, Time, say


class Decided(Struct):
    """What came of an alert's last delivery: routed to a run, held for now, or unrouted."""

    kind: Annotated[Literal["routed", "held", "unrouted"], say("To a run, for now to none, or to none.", "routed")]
    at: Time
    route: str = ""
    runbook: RunbookName = ""
    run: Annotated[str, say("The run, where it was routed.", "rgq0b7k2m4xw")] = ""
    joined: Annotated[bool, say("Whether the run is one for several alerts.", False)] = False
    why: Annotated[str, say("Why it leads nowhere, or not yet.", "no route fits")] = ""
    until: Annotated[Time | None, say("When it is looked at again, where it is held.", None)] = None


class Alert(Struct):
    """An alert as it is known now."""

    intake: Annotated[str, say("The intake that it came by.", "alertmanager")]
    fingerprint: Annotated[str, say("What makes it one of its kind there.", "c1e9f6a0")]
    source: str
    name: Annotated[str, say("Its name.", "HighErrors")]
    status: Annotated[str, say("firing, acknowledged, resolved, silenced or inhibited.", "firing")]
    labels: dict[str, str]
    annotations: dict[str, str]
    url: Annotated[str, say("Where it can be looked at.", "http://prometheus.example/graph")]
    first_at: Annotated[Time, say("When it was first heard of.", "2026-11-24T02:14:07.000000Z")]
    last_at: Annotated[Time, say("When something was last heard of it.", "2026-11-24T02:14:07.000000Z")]
    firing_since: Time | None
    decision: Decided | None
    runs: Annotated[list[str], say("The runs that it has led to, oldest first.", ["rgq0b7k2m4xw"])]


class Alerts(Struct):
    """A page of alerts, that of which something was heard last first."""

    alerts: list[Alert]
    next: Next = None
