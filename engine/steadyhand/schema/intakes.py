"""Reads `intake:` of the settings: who may post alerts here, how they are recognised, and where things stand in a body.

An intake that recognises nobody is refused, unless it says in words why that is right. Called by settings.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, field

from ..expressions import TemplateError
from ..source import Mapping as MapNode
from ..source import Node
from .fields import Field
from .incoming import STATUSES
from .reader import Reader, near
from .tables import TABLES

SIGNING = ("pagerduty", "grafana", "generic")
"""Senders that can sign."""
MAPPED = ("generic", "cloudevents")
"""Senders whose bodies mean what a mapping says."""
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


class Shape(Struct, frozen=True):
    """Where in a body things stand: JSONPath, or (what does not begin with `$`) the text itself. '' is not said.

    `labels` and `annotations` are a path to a map, or a map of name to path.
    """

    each: str = ""
    name: str = ""
    status: str = ""
    fingerprint: str = ""
    identity: str = ""
    starts_at: str = ""
    ends_at: str = ""
    group: str = ""
    url: str = ""
    labels: str | Mapping[str, str] = ""
    annotations: str | Mapping[str, str] = ""


class IntakeSpec(Struct, frozen=True):
    """One intake. `token`, `signature` and `password` are names of secrets, of which one must fit."""

    name: str
    source: str
    token: tuple[str, ...] = ()
    header: str = ""
    signature: tuple[str, ...] = ()
    signature_header: str = ""
    timestamp_header: str = ""
    user: str = ""
    password: tuple[str, ...] = ()
    open: str = ""
    url: str = ""
    mapping: Shape = Shape()
    statuses: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of all secrets that it is recognised by."""
        return (*self.token, *self.signature, *self.password)


def read_intakes(reader: Reader, node: Node | None, secrets: Collection[str]) -> dict[str, IntakeSpec]:
    """The intakes by name; `secrets` are the names that may be used."""
    mapping = reader.mapping(node, "`intake`") if node is not None else None
    found: dict[str, IntakeSpec] = {}
    for key, value in mapping.entries if mapping else ():
        reader.scalar(Field("a name in `intake`", "slug", "", "alertmanager"), key)
        what = f"intake `{key.text}`"
        values = reader.object("intake", value, what)
        if values is None or "source" not in values or not isinstance(value, MapNode):
            continue
        where = {one.text: inner for one, inner in value.entries}
        _recognised(reader, what, values, value)
        _fitting(reader, values, where)
        names_of_secrets(reader, values, where, ("token", "signature"), secrets)
        basic, inner = values.get("basic") or {}, where.get("basic")
        if isinstance(inner, MapNode):
            names_of_secrets(reader, basic, {k.text: v for k, v in inner.entries}, ("password",), secrets)
        found[key.text] = IntakeSpec(
            name=key.text,
            source=values["source"],
            token=tuple(values.get("token") or ()),
            header=values.get("header") or "",
            signature=tuple(values.get("signature") or ()),
            signature_header=values.get("signature_header") or "",
            timestamp_header=values.get("timestamp_header") or "",
            user=basic.get("user", ""),
            password=tuple(basic.get("password") or ()),
            open=values.get("open") or "",
            url=values.get("url") or "",
            mapping=_shape(reader, values, where),
            statuses=_statuses(reader, values, where),
        )
    return found


def _recognised(reader: Reader, what: str, values: Mapping[str, Any], node: Node) -> None:
    asks = any(values.get(name) for name in ("token", "signature", "basic"))
    said = (values.get("open") or "").strip()
    if asks and said:
        hint = "remove `open`, or what it asks for"
        reader.say("SH201", node.span, f"{what} asks who sends, and is open: {said}", hint)
    elif not asks and len(said.split()) < 2:
        hint = "add `token: [name of a secret]`, or say why not: `open: only this machine can reach it`"
        message = f"{what} would take alerts from anybody" if not said else f"{what} is open, and does not say why"
        reader.say("SH701", node.span, message, hint, "whoever reaches the server could start runs")


def _fitting(reader: Reader, values: Mapping[str, Any], where: Mapping[str, Node]) -> None:
    """Keys that mean something to this sender."""
    source = values["source"]
    if values.get("signature") and source not in SIGNING:
        hint = "use `token` or `basic`, and have the sender show it"
        reader.say("SH201", where["signature"].span, f"{source} does not sign what it sends", hint)
    if values.get("token") and values.get("basic") and "header" not in values:
        hint = "give the token a header of its own: `header: X-Api-Key`"
        reader.say("SH201", where["basic"].span, "`token` and `basic` both use the header Authorization", hint)
    for name, needs in (("header", "token"), ("signature_header", "signature"), ("timestamp_header", "signature")):
        if name in values and not values.get(needs):
            reader.say("SH102", where[name].span, f"`{name}` needs `{needs}`", f"add `{needs}: [name of a secret]`")
        if name in values and not HEADER.fullmatch(values[name]):
            reader.say("SH201", where[name].span, f"{values[name]!r} is no name of a header", "write one, as X-Api-Key")
    if "timestamp_header" in values and source != "grafana":
        reader.say("SH201", where["timestamp_header"].span, f"{source} signs no time", "remove it")
    if source not in MAPPED:
        for name in ("mapping", "statuses"):
            if name in values:
                reader.say(
                    "SH201", where[name].span, f"what {source} sends is known: `{name}` is not read", "remove it"
                )
    elif source == "generic" and not (values.get("mapping") or {}).get("name"):
        hint = "add `mapping: {name: $.title}`"
        reader.say("SH102", where["source"].span, "a generic intake needs `mapping` with a `name`", hint)


def names_of_secrets(
    reader: Reader,
    values: Mapping[str, Any],
    where: Mapping[str, Node],
    keys: Collection[str],
    secrets: Collection[str],
) -> None:
    """A finding for each name that is no secret of the settings."""
    for key in keys:
        for name in values.get(key) or ():
            if name not in secrets:
                hint = near(name, secrets, "secrets") if secrets else f"declare it: `secrets: {{{name}: {{env: X}}}}`"
                reader.say("SH304", where[key].span, f"there is no secret `{name[:80]}`", hint)


def _shape(reader: Reader, values: Mapping[str, Any], where: Mapping[str, Node]) -> Shape:
    given, node = values.get("mapping") or {}, where.get("mapping")
    inner = {key.text: value for key, value in node.entries} if isinstance(node, MapNode) else {}
    for one in TABLES["mapping"]:
        value = given.get(one.name)
        if isinstance(value, dict):
            given[one.name] = value = {str(k): str(v) for k, v in value.items()}
        elif value is not None and not isinstance(value, str):
            reader.say("SH103", inner[one.name].span, f"`{one.name}` must be a path, or a map of paths")
            given[one.name] = value = ""
        for path in (value or {}).values() if isinstance(value, dict) else (value,):
            if path and path.startswith("$"):
                _path(reader, inner[one.name], path)
    return Shape(**given)


def _path(reader: Reader, node: Node, path: str) -> None:
    from ..expressions.jsonpath import parsed  # noqa: PLC0415 only where an intake has a mapping

    try:
        parsed(path)
    except TemplateError as problem:
        reader.say("SH502", node.span, problem.message, problem.hint)


def _statuses(reader: Reader, values: Mapping[str, Any], where: Mapping[str, Node]) -> dict[str, str]:
    given = values.get("statuses") or {}
    for word, meant in given.items():
        if meant not in STATUSES:
            message = f"`{word}` cannot mean {meant[:40]!r}"
            reader.say("SH201", where["statuses"].span, message, near(meant, STATUSES))
    return {word.casefold(): meant for word, meant in given.items() if meant in STATUSES}
