"""Bodies of Opsgenie's outgoing webhook: an action on an alert. Actions that change no status are let pass.

The alias is what makes two alerts one in Opsgenie, and so here; alert, action and time of the change make a delivery.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import events as e
from ..schema.intakes import IntakeSpec
from .reading import IGNORED, Headers, Unfit, alert, fingerprint_of, identity_of, json_body, reader, record, text

STATUSES = {
    "create": "firing", "unacknowledge": "firing", "acknowledge": "acknowledged", "close": "resolved",
    "delete": "resolved",
}  # fmt: skip
"""Actions that change what an alert is; whatever else is done to it is let pass."""
TAGS = 50
"""Tags of one alert that become labels."""


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The alert that was acted on."""
    whole = record(json_body(body, headers, "Opsgenie"), "the body")
    action = text(whole.get("action"))
    if not action:
        raise Unfit("the body needs an `action`: this is no webhook of Opsgenie")
    status = STATUSES.get(action.lower())
    if status is None:
        raise Unfit(f"{action[:60]} changes no status", "nothing is to be done", IGNORED)
    one = record(whole.get("alert"), "alert")
    mark = text(one.get("alertId"))
    if not mark:
        raise Unfit("alert needs an `alertId`: this is no webhook of Opsgenie")
    yield alert(
        options,
        fingerprint=fingerprint_of(text(one.get("alias")) or mark),
        identity=identity_of(mark, action, text(one.get("updatedAt"))),
        status=status,
        name=text(one.get("message")) or text(one.get("alias")) or mark,
        labels=_labels(one),
        annotations=_words(one),
        details=_details(whole, one, action),
        starts_at=one.get("createdAt"),
        ends_at=one.get("updatedAt") if status == "resolved" else None,
        group=text(one.get("alias")),
    )


def _labels(one: Any) -> dict[str, Any]:
    """Alias, entity, tags (`key:value` and `key=value` as such, others by their own name) and the details."""
    tags: dict[str, str] = {}
    for tag in (one.get("tags") if isinstance(one.get("tags"), list) else [])[:TAGS]:
        said = text(tag).strip()
        at = min((said.find(sign) for sign in "=:" if sign in said[1:]), default=0)
        if said:
            tags |= {said[:at].strip(): said[at + 1 :].strip()} if at > 0 else {said: "true"}
    own = {name: text(one.get(name)) for name in ("alias", "entity", "priority", "source", "tinyId") if one.get(name)}
    details = one.get("details")
    return {**tags, **(details if isinstance(details, dict) else {}), **own}


def _words(one: Any) -> dict[str, str]:
    found = {"summary": text(one.get("message")), "description": text(one.get("description"))}
    return {name: said for name, said in found.items() if said}


def _details(whole: Any, one: Any, action: str) -> dict[str, Any]:
    integration = text(whole.get("integrationName"))
    found = {"action": action, "alertId": text(one.get("alertId")), "integration": integration,
             "by": text(one.get("username"))}  # fmt: skip
    return {name: said for name, said in found.items() if said}
