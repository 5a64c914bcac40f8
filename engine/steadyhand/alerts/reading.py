"""What all readers of alerts share: JSON that cannot hurt, texts within bounds, times, names, and how to refuse.

Pure. A reader gets the bytes of a body and gives alerts, or a `Refusal`; it never raises. What is too long is cut, and
`details["cut"]` says so; what cannot be understood is refused as a whole, so that no half of a body is taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from .. import events as e
from ..schema.intakes import IntakeSpec

VALUE, WORDS, NAME, KEY = 2_000, 8_000, 300, 200
"""Characters of a label's value, of an annotation or a detail, of a name, and of the name of a label."""
LABELS = 200
"""Labels, and annotations, of one alert."""
ALERTS = 10_000
"""Alerts in one body."""
DEPTH = 60
"""How deep a body may be nested: no sender comes near it."""
IGNORED = 202
"""The status of a body that is taken note of, and says nothing about an alert."""
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,12}))?\s*(Z|z|[+-]\d\d:?\d\d)?")


class Refusal(Struct, frozen=True):
    """Why a body leads to nothing. `status` is what HTTP calls it; 202 says that all is well and there is no alert."""

    status: int
    why: str
    hint: str = ""


class Unfit(Exception):
    """A body, or a part of it, that cannot be understood."""

    def __init__(self, why: str, hint: str = "", status: int = 400) -> None:
        super().__init__(why)
        self.refusal = Refusal(status, why, hint)


Headers = Mapping[str, str]
"""The header fields of a request; names in lower case."""
Read = Callable[[bytes, Headers, IntakeSpec], "tuple[e.AlertReceived, ...] | Refusal"]


def reader(read: Callable[[bytes, Headers, IntakeSpec], Iterable[e.AlertReceived]]) -> Read:
    """A reader that gives its refusals as values."""

    def whole(body: bytes, headers: Headers, options: IntakeSpec) -> tuple[e.AlertReceived, ...] | Refusal:
        try:
            return tuple(read(body, headers, options))
        except Unfit as problem:
            return problem.refusal

    return whole


# --- bytes to values


def content_type(headers: Headers) -> str:
    """What a body is said to be, without parameters; '' where nothing is said."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def json_body(body: bytes, headers: Headers, sender: str) -> Any:
    """The value that a body holds. Raises Unfit: 415 for what is said to be something else, 400 for what is no JSON."""
    kind = content_type(headers)
    if kind and kind != "application/json" and not kind.endswith("+json") and kind != "text/plain":
        raise Unfit(f"{sender} sends JSON, and this says it is {kind[:80]}", "send application/json", 415)
    return decoded(body)


def decoded(body: bytes) -> Any:
    """JSON of a depth that can be worked with. Raises Unfit."""
    if not body.strip():
        raise Unfit("the body is empty", "send the alert as JSON")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as problem:
        raise Unfit(f"the body is no JSON: {str(problem)[:200]}", "send JSON in UTF-8") from None
    except RecursionError:
        raise Unfit("the body is nested too deeply", f"at most {DEPTH} levels") from None
    if too_deep(value):
        raise Unfit("the body is nested too deeply", f"at most {DEPTH} levels")
    return value


def too_deep(value: Any) -> bool:
    """Whether a value is nested deeper than any sender does."""
    level = [value]
    for _ in range(DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def record(value: Any, what: str) -> Mapping[str, Any]:
    """A JSON object. Raises Unfit."""
    if not isinstance(value, dict):
        raise Unfit(f"{what} must be an object, and is {kind_of(value)}")
    return value


def records(value: Any, what: str) -> list[Mapping[str, Any]]:
    """A list of JSON objects. Raises Unfit."""
    if not isinstance(value, list):
        raise Unfit(f"{what} must be a list, and is {kind_of(value)}")
    if len(value) > ALERTS:
        raise Unfit(f"{what} holds {len(value):,} alerts, and at most {ALERTS:,} are taken at once", status=413)
    return [record(one, f"{what}[{number}]") for number, one in enumerate(value)]


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    words = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return words.get(type(value), "nothing")


def text(value: Any) -> str:
    """A scalar as text; '' for nothing and for what is no scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else ""


def moment(value: Any) -> int:
    """A time in microseconds (UTC): RFC 3339, or seconds, milliseconds, micro- or nanoseconds since 1970. 0 for none.

    A time without a zone is taken for UTC. Go writes its zero time as year 1: that is none.
    """
    if isinstance(value, str) and re.fullmatch(r"\d{9,19}(\.\d{1,9})?", value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _since_1970(value)
    found = _TIME.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return 0
    day, time, fraction, zone = found.groups()
    try:
        at = dt.datetime.fromisoformat(f"{day}T{time}{(zone or 'Z').upper()}")
        micros = (at - EPOCH) // dt.timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return 0
    return max(0, micros + int((fraction or "0").ljust(6, "0")[:6])) if micros > 0 else 0


def _since_1970(value: float) -> int:
    if not math.isfinite(value) or value <= 0 or value > 10**19:
        return 0
    if value >= 10**17:
        return int(value) // 1_000
    factor = 1 if value >= 10**14 else 1_000 if value >= 10**11 else 1_000_000
    return int(value * factor)


# --- values to alerts


def fingerprint_of(*parts: str) -> str:
    """What an alert is called in its stream: the sender's own name where it is a short word, else its SHA-256."""
    joined = parts[0] if len(parts) == 1 else "\n".join(parts)
    if len(parts) == 1 and WELL_FORMED.fullmatch(joined):
        return joined
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


CONTENT = "content:"
"""How an identity begins where the sender gives none: then what is said is only known when it comes twice in a row."""


def identity_since(since: str, *parts: str) -> str:
    """What a delivery is called by the beginning of its alert and these parts; by its content where none is said."""
    return identity_of(*parts, since) if since else content_identity(*parts)


def content_identity(*parts: str) -> str:
    """What a delivery is called that has no name."""
    return CONTENT + hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def identity_of(*parts: str) -> str:
    """What a delivery is called: its parts, or where they are long or odd, their SHA-256."""
    joined = "/".join(parts)
    if len(joined) <= 200 and joined.isascii() and joined.isprintable():
        return joined
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


class Bounds:
    """Keeps what is said of one alert within bounds, and remembers what was cut."""

    def __init__(self) -> None:
        self.cut: list[str] = []

    def text(self, where: str, value: str, most: int) -> str:
        """At most so many characters; what is left out is said."""
        if len(value) <= most:
            return value
        self.cut.append(where[:NAME])
        note = f" … (cut: {len(value):,} characters)"
        return value[: most - len(note)] + note

    def texts(self, where: str, value: Any, most: int) -> dict[str, str]:
        """A map of texts; what is no scalar is written as JSON. Raises Unfit when it is no map."""
        if value is None:
            return {}
        found: dict[str, str] = {}
        for name, held in record(value, where).items():
            if len(found) >= LABELS:
                self.cut.append(f"{where}: {len(value) - LABELS} more")
                break
            written = held if isinstance(held, str) else _written(held)
            found[self.text(f"the name of a {where[:-1]}", name, KEY)] = self.text(f"{where}.{name}", written, most)
        return found


def _written(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, list)) else text(value)


def alert(
    options: IntakeSpec,
    *,
    fingerprint: str,
    identity: str,
    status: str,
    name: str,
    labels: Any = None,
    annotations: Any = None,
    details: Mapping[str, Any] | None = None,
    starts_at: Any = None,
    ends_at: Any = None,
    group: str = "",
    url: str = "",
) -> e.AlertReceived:
    """An alert within bounds. Where the sender has no label `alertname`, its name becomes one. Raises Unfit."""
    bounds = Bounds()
    name = " ".join(bounds.text("name", name, NAME).split())
    if not name:
        raise Unfit("the alert has no name", "give it one: routes and people know it by that")
    kept = {
        key: bounds.text(key, held, WORDS) if isinstance(held, str) else held for key, held in (details or {}).items()
    }
    given = bounds.texts("labels", labels, VALUE)
    words = bounds.texts("annotations", annotations, WORDS)
    group, url = bounds.text("group", group, WORDS), bounds.text("url", url, WORDS)
    return e.AlertReceived(
        intake=options.name,
        source=options.source,
        fingerprint=fingerprint,
        identity=identity,
        status=status,
        name=name,
        labels=given if "alertname" in given else {"alertname": name, **given},
        annotations=words,
        details={**kept, "cut": bounds.cut} if bounds.cut else kept,
        starts_at=moment(starts_at),
        ends_at=moment(ends_at),
        group=group,
        url=url if url.startswith(("http://", "https://")) else "",
    )
