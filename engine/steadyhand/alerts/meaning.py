"""What a delivery means on a route: whether it fits, which trouble it is, and with which inputs a run would start.

Pure, called by whoever routes and by the backtest. What an alert says is data here and stays data: it is looked up,
held against the runbook's schema, and never run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..errors import UsageError
from ..expressions import TemplateError, evaluate
from ..model import Input, Runbook
from ..schema import from_text, inputs_of, problems
from ..schema.routes import FIRING, Fixed, Route

LONGEST = 120
"""Characters of a key; a longer one is named by its hash."""
WORDS = 200
"""Characters of a value that a reason quotes."""


class Delivery(Struct, frozen=True):
    """Something that a source has told of an alert: where it stands in the journal, and when it came (microseconds)."""

    stream: str
    seq: int
    at: int
    said: e.AlertReceived


class Meant(Struct, frozen=True):
    """What a delivery means on a route. One run at a time is for one `group`: a key, or a storm.

    On a route that gathers a storm, `item` is what it adds to the list, and `service` whose alert it is.
    """

    key: str
    group: str
    inputs: Mapping[str, Any]
    item: Any = None
    service: str = ""


class Refused(Struct, frozen=True):
    """What the alert says does not fit the runbook."""

    why: str


def names_of(said: e.AlertReceived, stream: str = "") -> dict[str, Any]:
    """What templates and expressions find behind `alert.`; also what a run keeps of the alert that started it."""
    return {
        "name": said.name,
        "status": said.status,
        "severity": said.labels.get("severity", ""),
        "labels": said.labels,
        "annotations": said.annotations,
        "details": said.details,
        "fingerprint": said.fingerprint,
        "intake": said.intake,
        "source": said.source,
        "group": said.group,
        "url": said.url,
        "starts_at": said.starts_at,
        "stream": stream,
    }


def fits(route: Route, said: e.AlertReceived) -> bool:
    """Whether the route takes such an alert."""
    return all(condition.holds(_label(said, condition.label)) for condition in route.match)


def starts(route: Route, status: str) -> bool:
    """Whether an alert of that status may start something on the route: firing, or what the route asks for."""
    asked = any(condition.label == "status" for condition in route.match)
    return status != "resolved" and (asked or status == FIRING)


def _label(said: e.AlertReceived, name: str) -> str:
    match name:
        case "alertname":
            return said.labels.get(name) or said.name
        case "intake":
            return said.intake
        case "status":
            return said.status
        case _:
            return said.labels.get(name, "")


def taken_by(routes: Iterable[Route], said: e.AlertReceived) -> list[Route]:
    """The routes that get an alert: the first one that fits, and those after it as long as they say so."""
    found: list[Route] = []
    for route in routes:
        if fits(route, said):
            found.append(route)
            if not route.further:
                break
    return found


def meaning(route: Route, runbook: Runbook, said: e.AlertReceived) -> Meant | Refused:
    """What the alert means on a route that it fits."""
    alert = {"alert": names_of(said)}
    try:
        key = _key([evaluate(path, alert) for path in route.key]) if route.key else said.fingerprint
        by = _key([evaluate(path, alert) for path in route.storm.by]) if route.storm else ""
    except TemplateError as problem:
        return Refused(f"the key cannot be told: {problem.message}"[: 2 * WORDS])
    given, wrong = values(route, runbook, said)
    if wrong:
        return Refused("; ".join(f"{name}: {why}"[:WORDS] for name, why in wrong.items()))
    return _held(route, runbook, given, key, by, said)


def values(route: Route, runbook: Runbook, said: e.AlertReceived) -> tuple[dict[str, Any], dict[str, str]]:
    """The inputs that the alert gives on a route, by name, and why others cannot be had from it.

    The list input of a storm holds one item here, and is not a list.
    """
    alert = {"alert": names_of(said)}
    given: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, spec in runbook.inputs.items():
        listed = route.storm is not None and route.storm.input == name
        schema = spec.schema.get("items", {}) if listed else spec.schema
        try:
            found, value = _value(route, spec, schema, alert)
        except ValueError as problem:
            wrong[name] = str(problem)
            continue
        unfit = problems(schema, value) if found else ()
        if unfit:
            wrong[name] = "; ".join(unfit)
        elif found:
            given[name] = value
    return given, wrong


def _held(
    route: Route, runbook: Runbook, given: dict[str, Any], key: str, by: str, said: e.AlertReceived
) -> Meant | Refused:
    """The inputs as a whole; those of a storm as if it were of this alert alone."""
    item = None
    if route.storm is not None:
        if route.storm.input not in given:
            return Refused(f"{route.storm.input}: the alert does not say what it would add to the list")
        item = given[route.storm.input]
        given = {**given, route.storm.input: [item]}
    try:
        inputs = inputs_of(runbook, given, texts=False)
    except UsageError as problem:
        return Refused(problem.message.removeprefix("the inputs do not fit: ")[: 2 * WORDS])
    return Meant(key, by if route.storm else key, inputs, item, said.labels.get("service", ""))


def _value(route: Route, spec: Input, schema: Mapping[str, Any], alert: Mapping[str, Any]) -> tuple[bool, Any]:
    """The value of an input, and whether there is one. Raises ValueError with a sentence."""
    source = route.inputs.get(spec.name, spec.source)
    if isinstance(source, Fixed):
        return True, source.value
    if not source:
        return False, None
    try:
        value = evaluate(source, alert)
    except TemplateError as problem:
        if spec.required:
            raise ValueError(problem.message) from None
        return False, None
    return True, from_text(schema, value) if isinstance(value, str) else value


def _key(parts: list[Any]) -> str:
    """A key that people can read, where it is short and plain."""
    text = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else json.dumps(parts, sort_keys=True)
    if len(text) <= LONGEST and text.isprintable():
        return text
    import hashlib  # noqa: PLC0415 only for keys that are long

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
