"""Notifications that did not reach anybody, or not everybody: said wherever a run is shown, for they stop nothing.

A fix goes on when a message could not be sent, so nothing but this tells that the people who should know do not. Pure;
called by the transcript and the narration with what came of an attempt at a `notify` step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

NOTIFY = "notify"


class Undelivered(Struct, frozen=True):
    """A notification that did not reach a channel (or nobody at all): `what` says which, and why."""

    path: str
    at: int
    what: str


def undelivered(section: Any) -> Iterator[Undelivered]:
    """What the last attempt of each notification in a section of the transcript did not deliver."""
    last = {a.path: a for a in section.attempts if (a.kind or section.kind) == NOTIFY and not a.simulated}
    for path, a in last.items():
        yield from (Undelivered(path, a.started, what) for what in lost(a.outcome, a.reason, a.values))


def lost(outcome: str, reason: str, values: Mapping[str, Any]) -> Iterator[str]:
    """What was not delivered, and why, a line for each channel: `oncall (slack): 503 ..., after 4 tries`.

    What the step itself expects does not matter: a channel that did not take its message is named all the same.
    """
    failed = values.get("failed")
    if isinstance(failed, Mapping) and failed:
        yield from (_line(str(channel), str(why)) for channel, why in failed.items())
    elif outcome and outcome != "pass":
        yield reason or outcome


def _line(channel: str, why: str) -> str:
    kind, colon, rest = why.partition(": ")
    return f"{channel} ({kind}): {rest}" if colon else f"{channel}: {why}"


def of_notify(values: Mapping[str, Any]) -> bool:
    """Whether these are the results of a notification, where nothing else tells."""
    return "sent" in values and "failed" in values
