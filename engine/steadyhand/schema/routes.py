"""Reads which alerts start which runbooks, and what the services need. For the settings.

What can be told from the settings alone is told here: patterns, expressions, names that stand twice, routes that can
never be reached. Whether the runbooks take what they are given is held against the library (app/routebook.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from ..errors import Severity, Span
from ..expressions import TemplateError, check_expression, expression_names, patterns
from ..model import NOWHERE, SECOND
from ..source import Mapping as Map
from ..source import Node, Scalar, Sequence, builtin
from .reader import Reader, kind_of
from .routed import MODES
from .tables import TABLES

FIRING, ACKNOWLEDGED = "firing", "acknowledged"
STATUSES = (FIRING, ACKNOWLEDGED)
"""What `match: {status: ...}` may ask for: an alert that is resolved starts nothing."""


class Condition(Struct, frozen=True):
    """What one label must be: one of these texts, or what the pattern matches somewhere."""

    label: str
    texts: tuple[str, ...] = ()
    pattern: str = ""

    def holds(self, text: str) -> bool:
        """Whether a label that says so fits."""
        if not self.pattern:
            return text in self.texts
        return patterns.compiled(self.pattern).search(text[: patterns.LONGEST]) is not None

    def covers(self, other: Condition) -> bool:
        """Whether all that fits the other one certainly fits this."""
        if other.pattern:
            return self.pattern == other.pattern
        return all(self.holds(text) for text in other.texts)


class Fixed(Struct, frozen=True):
    """An input that is the same for every alert."""

    value: Any


class Storm(Struct, frozen=True):
    """How many alerts become one run. `within` is microseconds."""

    input: str
    within: int = 30 * SECOND
    by: tuple[str, ...] = ()
    most: int = 10


class Route(Struct, frozen=True):
    """Which alerts start which runbook, and how often. Times are microseconds, 0 for none; so is `per_hour`.

    `inputs` are expressions over the alert, or Fixed; `implied` says that the runbook's own `alerts:` make the route.
    """

    name: str
    runbook: str
    match: tuple[Condition, ...] = ()
    inputs: Mapping[str, str | Fixed] = field(default_factory=dict)
    mode: str = MODES[0]
    key: tuple[str, ...] = ()
    cool_down: int = 0
    once_within: int = 0
    once_after: int = 0
    count: int = 0
    within: int = 0
    per_hour: int = 0
    priority: int = 0
    storm: Storm | None = None
    further: bool = False
    implied: bool = False
    span: Span = NOWHERE
    spans: Mapping[str, Span] = field(default_factory=dict)

    def covers(self, other: Route) -> bool:
        """Whether every alert that fits the other one certainly fits this one."""
        theirs = {condition.label: condition for condition in other.match}
        return all(c.label in theirs and c.covers(theirs[c.label]) for c in self.match)


def read_routes(reader: Reader, node: Node | None) -> tuple[Route, ...] | None:
    """The routes in the order in which they are asked; None where the settings say nothing of routes."""
    if node is None:
        return None
    if not isinstance(node, Sequence):
        hint = "write [{name: errors, match: {alertname: HighErrors}, runbook: service-errors}]"
        reader.say("SH103", node.span, f"`routes` must be a list, and is {kind_of(node)}", hint)
        return ()
    found: list[Route] = []
    for item in node.items:
        one = _route(reader, item)
        if one is not None:
            if any(one.name == other.name for other in found):
                hint = "give each a name of its own: what was started goes by it"
                reader.say("SH201", one.span, f"there is another route `{one.name}`", hint)
            found.append(one)
    ordered = tuple(sorted(found, key=lambda route: -route.priority))
    for route, above in _shadowed(ordered):
        hint = f"put it before `{above.name}`, give it a higher `priority`, or say `continue: true` there"
        message = f"route `{route.name}` never gets an alert: `{above.name}` takes all that fit it"
        reader.say("SH711", route.span, message, hint, "its runbook would never be started", Severity.WARNING)
    return ordered


def _shadowed(routes: tuple[Route, ...]) -> Iterator[tuple[Route, Route]]:
    for at, route in enumerate(routes):
        above = next((one for one in routes[:at] if not one.further and one.covers(route)), None)
        if above is not None and _may_start(above, route):
            yield route, above


def _may_start(above: Route, route: Route) -> bool:
    """Whether the one above takes those that are acknowledged, if the one below asks for them."""
    asks = any(condition.label == "status" and condition.holds(ACKNOWLEDGED) for condition in route.match)
    return not asks or any(condition.label == "status" for condition in above.match)


def _route(reader: Reader, node: Node) -> Route | None:
    mapping = reader.mapping(node, "a route")
    if mapping is None:
        return None
    given = reader.fields(mapping, "route", "a route")
    own: Mapping[str, Callable[[Node], Any]] = {
        "match": lambda inner: _conditions(reader, inner),
        "inputs": lambda inner: _inputs(reader, inner),
        "key": lambda inner: _paths(reader, "key", inner),
        "storm": lambda inner: _storm(reader, inner),
    }
    known = {row.name: row for row in TABLES["route"]}
    values = {
        name: own[name](inner) if name in own else reader.value(known[name], inner) for name, inner in given.items()
    }
    values = {name: value for name, value in values.items() if value is not None}
    if "name" not in values or "runbook" not in values:
        return None
    amount = values.pop("accumulate", {})
    if not {"count", "within"} <= amount.keys():
        amount = {}
    further = values.pop("continue", False)
    if "storm" in values and ("once_after" in values or amount):
        name = "once_after" if "once_after" in values else "accumulate"
        hint = "leave it out: `storm.within` says for how long alerts are gathered"
        reader.say("SH201", given[name].span, f"`{name}` and `storm` both gather alerts", hint)
    spans = {name: inner.span for name, inner in given.items()}
    if isinstance(given.get("inputs"), Map):
        spans |= {f"inputs.{key.text}": key.span for key, _ in given["inputs"].entries}  # type: ignore[union-attr]  # it is a map
    return Route(
        **values,
        further=further,
        count=amount.get("count", 0),
        within=amount.get("within", 0),
        span=given["name"].span,
        spans=spans,
    )


# --- match


def _conditions(reader: Reader, node: Node) -> tuple[Condition, ...]:
    mapping = reader.mapping(node, "`match`")
    found = [_condition(reader, key, value) for key, value in (mapping.entries if mapping else ())]
    return tuple(one for one in found if one is not None)


def _condition(reader: Reader, key: Scalar, value: Node) -> Condition | None:
    if isinstance(value, Map):
        return _pattern(reader, key, value)
    items = value.items if isinstance(value, Sequence) else (value,)
    read = [reader.text(item, f"`{key.text}`") for item in items]
    texts = tuple(text for text in read if text is not None)
    if not items:
        reader.say("SH201", value.span, f"nothing is one of no texts: `{key.text}` never fits", "list at least one")
    if key.text == "status":
        for item in items:
            if isinstance(item, Scalar) and item.text not in STATUSES:
                hint = f"statuses: {', '.join(STATUSES)}; what is resolved goes to the run that the alert has led to"
                reader.say("SH201", item.span, f"an alert that is {item.text!r} starts no run", hint)
    return Condition(key.text, texts) if texts else None


def _pattern(reader: Reader, key: Scalar, value: Map) -> Condition | None:
    for other, _ in value.entries:
        if other.text != "matches":
            reader.unknown(other, ["matches"], f"`{key.text}` has no key `{other.text}`")
    inner = value.get("matches")
    if inner is None:
        reader.say("SH102", value.span, f"`{key.text}` needs a text, a list of texts, or `matches`", "write `prod`")
        return None
    text = reader.text(inner, "`matches`")
    if text is None:
        return None
    try:
        patterns.compiled(text)
    except TemplateError as problem:
        reader.say("SH201", inner.span, problem.message, problem.hint or "write a regular expression, as in ^orders-")
        return None
    return Condition(key.text, pattern=text)


# --- expressions over the alert


def path_problem(source: str) -> tuple[str, str]:
    """What is wrong with an expression over an alert, and what to write instead; two empty texts when nothing is."""
    for problem in check_expression(source):
        return problem.message, problem.hint
    names = expression_names(source)
    other = next((name for name in names if name.split(".")[0] != "alert"), "")
    if other or not names:
        said = f"`{other}` is not known where an alert is routed" if other else f"{source!r} says nothing of the alert"
        return said, "begin with `alert.`, as in alert.labels.instance"
    wrong = next((name for name in names if not _known(name)), "")
    return (f"an alert has no `{wrong}`", f"it has {', '.join(ALERT)}") if wrong else ("", "")


ALERT = (
    "labels", "annotations", "details", "name", "status", "severity", "fingerprint", "intake", "source", "group", "url",
    "starts_at",
)  # fmt: skip
"""What there is behind `alert.` where an alert is routed."""


def _known(name: str) -> bool:
    parts = name.split(".")
    return len(parts) > 1 and parts[1] in ALERT


def _path(reader: Reader, node: Node, what: str) -> str | None:
    text = reader.text(node, what)
    if text is None:
        return None
    message, hint = path_problem(text)
    if message:
        reader.say("SH501", node.span, f"{what}: {message}", hint)
        return None
    return text


def _paths(reader: Reader, name: str, node: Node) -> tuple[str, ...] | None:
    if not isinstance(node, Sequence):
        message = f"`{name}` must be a list, and is {kind_of(node)}"
        reader.say("SH103", node.span, message, "write [alert.labels.service]")
        return None
    found = [_path(reader, item, f"`{name}`") for item in node.items]
    return tuple(path for path in found if path is not None)


def _inputs(reader: Reader, node: Node) -> dict[str, str | Fixed]:
    mapping = reader.mapping(node, "`inputs`")
    found: dict[str, str | Fixed] = {}
    for key, value in mapping.entries if mapping else ():
        if isinstance(value, Map):
            for other, _ in value.entries:
                if other.text != "value":
                    reader.unknown(other, ["value"], f"`{key.text}` has no key `{other.text}`")
            if value.get("value") is None:
                hint = "write `{value: ...}`, or an expression such as alert.labels.instance"
                reader.say("SH102", value.span, f"`{key.text}` needs a value", hint)
            else:
                found[key.text] = Fixed(builtin(value)["value"])
        elif (path := _path(reader, value, f"`{key.text}`")) is not None:
            found[key.text] = path
    return found


def _storm(reader: Reader, node: Node) -> Storm | None:
    mapping = reader.mapping(node, "`storm`")
    if mapping is None:
        return None
    given = reader.fields(mapping, "storm", "`storm`")
    known = {row.name: row for row in TABLES["storm"]}
    by = _paths(reader, "by", given["by"]) if "by" in given else ()
    plain = {name: reader.value(known[name], inner) for name, inner in given.items() if name != "by"}
    values = {name: value for name, value in plain.items() if value is not None}
    return Storm(**values, by=by or ()) if "input" in values else None


# --- services


def read_services(reader: Reader, node: Node | None) -> dict[str, tuple[str, ...]]:
    """What each service needs."""
    mapping = reader.mapping(node, "`services`") if node is not None else None
    found: dict[str, tuple[str, ...]] = {}
    for key, value in mapping.entries if mapping else ():
        known = reader.object("service", value, f"`{key.text}`")
        found[key.text] = tuple((known or {}).get("needs") or ())
    for key, _ in mapping.entries if mapping else ():
        around = _circle(found, key.text)
        if around:
            hint = "leave out the one that works without the other"
            reader.say("SH201", key.span, f"{key.text} needs itself: {' -> '.join(around)}", hint)
    return found


def _circle(needs: Mapping[str, tuple[str, ...]], service: str) -> tuple[str, ...]:
    """The way from a service back to itself; empty when there is none."""
    waiting: list[tuple[str, ...]] = [(service,)]
    seen = {service}
    while waiting:
        way = waiting.pop()
        for other in needs.get(way[-1], ()):
            if other == service:
                return (*way, service)
            if other not in seen:
                seen.add(other)
                waiting.append((*way, other))
    return ()


def ranks(needs: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """How deep what a service needs goes: what needs nothing is 0. Circles are cut where they close."""
    found: dict[str, int] = {}
    for service in [*needs, *(other for others in needs.values() for other in others)]:
        _rank(needs, service, found)
    return found


def _rank(needs: Mapping[str, tuple[str, ...]], service: str, found: dict[str, int]) -> None:
    waiting = [service]
    begun: set[str] = set()
    while waiting:
        one = waiting[-1]
        begun.add(one)
        later = [other for other in needs.get(one, ()) if other not in found and other not in begun]
        if one not in found and later:
            waiting.extend(later)
            continue
        waiting.pop()
        found.setdefault(one, 1 + max((found.get(other, 0) for other in needs.get(one, ())), default=-1))
