"""Types, as far as schemas tell them: what cannot be compared, computed, gone through, or handed to a called runbook.

Called by `checks`. The type of an input is that of its schema, of an answer that of its schema, of a result that of its
name, of a fact that of what it is set to. A type that is not known clashes with nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..errors import Severity
from ..expressions import reading, scan
from ..model import END, PASS, Ask, Call, HandlerSpec, Input, Operation, Parallel, Runbook, SetFacts, Step
from .build import of_step, operations
from .findings import Around, Findings, near
from .shapes import Shapes
from .uses import Use
from .ways import Scope, of_runbook

RESULTS: Mapping[str, str] = {
    **dict.fromkeys(("stdout", "stderr", "body", "url", "outcome"), "string"),
    **dict.fromkeys(("exit_code", "status", "duration", "attempts"), "number"),
}
"""The JSON type of results, by their names."""
_RUN = {"id": "string", "runbook": "string", "mode": "string", "requester": "string", "started_at": "number"}
_NUMERIC = frozenset({"lt", "le", "gt", "ge", "eq", "number", "length"})


def check(runbook: Runbook, scopes: Sequence[Scope], uses: Sequence[Use], around: Around, found: Findings) -> None:
    """SG012 and SG016."""
    kinds = Kinds(runbook, around.specs)
    for use in uses:
        for problem in reading.clashes(use.text, partial(kinds.of, use=use), expression=use.expression):
            hint = "make a number of it with `| int`, or declare another type"
            found.say("SG012", use.step.span, f"in `{use.where}`, {problem}", hint)
    for scope in scopes:
        for name, step in scope.steps.items():
            if name in scope.reached:
                _items(scope, step, kinds, found)
                _bounds(scope, step, kinds, found)
                if isinstance(step.body, Call) and step.body.runbook in runbook.calls:
                    _handed(scope, step, step.body, runbook.calls[step.body.runbook], kinds, found)


def schema_kind(schema: Mapping[str, Any]) -> str:
    """The JSON type that a schema allows; '' when there are several, or none is said."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return "number" if kind == "integer" else kind
    values = schema.get("enum") if kind is None else None
    found = {reading.json_kind(value) for value in values} if isinstance(values, list) else set()
    return found.pop() if len(found) == 1 else ""


class Kinds:
    """The JSON types of names."""

    def __init__(self, runbook: Runbook, specs: Mapping[str, HandlerSpec]) -> None:
        self._runbook = runbook
        self._specs = specs
        self._shapes = Shapes(runbook, specs)
        self._defined: dict[str, list[tuple[Any, str]]] = {}
        self._facts: dict[str, str] = {}
        for _, operation in operations(runbook):
            for name, value in operation.facts.items():
                self._defined.setdefault(name, []).append((value, operation.kind))
        self._of_steps(runbook.steps)

    def _of_steps(self, steps: Mapping[str, Step]) -> None:
        for step in steps.values():
            body = step.body
            if isinstance(body, SetFacts):
                for name, value in body.facts.items():
                    self._defined.setdefault(name, []).append((value, ""))
            elif isinstance(body, Ask):
                self._defined.setdefault(body.fact, []).append((body.schema, "?"))
            elif isinstance(body, Parallel):
                for branch in body.branches:
                    self._of_steps(branch.steps if branch.step is None else {branch.id: branch.step})

    def of(self, name: str, use: Use | None = None, kind: str = "") -> str:
        """The type of a dotted name, at a use or beside the results of a handler."""
        root, _, rest = name.partition(".")
        kind = use.kind if use is not None else kind
        spec = self._specs.get(kind)
        if spec is not None and root in spec.results:
            return RESULTS.get(name, "") if not rest else ""
        if root == "inputs" and rest in self._runbook.inputs:
            return schema_kind(self._runbook.inputs[rest].schema)
        if root == "facts" and rest:
            return self._fact(rest)
        if root == "run":
            return _RUN.get(rest, "")
        if root == "steps":
            return RESULTS.get(self._shapes.of(name).value, "")
        if use is not None and use.step.each is not None and name == use.step.each.name:
            return _item_kind(use.step.each.items)
        return ""

    def _fact(self, name: str) -> str:
        if name not in self._facts:
            self._facts[name] = ""  # a fact that is made of itself has no type by that
            kinds = {self._defined_kind(value, kind) for value, kind in self._defined.get(name, ())}
            self._facts[name] = kinds.pop() if len(kinds) == 1 else ""
        return self._facts[name]

    def _defined_kind(self, value: Any, kind: str) -> str:
        if kind == "?":
            return schema_kind(value)
        if isinstance(value, str) and scan.templated(value):
            return reading.kind_of(value, partial(self.of, kind=kind))
        return reading.json_kind(value)


def _item_kind(items: Any) -> str:
    kinds = {reading.json_kind(item) for item in items} if isinstance(items, list) else set()
    return kinds.pop() if len(kinds) == 1 and not any("{{" in str(item) for item in items) else ""


def _items(scope: Scope, step: Step, kinds: Kinds, found: Findings) -> None:
    """`each.in` must give a list."""
    items = step.each.items if step.each is not None else None
    if items is None or isinstance(items, list):
        return
    kind = reading.kind_of(items, kinds.of) if isinstance(items, str) else reading.json_kind(items)
    if kind and kind != "array":
        message = f"`each.in` of `{scope.prefix}{step.id}` is {reading.worded(kind)}, and no list"
        found.say("SG012", step.span, message, "give a list, or a placeholder for one")


def _bounds(scope: Scope, step: Step, kinds: Kinds, found: Findings) -> None:
    """A bound of a comparison must give a number."""
    if isinstance(step.body, Parallel):
        return  # its branches are graphs of their own
    for where, operation in _operations(step, f"{scope.prefix}{step.id}"):
        for subject, text in _compared(operation.expect):
            kind = reading.kind_of(text, partial(kinds.of, kind=operation.kind))
            if kind not in {"", "number"} and not (subject == "duration" and kind == "string"):
                message = f"`{where}` compares `{subject}` with `{text}`, which is {reading.worded(kind)} and no number"
                weight = Severity.WARNING if kind == "string" else Severity.ERROR  # a text may read as a number
                hint = "declare it as `type: integer`, or make a number of it: `| int`"
                found.say("SG012", step.span, message, hint, weight)


def _operations(step: Step, path: str) -> Iterator[tuple[str, Operation]]:
    yield from ((where, one) for where, one in of_step(step, path) if isinstance(one.expect, Mapping))


def _compared(expect: Any, subject: str = "") -> Iterator[tuple[str, str]]:
    """Templates that stand as bounds, with the subject that is compared."""
    if isinstance(expect, Mapping):
        for name, inner in expect.items():
            if name in _NUMERIC and subject:
                bounds = inner.values() if isinstance(inner, Mapping) else (inner,)
                yield from ((subject, b) for b in bounds if isinstance(b, str) and scan.templated(b))
            elif name not in {"equals", "in", "contains", "matches", "path"}:
                total = not subject and name in {"pass", "fail"}
                yield from _compared(inner, subject or ("" if total else str(name)))
    elif isinstance(expect, (list, tuple)):
        for inner in expect:
            yield from _compared(inner, subject)


def _handed(scope: Scope, step: Step, body: Call, called: Runbook, kinds: Kinds, found: Findings) -> None:
    """What a called runbook is given: all that it needs, nothing that it does not know, of the types it says."""
    path = f"{scope.prefix}{step.id}"
    for name, wanted in called.inputs.items():
        if wanted.required and name not in body.inputs:
            message = f"`{path}` does not give the input `{name}` of runbook {called.name}"
            found.say("SG016", step.span, message, f"add `inputs: {{{name}: ...}}` to the call")
    for name, value in body.inputs.items():
        if name not in called.inputs:
            message = f"`{path}` gives the input `{name}`, which runbook {called.name} does not have"
            found.say("SG016", step.span, message, near(name, called.inputs) or "remove it")
            continue
        if not (isinstance(value, str) and scan.templated(value)):
            continue  # what is written out was held against the schema when the document was read
        given = reading.kind_of(value, kinds.of)
        if not _fits(called.inputs[name], given):
            kind = schema_kind(called.inputs[name].schema)
            message = f"`{path}` gives {reading.worded(given)} for the input `{name}` of runbook {called.name}"
            found.say("SG016", step.span, message, f"its schema says {kind}")
    if PASS in step.next and PASS not in step.defaulted and not _passes(called):
        message = f"step `{path}` never leaves by `pass`: runbook {called.name} ends neither healthy nor resolved"
        found.say("SG009", step.span, message, "lead the way on from `fail`")


def _fits(wanted: Input, given: str) -> bool:
    kind = schema_kind(wanted.schema)
    return not kind or not given or kind == given


def _passes(called: Runbook) -> bool:
    return any(f"{END}{end}" in of_runbook(called).reached for end in ("healthy", "resolved"))
