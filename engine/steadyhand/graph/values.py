"""Values that are used before every path to them has set them, or that nothing gives at all. Pure.

Called by `checks` with the texts that use names. A must-analysis by fixed point: what is set on every way to a step is
what all edges to it have in common. For a name that is not, the shortest way that never sets it is the counter-example.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

from ..expressions import reading
from ..model import Do, HandlerSpec, Runbook
from .build import Edge, facts_of
from .findings import Around, Findings, near
from .given import Gifts
from .shapes import Shapes
from .uses import Use
from .ways import Reached, Scope, way

ROOTS = ("inputs", "facts", "secrets", "steps", "run", "alert", "contacts", "targets")
LOCAL = frozenset({"loop", "range", "self"})


def check(runbook: Runbook, scopes: Sequence[Scope], uses: Sequence[Use], around: Around, found: Findings) -> None:
    """SG010 and SG011."""
    wanted: list[tuple[Use, str]] = []
    proof = _Names(runbook, around, found)
    for use in uses:
        for name in reading.needed(use.text, expression=use.expression):
            bit = proof.bit(use, name)
            if bit:
                wanted.append((use, bit))
    if wanted:
        _Flow(runbook, scopes, frozenset(bit for _, bit in wanted)).check(wanted, found)


class _Names:
    """Whether a name could ever mean something, and what must have been set for it."""

    def __init__(self, runbook: Runbook, around: Around, found: Findings) -> None:
        self._runbook = runbook
        self._found = found
        self._specs: Mapping[str, HandlerSpec] = around.specs
        self._facts = frozenset(facts_of(runbook))
        self._shapes = Shapes(runbook, around.specs)

    def bit(self, use: Use, name: str) -> str:
        """What must have been set before this use; '' when nothing must, or when it could never be (a finding)."""
        root, _, rest = name.partition(".")
        if root == "facts" and rest:
            return self._fact(use, rest.partition(".")[0])
        if root == "steps" and rest:
            return self._result(use, name)
        if root == "inputs" and rest:
            self._input(use, rest.partition(".")[0])
        elif root not in ROOTS and root not in LOCAL:
            self._root(use, root)
        return ""

    def _say(self, use: Use, message: str, hint: str) -> None:
        self._found.say("SG011", use.step.span, f"`{use.where}` uses {message}", hint)

    def _fact(self, use: Use, name: str) -> str:
        if name in use.earlier:
            return ""
        if name in self._facts:
            return f"facts.{name}"
        hint = near(name, self._facts) or "set it with `facts:` or `set:` in a step before"
        self._say(use, f"`facts.{name}`, and no step sets it", hint)
        return ""

    def _input(self, use: Use, name: str) -> None:
        """Templates were looked at when they were read; expressions were not."""
        if use.expression and name not in self._runbook.inputs:
            hint = near(name, self._runbook.inputs) or "declare it under `inputs:`"
            self._say(use, f"`inputs.{name}`, and there is no such input", hint)

    def _root(self, use: Use, root: str) -> None:
        if use.kind == "set":
            results: tuple[str, ...] = use.earlier
        else:
            spec = self._specs.get(use.kind)
            if use.kind and (spec is None or not spec.results):
                return
            results = tuple(spec.results) if spec else ()
        each = use.step.each
        known = (*results, *ROOTS, *((each.name,) if each is not None else ()))
        if root not in known:
            where = " of a result" if results else ""
            self._say(use, f"`{root}`, and there is no such name{where} there", near(root, known))

    def _result(self, use: Use, name: str) -> str:
        shape = self._shapes.of(name)
        if shape.problem:
            self._say(use, shape.problem, shape.hint)
        return shape.bit


class _Flow:
    """What is set on every way, for the names that somebody uses."""

    def __init__(self, runbook: Runbook, scopes: Sequence[Scope], names: frozenset[str]) -> None:
        self._bits = {name: 1 << number for number, name in enumerate(sorted(names))}
        self._gifts = Gifts(runbook.calls)
        self._masks: dict[tuple[str, str, str, str], int | None] = {}
        self._sets: dict[str, Mapping[str, int]] = {}
        self._avoiding: dict[tuple[str, str], Reached] = {}
        self._edges: dict[str, dict[str, list[tuple[Edge, int]]]] = {}
        for scope in scopes:
            self._sets[scope.key] = self._solved(scope, self._entry(scope))

    def _entry(self, scope: Scope) -> int:
        """What is set when control comes into a graph."""
        return self._sets[scope.parent.key].get(scope.at, 0) if scope.parent is not None else 0

    def _given(self, scope: Scope, edge: Edge) -> int | None:
        """What an edge sets, as bits; None for an edge that is never taken."""
        key = (scope.prefix, edge.source, edge.outcome, edge.label)
        if key not in self._masks:
            names = self._gifts.after(scope.steps[edge.source], scope.prefix, edge)
            self._masks[key] = None if names is None else sum(self._bits.get(name, 0) for name in names)
        return self._masks[key]

    def _solved(self, scope: Scope, entry: int) -> dict[str, int]:
        known = {scope.first: entry}
        waiting = deque([scope.first])
        while waiting:
            name = waiting.popleft()
            for edge in scope.following.get(name, ()):
                more = self._given(scope, edge)
                if more is None:
                    continue
                given = known[name] | more
                before = known.get(edge.target)
                merged = given if before is None else before & given
                if merged != before:
                    known[edge.target] = merged
                    waiting.append(edge.target)
        return known

    def check(self, wanted: Sequence[tuple[Use, str]], found: Findings) -> None:
        """A finding for every use on a way that has not set what it needs."""
        for use, name in wanted:
            mask = self._sets[use.scope.key].get(use.step.id)
            if mask is None:
                continue  # only edges that are never taken lead there
            if use.done:
                mask |= self._own(use)
            if not mask & self._bits[name]:
                shown = name.removesuffix(".*")
                path = way(use.scope, use.step.id, partial(self._without, name))
                found.say(
                    "SG010", use.step.span, f"`{use.where}` uses `{shown}`, which is not set on the way {path}", _HINT
                )

    def _own(self, use: Use) -> int:
        """What the step's own action has given by the time it is verified or undone."""
        body = use.step.body
        if not isinstance(body, Do):
            return 0
        name = f"steps.{use.scope.prefix}{use.step.id}".replace("/", ".")
        given = (name, f"{name}.*", *(f"facts.{fact}" for fact in body.operation.facts))
        return sum(self._bits.get(one, 0) for one in given)

    def _without(self, name: str, scope: Scope) -> Reached:
        """The shortest ways on which the name is never set; where there is none inside, all ways."""
        key = (scope.key, name)
        if key not in self._avoiding:
            self._avoiding[key] = self._avoided(scope, self._bits[name])
        return self._avoiding[key]

    def _avoided(self, scope: Scope, bit: int) -> Reached:
        masks = self._edges.get(scope.key)
        if masks is None:
            masks = self._edges[scope.key] = {
                source: [(edge, given) for edge in edges if (given := self._given(scope, edge)) is not None]
                for source, edges in scope.following.items()
            }
        reached: dict[str, Edge | None] = {scope.first: None}
        waiting = deque(reached)
        while waiting:
            for edge, given in masks.get(waiting.popleft(), ()):
                if not given & bit and edge.target not in reached:
                    reached[edge.target] = edge
                    waiting.append(edge.target)
        return reached


_HINT = "set it on that way too, lead the way elsewhere, or give a stand-in: `| default(...)`"
