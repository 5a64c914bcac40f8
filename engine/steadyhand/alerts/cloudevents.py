"""CloudEvents 1.0 over HTTP: binary (attributes in `ce-` headers), structured, and batches of structured ones.

Source and id together name an event, and so a delivery. Without a mapping the type is the alert's name; a last word of
the type that is a status (`com.example.disk.resolved`) is its status, and subject and source make its fingerprint.
"""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from .. import events as e
from ..schema.intakes import IntakeSpec
from .reading import Headers, Unfit, content_type, decoded, fingerprint_of, identity_of, reader, record, records, text
from .shaped import STATUSES, alerts

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
REQUIRED = ("id", "source", "specversion", "type")
OWN = frozenset((*REQUIRED, "datacontenttype", "dataschema", "subject", "time", "data", "data_base64"))
_NAME = re.compile(r"[a-z0-9]{1,50}")


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The events of a request, as alerts."""
    kind = content_type(headers)
    if kind == BATCH:
        for number, event in enumerate(records(decoded(body), "the batch")):
            yield from _alerts(_structured(event, f"event {number} of the batch"), options)
    elif kind == STRUCTURED:
        yield from _alerts(_structured(record(decoded(body), "the event"), "the event"), options)
    elif "ce-specversion" in headers:
        yield from _alerts(_binary(body, headers, kind), options)
    else:
        hint = f"send `ce-` headers, {STRUCTURED} or {BATCH}"
        raise Unfit(f"this is no CloudEvent: {kind[:80] or 'no type'} without `ce-specversion`", hint, 415)


def _alerts(event: Mapping[str, Any], options: IntakeSpec) -> Iterator[e.AlertReceived]:
    name, _, word = text(event["type"]).rpartition(".")
    status = word.casefold() if name and (word.casefold() in STATUSES or word.casefold() in options.statuses) else ""
    name = name if status else text(event["type"])
    subject, source = text(event.get("subject")), text(event["source"])
    more = {key: text(value) for key, value in event.items() if key not in OWN}
    labels = {**more, "type": text(event["type"]), "source": source, **({"subject": subject} if subject else {})}
    data = event.get("data")
    said = text(data.get("status")) if isinstance(data, dict) else ""
    words = {"status": said} if said.casefold() in STATUSES or said.casefold() in options.statuses else {}
    defaults = {
        "name": name,
        "status": status or words.get("status", ""),
        "fingerprint": fingerprint_of(source, subject, name),
        "identity": identity_of(source, text(event["id"])),
        "starts_at": event.get("time"),
        "labels": labels,
        "annotations": {"data": data} if data is not None else {},
        "details": {"id": text(event["id"]), "time": text(event.get("time"))},
    }
    several = bool(options.mapping.each)  # then the name of the event is not enough to tell them apart
    yield from alerts(event, options, {**defaults, "identity": "", "fingerprint": ""} if several else defaults)


def _structured(event: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    checked = _checked(dict(event), what)
    if "data_base64" not in checked:
        return checked
    if "data" in checked:
        raise Unfit(f"{what} has both `data` and `data_base64`", "send one of them")
    try:
        raw = base64.b64decode(text(checked.pop("data_base64")), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit(f"{what}: `data_base64` is not base64") from None
    return {**checked, "data": _data(raw, text(checked.get("datacontenttype")))}


def _binary(body: bytes, headers: Headers, kind: str) -> Mapping[str, Any]:
    event: dict[str, Any] = {}
    for name, value in headers.items():
        if name.startswith("ce-"):
            event[name[3:]] = urllib.parse.unquote(value, errors="replace")
    if kind:
        event["datacontenttype"] = kind
    if body:
        event["data"] = _data(body, kind)
    return _checked(event, "the event")


def _data(raw: bytes, kind: str) -> Any:
    """What an event carries: JSON where it says so (or says nothing), else text."""
    kind = kind.partition(";")[0].strip().lower()
    if kind in {"", "application/json", "text/json"} or kind.endswith("+json"):
        return decoded(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit(f"the data ({kind[:80]}) is neither JSON nor text in UTF-8", "send JSON", 415) from None


def _checked(event: dict[str, Any], what: str) -> dict[str, Any]:
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise Unfit(f"{what} needs `{name}`", "CloudEvents 1.0 asks for id, source, specversion and type")
    if event["specversion"] != "1.0":
        raise Unfit(f"{what} is of version {event['specversion'][:20]}", "CloudEvents 1.0 is read")
    odd = next((name for name in event if name not in OWN and not _NAME.fullmatch(name)), None)
    if odd is not None:
        raise Unfit(f"{what} has an attribute {odd[:40]!r}", "names are lower-case letters and digits")
    return event
