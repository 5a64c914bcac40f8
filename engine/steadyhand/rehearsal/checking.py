"""What a test document says, held against its runbook: every name that is never heard, everything impossible. Pure.

Each finding has its place in the document. Called before the cases are run: a test that speaks of what is not there
would pass without proving anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..core.gates import unexplained
from ..core.tables import OPTIONS
from ..errors import Diagnostic, Span
from ..expressions import documents
from ..graph import build
from ..model import (
    BACK,
    END,
    Ask,
    Branch,
    Call,
    Choose,
    Confirm,
    Diagnose,
    Do,
    HandlerSpec,
    Manual,
    Operation,
    Parallel,
    Runbook,
    SetFacts,
    Step,
)
from ..schema.reader import Reader, near
from ..schema.values import problems
from .documents import BESIDE, CODES, Case, TestDocument
from .rehearse import NOTIFY
from .world import Said

DEPTH = 16
"""How deep called runbooks are looked into."""
ALWAYS = frozenset({"none", "stopped", "broken", "escalated"})
"""Ends that need no edge: people stop a run, deadlines and bounds end it."""


class Names(Struct):
    """All that a test may speak of, with `[]` for the items of a wave."""

    steps: dict[str, Step] = {}
    operations: dict[str, Operation] = {}
    gates: dict[str, tuple[str, ...]] = {}
    """The answers of each gate."""
    facts: set[str] = set()
    """The facts of the run itself, not of runbooks that it calls."""


def names_of(runbook: Runbook) -> Names:
    """All that a test of this runbook may speak of."""
    found = Names()
    _steps(found, runbook, runbook.steps, "", 0)
    for name in found.operations:
        found.gates[f"{name}:doubt"] = tuple(OPTIONS["doubt"])
    return found


def _steps(found: Names, runbook: Runbook, steps: Mapping[str, Step], prefix: str, depth: int) -> None:
    for step in steps.values():
        found.steps[f"{prefix}{step.id}"] = step
        _step(found, runbook, step, f"{prefix}{step.id}", depth)


def _step(found: Names, runbook: Runbook, step: Step, path: str, depth: int) -> None:
    body, own = step.body, not depth
    found.gates[path] = _answers(step)
    at = f"{path}[]" if step.each is not None else path
    match body:
        case Do(operation=operation):
            _operation(found, at, operation, own=own)
        case Diagnose(checks=checks):
            for check in checks:
                _operation(found, f"{at}.{check.id}", check.operation, own=own)
        case Parallel(branches=branches):
            for branch in branches:
                _branch(found, runbook, branch, f"{at}.{branch.id}", depth)
        case Call(runbook=name) if depth < DEPTH and name in runbook.calls:
            inner = runbook.calls[name]
            _steps(found, inner, inner.steps, f"{at}/", depth + 1)
        case Ask(fact=fact) if own:
            found.facts.add(fact)
        case SetFacts(facts=facts) if own:
            found.facts.update(facts)
        case _:
            pass
    for part, operation in _phases(step, path, at):
        _operation(found, part, operation, own=own)


def _branch(found: Names, runbook: Runbook, branch: Branch, path: str, depth: int) -> None:
    if branch.step is not None:
        _step(found, runbook, branch.step, path, depth)
    _steps(found, runbook, branch.steps, f"{path}/", depth)


def _phases(step: Step, path: str, at: str) -> Iterator[tuple[str, Operation]]:
    """What the engine adds to a step behind a colon."""
    if step.verify is not None:
        yield f"{at}:verify", step.verify.operation
    if step.undo is not None and step.undo.operation is not None:
        yield f"{at}:undo", step.undo.operation
    for name, operation in step.capture.items():
        yield f"{at}:before.{name}", operation
        yield f"{at}:after.{name}", operation
    if step.each is not None and step.each.between is not None:
        yield f"{path}:between.1", step.each.between


def _operation(found: Names, path: str, operation: Operation, *, own: bool) -> None:
    found.operations[path] = operation
    if own:
        found.facts.update(operation.facts)


def _answers(step: Step) -> tuple[str, ...]:
    match step.body:
        case Choose(options=options):
            return tuple(options)
        case Ask():
            return tuple(OPTIONS["ask"])
        case Manual():
            return tuple(OPTIONS["manual"])
        case _:
            return (*OPTIONS["confirm"], *(outcome for outcome in step.next if outcome.startswith(BACK)))


def check(document: TestDocument, runbook: Runbook, specs: Mapping[str, HandlerSpec]) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a document when it is about this runbook, by place."""
    checker = _Checker(document, runbook, specs)
    for case in document.cases:
        checker.case(case)
    return tuple(sorted(checker.reader.found, key=lambda d: (d.span, d.code)))


def plain(path: str) -> str:
    """A path with `[]` for any item of a wave, and the first of the checks between batches for all of them."""
    return re.sub(r":between\.\d+", ":between.1", re.sub(r"\[[^\]]*\]", "[]", path))


class _Checker:
    """Looks at one document. What the runbook has is computed once for all its cases."""

    def __init__(self, document: TestDocument, runbook: Runbook, specs: Mapping[str, HandlerSpec]) -> None:
        self.reader = Reader(document.text, document.name)
        self._runbook = runbook
        self._specs = specs
        self._names = names_of(runbook)
        self._ends = {target.removeprefix(END) for target in build(runbook).ends} | ALWAYS
        self._results: dict[str, tuple[str, ...]] = {}

    def case(self, case: Case) -> None:
        self._inputs(case)
        for path in case.steps:
            self._script(case, path)
        for gate, turns in case.answers.items():
            self._answers(case, gate, turns)
        expect = case.expect
        self._known(case, ("expect", "path"), expect.get("path", ()), self._names.steps, "step")
        for name in ("attempts", "undone", "in_doubt"):
            self._known(case, ("expect", name), expect.get(name, ()), self._names.operations, "step")
        for name in ("waits_for", "refused"):
            self._known(case, ("expect", name), expect.get(name, ()), self._names.gates, "gate")
        asked = [one.get("gate", "") for one in expect.get("asks", ())]
        self._known(case, ("expect", "asks"), asked, self._names.gates, "gate")
        self._known(case, ("expect", "facts"), expect.get("facts", ()), self._names.facts, "fact")
        self._conclusion(case)

    def _say(self, code: str, span: Span, message: str, hint: str) -> None:
        self.reader.say(code, span, message, hint, CODES[code][1])

    def _inputs(self, case: Case) -> None:
        known = self._runbook.inputs
        for name, value in case.inputs.items():
            span = place(case, "inputs", name)
            if name not in known:
                self._say("ST004", span, f"the runbook has no input `{name}`", near(name, known, "inputs"))
                continue
            for problem in problems(known[name].schema, value):
                self._say("ST004", span, f"{name}: {problem}", "write a value that a run would take")
        for name, spec in known.items():
            if spec.required and name not in case.inputs:
                self._say("ST004", case.span, f"the input `{name}` is needed", f"add `inputs: {{{name}: ...}}`")

    def _known(self, case: Case, where: tuple[str, ...], said: Iterable[str], known: Iterable[str], what: str) -> None:
        """Names in a list, or as the keys of a map."""
        names = tuple(known)
        for index, name in enumerate(said):
            if plain(name) not in names:
                at = (*where, name) if (*where, name) in case.places else (*where, str(index))
                self._unknown(place(case, *at), name, names, what)

    def _unknown(self, span: Span, name: str, names: Iterable[str], what: str) -> None:
        self._say("ST002", span, f"the runbook has no {what} `{name}`", near(plain(name), names, f"{what}s"))

    def _script(self, case: Case, path: str) -> None:
        """A path for which the case says what comes of it, and the values that it says."""
        span = place(case, "steps", path)
        operation = self._names.operations.get(plain(path))
        if operation is None:
            self._nothing_runs(span, path)
            return
        known = self._known_results(operation.kind)
        for index, came in enumerate(case.steps[path]):
            for name in came.values if known else ():
                if name not in known:
                    at = place(case, "steps", path, str(index), name, fallback=("steps", path, name))
                    hint = near(name, (*known, *BESIDE), "it gives")
                    self._say("ST002", at, f"a `{operation.kind}` step gives no `{name}`", hint)

    def _nothing_runs(self, span: Span, path: str) -> None:
        """Why there is nothing at a path of which something could come."""
        if plain(path) in self._names.steps or plain(path) in self._names.gates:
            step = self._names.steps.get(plain(path))
            parts = [name for name in self._names.operations if name.startswith(plain(path))]
            people = step is not None and isinstance(step.body, (Confirm, Choose, Ask, Manual))
            hint = f"say what comes of {', '.join(parts[:6])}" if parts else "leave it out"
            hint = "write what people say under `answers:`" if people or path.endswith(":doubt") else hint
            self._say("ST003", span, f"no handler runs at `{path}` itself", hint)
        else:
            self._unknown(span, path, self._names.operations, "step")

    def _known_results(self, kind: str) -> tuple[str, ...]:
        if kind not in self._results:
            spec = self._specs.get(kind)
            results = tuple(spec.results) if spec is not None else ()
            self._results[kind] = (*results, *documents(results))
        return self._results[kind]

    def _answers(self, case: Case, gate: str, turns: Iterable[Said | tuple[Said, ...]]) -> None:
        span = place(case, "answers", gate)
        options = self._names.gates.get(plain(gate))
        if options is None:
            self._unknown(span, gate, self._names.gates, "gate")
            return
        for index, turn in enumerate(turns):
            for said in (turn,) if isinstance(turn, Said) else turn:
                if said.answer not in options:
                    at = place(case, "answers", gate, str(index), fallback=("answers", gate))
                    hint = near(said.answer, options, "answers")
                    self._say("ST003", at, f"`{gate}` cannot be answered with {said.answer!r}", hint)
                elif unexplained(said.answer, said.comment):
                    at = place(case, "answers", gate, str(index), fallback=("answers", gate))
                    hint = f"write {{answer: '{said.answer}', comment: why}}"
                    self._say("ST003", at, f"`{gate}`: {unexplained(said.answer, said.comment)}", hint)
                self._typed(case, gate, said)

    def _typed(self, case: Case, gate: str, said: Said) -> None:
        """A typed answer, held against what the question asks for."""
        step = self._names.steps.get(plain(gate))
        if step is None or not isinstance(step.body, Ask) or said.answer != "answer":
            return
        fact, span = step.body.fact, place(case, "answers", gate)
        if not isinstance(said.value, Mapping) or set(said.value) != {fact}:
            self._say(
                "ST003", span, f"the answer to `{gate}` is a value for `{fact}`", f"write `value: {{{fact}: ...}}`"
            )
            return
        for problem in problems(step.body.schema, said.value[fact]):
            self._say("ST003", span, f"{fact}: {problem}", "write a value that the question takes")

    def _conclusion(self, case: Case) -> None:
        wanted = case.expect.get("conclusion", "none")
        if wanted not in self._ends:
            hint = f"edges lead to {', '.join(sorted(self._ends - ALWAYS)) or 'no other end'}"
            self._say("ST003", place(case, "expect", "conclusion"), f"no edge leads to end.{wanted}", hint)
        kinds = {operation.kind for operation in self._names.operations.values()}
        if case.expect.get("sends") and NOTIFY not in kinds:
            span = place(case, "expect", "sends")
            self._say("ST003", span, "no step of the runbook sends anything", "`sends` is about `notify` steps")


def place(case: Case, *keys: str, fallback: tuple[str, ...] = ()) -> Span:
    """Where a case says something: the place of these keys, of the fallback, or of as many of the keys as there are."""
    places: Mapping[tuple[str, ...], Any] = case.places
    for where in (keys, fallback, *(keys[:n] for n in range(len(keys) - 1, 0, -1))):
        if where in places:
            found: Span = places[where]
            return found
    return case.span
