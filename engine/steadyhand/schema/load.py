"""From a document's text to a runbook, or to everything that is wrong with it. Called by the desk; knows no file."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any

from msgspec import Struct

from .. import model as m
from ..errors import Diagnostic, Severity
from ..model import HandlerSpec
from ..source import Mapping, Node, Scalar, Sequence, builtin, parse
from .fields import Field
from .operations import Operations
from .reader import Reader, near
from .references import check_names, check_places
from .secrets import read_secrets
from .steps import Steps
from .tables import RUNBOOK
from .targets import read_places
from .values import KEYWORDS, problems, schema_problems

FORMAT = 1
"""The version of the document format that is read here."""


class Loaded(Struct, frozen=True):
    """A document as read: the runbook (None when any finding is an error), and all findings sorted by place."""

    runbook: m.Runbook | None
    diagnostics: tuple[Diagnostic, ...]


def read(text: str | bytes, name: str, specs: Map[str, HandlerSpec]) -> Loaded:
    """Read a runbook. `name` is what findings call the text; `specs` are the step kinds there are."""
    root, found = parse(text, name)
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    reader = Reader(decoded, name)
    reader.found.extend(found)
    runbook = _Document(reader, specs).read(root, decoded) if root is not None else None
    diagnostics = tuple(sorted(set(map(_Ordered, reader.found)), key=lambda o: o.key))
    invalid = any(d.found.severity is Severity.ERROR for d in diagnostics)
    return Loaded(None if invalid else runbook, tuple(d.found for d in diagnostics))


class _Ordered:
    """A finding that sorts by place and is told apart by place, code and message."""

    def __init__(self, found: Diagnostic) -> None:
        self.found = found
        self.key = (found.span.line, found.span.column, found.code, found.message)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Ordered) and self.key == other.key


class _Document:
    """One runbook document being read."""

    def __init__(self, reader: Reader, specs: Map[str, HandlerSpec]) -> None:
        self._reader = reader
        self._specs = specs
        self._operations = Operations(reader, specs)
        self._steps = Steps(reader, self._operations, specs)

    def read(self, root: Node, text: str) -> m.Runbook | None:
        mapping = self._reader.mapping(root, "a runbook")
        if mapping is None:
            return None
        if not self._version(mapping):
            return None
        given = self._reader.fields(mapping, "runbook", "a runbook")
        plain = self._plain(given)
        steps = self._steps.graph(given["steps"], "`steps`") if "steps" in given else {}
        if not steps or "name" not in plain or "title" not in plain:
            return None
        severity = plain.get("severity")
        runbook = m.Runbook(
            name=plain["name"],
            title=plain["title"],
            steps=steps,
            text=text,
            description=plain.get("description", ""),
            severity=m.Incidence(severity) if severity else None,
            services=tuple(plain.get("services", ())),
            alerts=tuple(plain.get("alerts", ())),
            owner=plain.get("owner", ""),
            updated=plain.get("updated", ""),
            links=self._links(given.get("links")),
            symptoms=tuple(plain.get("symptoms", ())),
            impact=plain.get("impact", {}),
            inputs=self._inputs(given.get("inputs")),
            secrets=read_secrets(self._reader, given.get("secrets")),
            targets=read_places(self._reader, self._specs, given.get("targets")),
            requires=m.Requires(**{k: tuple(v) for k, v in plain.get("requires", {}).items()}),
            escalation=m.Escalation(**plain.get("escalation", {})),
            limits=m.Limits(**plain.get("limits", {})),
            within=plain.get("within", 0),
        )
        check_names(self._reader, runbook, given)
        check_places(self._reader, runbook, self._operations.found, self._specs)
        return runbook

    def _version(self, mapping: Mapping) -> bool:
        version = mapping.get("steadyhand")
        if version is None:
            return True  # the missing key is reported with the others
        if isinstance(version, Scalar) and version.value == FORMAT and not isinstance(version.value, bool):
            return True
        shown = version.text if isinstance(version, Scalar) else "this"
        hint = f"write `steadyhand: {FORMAT}`, or install the version of Steadyhand that reads it"
        self._reader.say("SH105", version.span, f"the format version is {FORMAT} here, and not {shown}", hint)
        return False

    def _plain(self, given: Map[str, Node]) -> dict[str, Any]:
        special = {"steps", "inputs", "secrets", "targets", "links", "steadyhand"}
        values: dict[str, Any] = {}
        for field in RUNBOOK:
            if field.name in given and field.name not in special:
                value = self._reader.value(field, given[field.name])
                if value is not None:
                    values[field.name] = value
        if "escalation" in given:
            self._operations.templates(given["escalation"])
        return values

    def _links(self, node: Node | None) -> tuple[m.Link, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self._reader.say("SH103", node.span, "`links` must be a list", "write [{title: ..., url: ...}]")
            return ()
        read = [self._reader.object("link", item, "a link") for item in node.items]
        return tuple(m.Link(**link) for link in read if link is not None and {"title", "url"} <= link.keys())

    # --- inputs

    def _named(self, node: Node | None, what: str) -> list[tuple[Scalar, Mapping]]:
        """The entries of a map of named objects."""
        mapping = self._reader.mapping(node, f"`{what}`") if node is not None else None
        entries: list[tuple[Scalar, Mapping]] = []
        for key, value in mapping.entries if mapping else ():
            self._reader.scalar(Field(f"a name in `{what}`", "name", "", "host"), key)
            inner = self._reader.mapping(value, f"`{key.text}`")
            if inner is not None:
                entries.append((key, inner))
        return entries

    def _inputs(self, node: Node | None) -> dict[str, m.Input]:
        return {key.text: self._input(key.text, value) for key, value in self._named(node, "inputs")}

    def _input(self, name: str, node: Mapping) -> m.Input:
        value: dict[str, Any] = builtin(node)
        source = value.pop("from", "")
        optional = "default" in value or value.pop("required", True) is False
        wrong = schema_problems(value)
        for keyword, problem in wrong:
            inner = node.get(keyword)
            key = next((k.span for k, _ in node.entries if k.text == keyword), node.span)
            unknown = keyword not in KEYWORDS
            hint = near(keyword, [*KEYWORDS, "from", "required"], "keywords") if unknown else ""
            self._reader.say("SH601", inner.span if inner is not None and not unknown else key, problem, hint)
        if "default" in value and not wrong:
            default = node.get("default")
            for problem in problems(value, value["default"]):
                self._reader.say(
                    "SH602", default.span if default else node.span, f"the default does not fit: {problem}"
                )
        return m.Input(
            name=name,
            schema=value,
            source=str(source),
            default=value.get("default"),
            required=not optional,
            description=str(value.get("description", "")),
        )
