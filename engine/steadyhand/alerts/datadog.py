"""Bodies of Datadog's webhooks. What they hold is the template that is pasted there: `TEMPLATE` is the one read here.

All values come as text. The cycle key links what was triggered to what recovered; with the transition it makes a
delivery. A variable that Datadog did not fill in stands there as it was written, and counts as not said.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from .. import events as e
from ..schema.intakes import IntakeSpec
from .reading import Headers, Unfit, alert, content_type, decoded, fingerprint_of, identity_of, json_body, reader, text
from .reading import record as record_of

TEMPLATE: Mapping[str, str] = {
    "format": "steadyhand 1",
    "cycle": "$ALERT_CYCLE_KEY",
    "transition": "$ALERT_TRANSITION",
    "type": "$ALERT_TYPE",
    "status": "$ALERT_STATUS",
    "alert_id": "$ALERT_ID",
    "title": "$ALERT_TITLE",
    "event_title": "$EVENT_TITLE",
    "text": "$EVENT_MSG",
    "metric": "$ALERT_METRIC",
    "query": "$ALERT_QUERY",
    "scope": "$ALERT_SCOPE",
    "priority": "$ALERT_PRIORITY",
    "aggregate": "$AGGREG_KEY",
    "host": "$HOSTNAME",
    "tags": "$TAGS",
    "link": "$LINK",
    "org": "$ORG_NAME",
    "date": "$DATE",
    "last_updated": "$LAST_UPDATED",
}
"""What is pasted into Datadog as the payload of the webhook."""
RESOLVED = ("recovered", "resolved", "ok")
FIRING = ("triggered", "re-triggered", "warn", "re-warn", "no data", "re-no data", "renotify", "alert", "error")
WORDS = ("scope", "query", "metric", "priority", "type", "status", "org", "alert_id")


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The monitor's alert."""
    said = _said(body, headers)
    cycle, transition = said.get("cycle") or said.get("alert_id", ""), said.get("transition", "")
    if not cycle or not transition:
        hint = "paste the payload from the page on alerts into the webhook of Datadog"
        raise Unfit("the body lacks `cycle` or `transition`: it was not made by our template", hint)
    status = _status(transition)
    if status is None:
        raise Unfit(
            f"the transition {transition[:60]!r} is not known here", f"one of {', '.join((*FIRING, *RESOLVED))}"
        )
    labels = {**_pairs(said.get("tags", "")), **_pairs(said.get("scope", ""))}
    own = {name: said[name] for name in (*WORDS, "host") if name in said}
    yield alert(
        options,
        fingerprint=fingerprint_of(cycle) if "cycle" in said else fingerprint_of(cycle, said.get("scope", "")),
        identity=identity_of(cycle, transition),
        status=status,
        name=said.get("title") or said.get("event_title") or f"monitor {said.get('alert_id', cycle)}",
        labels={**labels, **own, "transition": transition},
        annotations={"summary": said["text"]} if "text" in said else None,
        details={"last_updated": said.get("last_updated", "")},
        starts_at=said.get("date") if status == "firing" else None,
        ends_at=said.get("last_updated") if status == "resolved" else None,
        group=said.get("aggregate", ""),
        url=said.get("link", ""),
    )


def _said(body: bytes, headers: Headers) -> dict[str, str]:
    """What was filled in, by the template's names."""
    whole: Any
    if content_type(headers) == "application/x-www-form-urlencoded":
        try:
            pairs = urllib.parse.parse_qs(body.decode("utf-8"), max_num_fields=100, errors="strict")
        except ValueError as problem:
            raise Unfit(f"the form cannot be read: {problem}", "untick `Encode as form`, or send UTF-8") from None
        whole = {name: values[0] for name, values in pairs.items()}
        whole = decoded(whole["payload"].encode()) if set(whole) == {"payload"} else whole
    else:
        whole = json_body(body, headers, "Datadog")
    found = {name: text(value).strip() for name, value in record_of(whole, "the body").items()}
    return {name: value for name, value in found.items() if value and value != TEMPLATE.get(name) and value != "null"}


def _status(transition: str) -> str | None:
    word = " ".join(transition.lower().split())
    if word.endswith(RESOLVED):  # Recovered, Warn Recovered, No Data Recovered
        return "resolved"
    return "firing" if word in FIRING else None


def _pairs(listed: str) -> dict[str, str]:
    """`service:orders, env:prod` as labels; a tag without a value is true."""
    found: dict[str, str] = {}
    for one in listed.split(",")[:100]:
        name, _, value = one.strip().partition(":")
        if name.strip():
            found[name.strip()] = value.strip() or "true"
    return found
