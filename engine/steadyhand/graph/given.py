"""What a step gives to those after it: facts and results, by the outcome by which it is left. Pure.

Called by `values`. The names are those of templates: `facts.used`, `steps.usage` (it has run), `steps.usage.*` (it has
run and given what its handler returns). After `error` nothing is certain but that it has run; after a refusal, nothing.
A change that was in doubt, and of which a person said that it happened, gives nothing either: that is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..model import (
    END,
    ERROR,
    FAIL,
    PASS,
    Ask,
    Branch,
    Call,
    Diagnose,
    Do,
    Operation,
    Parallel,
    Runbook,
    SetFacts,
    Step,
    refused,
)
from .build import Edge
from .dominance import OUTCOMES, worse
from .ways import taken

Names = frozenset[str]
NONE: Names = frozenset()
ESCALATED = f"{END}escalated"


class Gifts:
    """What the steps of one runbook give. `calls` are the runbooks that it calls."""

    def __init__(self, calls: Mapping[str, Runbook]) -> None:
        self._calls = calls
        self._known: dict[tuple[str, str, str], Names | None] = {}
        self._branches: dict[str, Mapping[str, Names]] = {}
        self._callee: dict[str, Mapping[str, Names]] = {}

    def after(self, step: Step, prefix: str, edge: Edge) -> Names | None:
        """The names that are set once a step of the graph with that prefix has been left by an edge.

        None when it never is: the branches of the step, or the runbook that it calls, do not end so.
        """
        path = f"{prefix}{step.id}"
        key = (path, edge.outcome, edge.label)
        if key not in self._known:
            possible = refused(edge.outcome) or self._possible(step, path, edge.outcome)
            self._known[key] = frozenset(self._of(step, path, edge.outcome, edge.label)) if possible else None
        return self._known[key]

    def _possible(self, step: Step, path: str, outcome: str) -> bool:
        body = step.body
        if isinstance(body, Parallel):
            return outcome in self._joined(body, path)
        if isinstance(body, Call) and body.runbook in self._calls and outcome != ERROR:
            return any(OUTCOMES[end] == outcome for end in self._called(body.runbook))
        return True

    def _of(self, step: Step, path: str, outcome: str, label: str) -> Iterator[str]:
        if refused(outcome):
            return
        body, name = step.body, f"steps.{path}".replace("/", ".")
        if isinstance(body, Ask):
            if outcome == PASS:
                yield f"facts.{body.fact}"
        elif isinstance(body, SetFacts):
            yield name
            if outcome != ERROR:
                yield f"{name}.*"
                yield from (f"facts.{fact}" for fact in body.facts)
        elif step.each is not None:
            yield from self._of_wave(step, name, outcome)
        elif isinstance(body, Do):
            yield from _operation(body.operation, name, outcome)
            if step.verify is not None and outcome == PASS:
                yield from _operation(step.verify.operation, f"{name}.verify", PASS)
        elif isinstance(body, Diagnose):
            yield from _diagnosis(body, name, outcome, label)
        elif isinstance(body, Parallel):
            yield from self._joined(body, path).get(outcome, NONE)
        elif isinstance(body, Call):
            yield from self._of_call(body, name, outcome)

    def _of_wave(self, step: Step, name: str, outcome: str) -> Iterator[str]:
        """A wave over nothing passes, and sets nothing."""
        if outcome != ERROR:
            yield f"{name}.*"
        each = step.each
        listed = each is not None and (bool(each.target) or (isinstance(each.items, list) and bool(each.items)))
        if isinstance(step.body, Do) and listed and outcome == PASS:
            yield from (f"facts.{fact}" for fact in step.body.operation.facts)

    def _joined(self, body: Parallel, path: str) -> Mapping[str, Names]:
        """What all branches together are certain to give, by the worst of their outcomes."""
        if path in self._branches:
            return self._branches[path]
        joined: dict[str, Names] = {PASS: NONE}
        for branch in body.branches:
            merged: dict[str, Names] = {}
            for before, some in joined.items():
                for left, more in self._of_branch(branch, path):
                    worst = worse(before, left)
                    merged[worst] = merged.get(worst, some | more) & (some | more)
            joined = merged
        self._branches[path] = joined
        return joined

    def _of_branch(self, branch: Branch, path: str) -> Iterator[tuple[str, Names]]:
        """How a branch may end, with what it has certainly given then."""
        if branch.step is not None:
            for outcome, target in branch.step.next.items():
                names = self.after(branch.step, f"{path}.", Edge(branch.id, outcome, target, outcome))
                if names is not None:
                    yield outcome, names
        else:
            for end, names in self.at_ends(branch.steps, f"{path}.{branch.id}/").items():
                yield OUTCOMES[end], names

    def at_ends(self, steps: Mapping[str, Step], prefix: str) -> Mapping[str, Names]:
        """What a graph of steps has certainly set at each of its ends."""
        following = {name: list(taken(step)) for name, step in steps.items()}
        known: dict[str, Names] = {next(iter(steps)): NONE}
        waiting = list(known)
        while waiting:
            name = waiting.pop()
            for edge in following.get(name, ()):
                more = self.after(steps[name], prefix, edge)
                if more is None:
                    continue
                given = known[name] | more
                before = known.get(edge.target)
                merged = given if before is None else before & given
                if merged != before:
                    known[edge.target] = merged
                    if edge.target in following:
                        waiting.append(edge.target)
        ends = {name: names for name, names in known.items() if name.startswith(END)}
        for name, step in steps.items():
            if step.max_visits and name in known:  # when the bound is passed, the run escalates
                ends[ESCALATED] = known[name] & ends.get(ESCALATED, known[name])
        return ends

    def _of_call(self, body: Call, name: str, outcome: str) -> Iterator[str]:
        if outcome == ERROR or body.runbook not in self._calls:
            return
        yield f"{name}.conclusion"
        ends = self._called(body.runbook).items()
        common = _common([names for end, names in ends if OUTCOMES[end] == outcome])
        yield from (f"{name}.{given.removeprefix('steps.')}" for given in common)

    def _called(self, name: str) -> Mapping[str, Names]:
        """What a called runbook has certainly set at each of its ends."""
        if name not in self._callee:
            called = self._calls[name]
            self._callee[name] = Gifts(called.calls).at_ends(called.steps, "")
        return self._callee[name]


def _common(given: Sequence[Names]) -> Names:
    return frozenset.intersection(*given) if given else NONE


def _operation(operation: Operation, name: str, outcome: str) -> Iterator[str]:
    yield name
    if outcome != ERROR:
        yield f"{name}.*"
        yield from (f"facts.{fact}" for fact in operation.facts)


def _diagnosis(body: Diagnose, name: str, outcome: str, label: str) -> Iterator[str]:
    """All checks have run. Which of them could tell follows from the cause that was found."""
    for check in body.checks:
        told = outcome == PASS
        if outcome == FAIL:
            causes = [c for c in body.checks if c.cause == label and c.fix] or [c for c in body.checks if not c.fix]
            told = causes == [check]
        yield from _operation(check.operation, f"{name}.{check.id}", PASS if told else ERROR)
