"""Test documents (`*.test.yaml`): what the world does and what must come of it. Pure.

What a document says of names is held against its runbook in `checking.py`; here it is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from ..errors import Diagnostic, Span
from ..expressions import check_expect
from ..model.runbook import NOWHERE
from ..schema.fields import Field
from ..schema.reader import Reader, kind_of, near
from ..schema.tables import TABLES
from ..source import Mapping as MapNode
from ..source import Node, Scalar, Sequence, builtin, parse, parse_duration
from .world import Came, Said

T = TypeVar("T")

CODES: dict[str, tuple[str, str]] = {
    "ST001": ("test document", "The test cannot be read as it is meant, so it would prove nothing."),
    "ST002": ("unknown name in a test", "What a test says of a name that the runbook does not have is never heard."),
    "ST003": ("impossible in a test", "It cannot happen in this runbook, so the test could only fail."),
    "ST004": ("inputs of a test", "No run would take these inputs."),
}
SPECIAL = {
    "pass": Came("pass"), "fail": Came("fail"), "error": Came("error"), "unsure": Came("error", unsure=True),
    "crash": Came(crash=True),
}  # fmt: skip
"""What comes of an attempt, in one word. `unsure`: nobody knows what it did; `crash`: the engine dies meanwhile."""
BESIDE = tuple(field.name for field in TABLES["came"])
"""Words that may stand beside the values which a handler returns."""
OUTCOMES = ("pass", "fail", "error")

Turn = Said | tuple[Said, ...]
"""What is said to one opening of a gate."""
Where = tuple[str, ...]


class Stop(Struct, frozen=True):
    """A person stops the run, so long after its start."""

    by: str = "somebody"
    after: int = 0
    reason: str = ""


class Case(Struct, frozen=True):
    """One test: a script, and what is expected. `steps` give what comes of each attempt at a path, in turn.

    `contacts`, `targets`, `channels` and `secrets` are added to those of the settings. `places` are those of all that
    the case says, by the keys that lead there.
    """

    name: str
    span: Span
    inputs: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "guided"
    by: str = "tester"
    steps: Mapping[str, tuple[Came, ...]] = field(default_factory=dict)
    answers: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)
    crash_after: tuple[int, ...] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    channels: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    alert: Mapping[str, Any] = field(default_factory=dict)
    stop: Stop | None = None
    places: Mapping[Where, Span] = field(default_factory=dict)


class TestDocument(Struct, frozen=True):
    """A test document: the runbook it is for (a path beside it, or ''), its cases, and the text they were read from.

    `span` is the place where the runbook is named, or the beginning.
    """

    runbook: str
    cases: tuple[Case, ...]
    name: str = ""
    text: str = ""
    span: Span = NOWHERE


def read_tests(text: str | bytes, name: str) -> tuple[TestDocument | None, tuple[Diagnostic, ...]]:
    """The cases of a test document, and everything that is wrong with it."""
    root, found = parse(text, name)
    if root is None and not text.strip():
        found = tuple(replace(one, hint="begin with `tests:` and a name below it") for one in found)
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    reader = Reader(decoded, name)
    reader.found.extend(found)
    document = Cases(reader).document(root, decoded) if root is not None else None
    findings = tuple(sorted(reader.found, key=lambda d: (d.span, d.code)))
    return (None if findings else document), findings


class Cases:
    """Reads the special fields of a test; everything else is in the tables."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def document(self, root: Node, text: str) -> TestDocument | None:
        """The whole document; None when it is no map."""
        mapping = self._reader.mapping(root, "a test document")
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "test", "a test document")
        tests = self._reader.mapping(given.get("tests"), "`tests`")
        runbook = self._reader.text(given["runbook"], "`runbook`") if "runbook" in given else ""
        cases = tuple(self._case(*entry) for entry in (tests.entries if tests else ()))
        if tests is not None and not cases:
            self._say(tests, "there is no test in `tests`", "write `name: {steps: ..., expect: ...}` below it")
        span = given["runbook"].span if "runbook" in given else mapping.span
        return TestDocument(runbook or "", cases, self._reader.name, text, span)

    def _case(self, key: Scalar, node: Node) -> Case:
        mapping = self._reader.mapping(node, f"test `{key.text}`")
        if mapping is None:
            return Case(key.text, key.span)
        given = self._reader.fields(mapping, "case", f"test `{key.text}`")
        known = {field.name: field for field in TABLES["case"]}
        read: dict[str, Any] = {
            name: self._reader.value(known[name], child)
            for name, child in given.items()
            if known[name].type in {"map", "text"}
        }
        plain = {name: value for name, value in read.items() if value is not None}
        if "stop" in given:
            plain["stop"] = Stop(**(self._reader.object("stopped", given["stop"], "`stop`") or {}))
        if "roles" in plain:
            plain["roles"] = {role: tuple(people) for role, people in plain["roles"].items()}
        return Case(
            name=key.text,
            span=key.span,
            steps=self._turns(given.get("steps"), "`steps`", self._came),
            answers=self.answers(given.get("answers")),
            crash_after=self._counts(given.get("crash_after")),
            expect=self._expected(given.get("expect")),
            places=dict(_places(mapping, ())),
            **plain,
        )

    def answers(self, node: Node | None) -> dict[str, tuple[Turn, ...]]:
        """What people answer, by gate: a list in the list is all said to one opening."""
        return self._turns(node, "`answers`", self._turn)

    def _turns(self, node: Node | None, what: str, one: Callable[[Node], T]) -> dict[str, tuple[T, ...]]:
        mapping = self._reader.mapping(node, what)
        return {
            key.text: tuple(one(item) for item in (value.items if isinstance(value, Sequence) else (value,)))
            for key, value in (mapping.entries if mapping else ())
        }

    def _say(self, node: Node, message: str, hint: str) -> None:
        self._reader.say("ST001", node.span, message, hint, CODES["ST001"][1])

    def _came(self, node: Node) -> Came:
        """`fail`, or the values that the handler returns, with words of the table `came` beside them."""
        if isinstance(node, Scalar) and node.text in SPECIAL:
            return SPECIAL[node.text]
        if not isinstance(node, MapNode):
            self._say(node, f"{kind_of(node)} is no outcome", f"write {', '.join(SPECIAL)}, or a map of values")
            return Came()
        given: dict[str, Any] = builtin(node)
        beside = {name: given.pop(name) for name in BESIDE if name in given}
        self._judge_beside(node, beside)
        error = str(beside.get("error", ""))
        inner = beside.get("values")
        return Came(
            outcome="error" if error else str(beside.get("outcome", "")),
            values={**given, **(inner if isinstance(inner, dict) else {})},
            reason=str(beside.get("reason", "")),
            unsure=beside.get("unsure") is True,
            after=parse_duration(str(beside.get("after", "0s"))) or 0,
            crash=beside.get("crash") is True,
            error=error,
            facts=beside.get("facts"),
        )

    def _judge_beside(self, node: MapNode, beside: Mapping[str, Any]) -> None:
        """What is wrong with the words that stand beside the values."""
        outcome, error = beside.get("outcome", ""), beside.get("error", "")
        errors = next(field.choices for field in TABLES["came"] if field.name == "error")
        if outcome not in {"", *OUTCOMES}:
            self._say(node, f"{outcome!r} is no outcome", "write pass, fail or error")
        if "after" in beside and parse_duration(str(beside["after"])) is None:
            self._say(node, f"{beside['after']!r} is no duration", "write such as 20s or 5m")
        if error and error not in errors:
            self._say(node, f"{error!r} is no failure", near(str(error), errors, "failures"))
        if error and outcome not in {"", "error"}:
            self._say(node, f"the outcome of {error} is `error`, not `{outcome}`", "leave `outcome` out")
        for name in ("unsure", "crash"):
            if not isinstance(beside.get(name, False), bool):
                self._say(node, f"`{name}` is true or false", f"write `{name}: true`")
        if beside.get("unsure") is True and not error and outcome != "error":
            self._say(node, "`unsure` goes with an error", "write `error: TimedOut` or `outcome: error` beside it")
        for name in ("facts", "values"):
            if not isinstance(beside.get(name, {}), dict):
                self._say(node, f"`{name}` must be a map", f"write `{name}: {{name: value}}`")

    def _turn(self, node: Node) -> Turn:
        if isinstance(node, Sequence):
            return tuple(self._said(item) for item in node.items)
        return self._said(node)

    def _said(self, node: Node) -> Said:
        given = self._reader.object("said", node, "an answer") or {}
        return Said(
            given.get("answer", "answer" if "value" in given else ""),
            given.get("by", "somebody"),
            given.get("after", 0),
            given.get("value"),
            given.get("comment", ""),
        )

    def _counts(self, node: Node | None) -> tuple[int, ...]:
        found = builtin(node) if node is not None else ()
        counts = found if isinstance(found, (list, tuple)) else (found,)
        if node is not None and not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in counts):
            self._say(node, "`crash_after` counts events", "write a whole number from 1, or a list of them")
            return ()
        return tuple(counts)

    def _expected(self, node: Node | None) -> dict[str, Any]:
        mapping = self._reader.mapping(node, "`expect`")
        if mapping is None:
            return {}
        given = self._reader.fields(mapping, "expected", "`expect`")
        known = {field.name: field for field in TABLES["expected"]}
        return {name: value for name, child in given.items() if (value := self._value(known[name], child)) is not None}

    def _value(self, field: Field, node: Node) -> Any:
        if field.type == "texts":
            return self._texts(node, f"`{field.name}`")
        if field.type in {"asks", "sends"}:
            one = self._asked if field.type == "asks" else self._sent
            return [found for item in _listed(node) if (found := one(item)) is not None]
        if field.type == "refused":
            mapping = self._reader.mapping(node, "`refused`")
            entries = mapping.entries if mapping else ()
            return {key.text: self._texts(value, f"`{key.text}`") for key, value in entries}
        return self._reader.value(field, node)

    def _texts(self, node: Node, what: str) -> list[str | None]:
        return [self._reader.text(item, what) for item in _listed(node)]

    def _asked(self, node: Node) -> dict[str, Any] | None:
        """A gate that was opened, with matchers for what it says."""
        if isinstance(node, Scalar):
            return self._reader.object("asked", node, "a question")
        mapping = self._reader.mapping(node, "a question")
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "asked", "a question")
        known = {field.name: field for field in TABLES["asked"]}
        found = {name: self._value(known[name], child) for name, child in given.items()}
        self._matchers(mapping, {name: found[name] for name in ("prompt", "preview") if name in found})
        return {name: value for name, value in found.items() if value is not None}

    def _sent(self, node: Node) -> dict[str, Any] | None:
        """A message that went out: matchers by the names of its parts."""
        mapping = self._reader.mapping(node, "a message")
        if mapping is None:
            return None
        found: dict[str, Any] = builtin(mapping)
        self._matchers(mapping, found)
        return found

    def _matchers(self, node: MapNode, expect: Mapping[str, Any]) -> None:
        """What is wrong with matchers, each at its own place."""
        places = dict(_places(node, ()))
        for where, message, hint in check_expect(expect):
            keys = tuple(map(str, where))
            span = next(places[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in places) if keys else node.span
            self._reader.say("ST001", span, message, hint, CODES["ST001"][1])


def _listed(node: Node) -> tuple[Node, ...]:
    """The items of a list; anything else stands for a list of itself."""
    return tuple(node.items) if isinstance(node, Sequence) else (node,)


def _places(node: Node, where: Where) -> list[tuple[Where, Span]]:
    """The places of everything below a node, by the keys that lead there."""
    found: list[tuple[Where, Span]] = []
    if isinstance(node, MapNode):
        for key, value in node.entries:
            found.append(((*where, key.text), key.span))
            found += _places(value, (*where, key.text))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            found.append(((*where, str(index)), item.span))
            found += _places(item, (*where, str(index)))
    return found
