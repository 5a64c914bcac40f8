"""Recorded bodies of alerts from a file, through the routes of these settings. For `steady backtest`; starts nothing.

One body a line, as Alertmanager, Grafana or PagerDuty has sent it; or `{"at": TIME, "body": BODY}`, where it is known
when it came. Empty lines, and those that begin with `#`, are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import events as e
from ..alerts import sources
from ..alerts.reading import IGNORED, Refusal
from ..alerts.replay import Assumed, Replayed, replay
from ..errors import UsageError
from ..model import SECOND
from ..schema.intakes import IntakeSpec
from ..schema.routes import ranks
from .routebook import Routebook, refuse_wrong_routes
from .services import Services, read_bytes

SENDERS = {"alertmanager": "Alertmanager", "grafana": "Grafana", "pagerduty": "PagerDuty"}


def backtest(
    services: Services, path: Path, length: int, at_once: int = 0, intake: str = ""
) -> tuple[Replayed, Assumed]:
    """What would have come of the recorded alerts. Raises UsageError for a line that cannot be read."""
    refuse_wrong_routes(services)
    assumed = Assumed(length, at_once or services.settings.server.runs)
    arrivals = sorted(_arrivals(services, path, intake), key=lambda one: one[0])
    ways = Routebook(services).ways()
    return replay(ways, ranks(services.settings.services), arrivals, assumed), assumed


def _arrivals(services: Services, path: Path, intake: str) -> Iterator[tuple[int, e.AlertReceived]]:
    """Every delivery with its time. Where a body does not say when it came, that is no earlier than the one before."""
    before = 0
    for number, line in enumerate(read_bytes(path).splitlines(), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        at, body = _line(line, f"{path}:{number}")
        source = _source(body, f"{path}:{number}")
        found = sources.read(json.dumps(body).encode(), {}, _options(services, source, intake))
        if isinstance(found, Refusal):
            if found.status != IGNORED:
                raise UsageError(f"{path}:{number}: {found.why}", found.hint)
            continue
        at = at or max(before, _told(body, found))
        before = at
        yield from ((at, one) for one in found)


def _line(line: bytes, where: str) -> tuple[int, Mapping[str, Any]]:
    """A body, and when it came (0 where nobody says)."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{where}: this is no JSON: {problem}", "write one body a line") from None
    at = 0
    if isinstance(found, dict) and "body" in found and set(found) <= {"at", "body"}:
        at = _time(found["at"], where) if "at" in found else 0
        found = found["body"]
    if not isinstance(found, dict):
        raise UsageError(
            f"{where}: a body is a JSON object", 'write the body, or {"at": "2026-11-20T09:00:00Z", "body": ...}'
        )
    return at, found


def _time(text: Any, where: str) -> int:
    from datetime import datetime  # noqa: PLC0415 a cold start has no use for it

    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(f"{where}: {text!r} is no time with a zone", "write 2026-11-20T09:00:00Z")
    return round(found.timestamp() * SECOND)


def _source(body: Mapping[str, Any], where: str) -> str:
    """Who has sent a body."""
    if "event" in body:
        return "pagerduty"
    if "alerts" in body:
        return "grafana" if "orgId" in body else "alertmanager"
    known = ", ".join(SENDERS.values())
    raise UsageError(f"{where}: this is no body of {known}", "record what the sender posts, unchanged")


def _options(services: Services, source: str, intake: str) -> IntakeSpec:
    """The intake that would have got it: the one that is named, or the only one of that sender."""
    intakes = services.settings.intakes
    if intake:
        if intake in intakes and intakes[intake].source == source:
            return intakes[intake]
        return IntakeSpec(intake, source)
    own = [one for one in intakes.values() if one.source == source]
    return own[0] if len(own) == 1 else IntakeSpec(source, source)


def _told(body: Mapping[str, Any], found: tuple[e.AlertReceived, ...]) -> int:
    """When a body was sent, going by what it says."""
    event = body.get("event")
    if isinstance(event, Mapping) and event.get("occurred_at"):
        return _time(event["occurred_at"], "occurred_at")
    return max((one.ends_at if one.status == "resolved" else one.starts_at for one in found), default=0)
