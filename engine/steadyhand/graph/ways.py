"""Graphs of steps within each other, and the ways through them: what every counter-example is made of. Pure.

Called by all proofs. A runbook's own steps are one graph; each branch of a `parallel` is a graph inside one step of
another. Everything here is iterative in the size of a graph, and recursive only in how deep branches are nested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from ..model import FAIL, Call, Parallel, Runbook, SetFacts, Step
from .build import Edge, edges_of

Following = Mapping[str, list[Edge]]
Possible = Callable[[Step, str], object]
Reached = Mapping[str, Edge | None]
"""For every step that can be reached, the edge by which it is first reached (None for the first)."""


class Scope(Struct, frozen=True):
    """One graph of steps. `at` is the step of `parent` that it is inside of; `prefix` begins the paths of its steps.

    `alone` marks a branch that is a single step, which has no edges of its own.
    """

    steps: Mapping[str, Step]
    edges: tuple[Edge, ...]
    following: Following
    reached: Reached
    prefix: str = ""
    parent: Scope | None = None
    at: str = ""
    alone: bool = False

    @property
    def first(self) -> str:
        """The step in which control starts."""
        return next(iter(self.steps))

    @property
    def key(self) -> str:
        """The path of its first step, by which it is told apart."""
        return f"{self.prefix}{self.first}"


def taken(step: Step) -> Iterator[Edge]:
    """The edges of a step but for those that its kind never takes: facts that are held against nothing do not fail."""
    if isinstance(step.body, SetFacts) and step.body.expect is None:
        return (edge for edge in edges_of(step) if edge.outcome != FAIL)
    return edges_of(step)


def of_runbook(runbook: Runbook, possible: Possible | None = None) -> Scope:
    """The graph of a runbook's own steps, without the edges that are never taken where `possible` can tell."""
    return _scope(runbook.steps, "", None, "", alone=False, possible=possible)


def _scope(
    steps: Mapping[str, Step], prefix: str, parent: Scope | None, at: str, *, alone: bool, possible: Possible | None
) -> Scope:
    edges = tuple(
        edge
        for step in steps.values()
        for edge in taken(step)
        if possible is None or not isinstance(step.body, (Parallel, Call)) or possible(step, edge.outcome)
    )
    following: dict[str, list[Edge]] = {name: [] for name in steps}
    for edge in edges:
        following[edge.source].append(edge)
    return Scope(steps, edges, following, shortest(next(iter(steps)), following), prefix, parent, at, alone)


def inner(scope: Scope, possible: Possible | None = None) -> Iterator[Scope]:
    """The graphs inside the steps of a graph that can be reached: the branches of `parallel`."""
    for name, step in scope.steps.items():
        if isinstance(step.body, Parallel) and name in scope.reached:
            for branch in step.body.branches:
                path = f"{scope.prefix}{name}."
                if branch.step is not None:
                    yield _scope({branch.id: branch.step}, path, scope, name, alone=True, possible=possible)
                else:
                    yield _scope(branch.steps, f"{path}{branch.id}/", scope, name, alone=False, possible=possible)


def every(scope: Scope, possible: Possible | None = None) -> tuple[Scope, ...]:
    """A graph and all inside it, the outer ones first."""
    return (scope, *(deeper for one in inner(scope, possible) for deeper in every(one, possible)))


def shortest(first: str, following: Mapping[str, Iterable[Edge]]) -> dict[str, Edge | None]:
    """The shortest ways from a step."""
    reached: dict[str, Edge | None] = {first: None}
    waiting = deque([first])
    while waiting:
        for edge in following.get(waiting.popleft(), ()):
            if edge.target not in reached:
                reached[edge.target] = edge
                waiting.append(edge.target)
    return reached


def towards(end: str, edges: Iterable[Edge]) -> dict[str, Edge]:
    """For every step from which an end can be reached over these edges, the first edge of a shortest way there."""
    before: dict[str, list[Edge]] = {}
    for edge in edges:
        before.setdefault(edge.target, []).append(edge)
    found: dict[str, Edge] = {}
    waiting = deque([end])
    while waiting:
        for edge in before.get(waiting.popleft(), ()):
            if edge.source not in found:
                found[edge.source] = edge
                waiting.append(edge.source)
    return found


def onward(edge: Edge, found: Mapping[str, Edge], end: str) -> str:
    """The way that begins with an edge and goes on to an end: `restart -pass-> confirm -pass-> end.resolved`."""
    parts = [f"{edge.source} -{edge.outcome}-> "]
    at = edge.target
    while at != end:
        parts.append(f"{at} -{found[at].outcome}-> ")
        at = found[at].target
    return "".join([*parts, end])


def way(scope: Scope, to: str, reached: Callable[[Scope], Reached] = lambda scope: scope.reached) -> str:
    """The way from the start: `verify -fail-> causes -fail-> restart`; into a branch: `all, in it all.logs`."""
    ways = reached(scope)
    parts = [f"{scope.prefix}{to}"]
    edge = ways.get(to)
    while edge is not None:
        parts.append(f"{scope.prefix}{edge.source} -{edge.outcome}-> ")
        edge = ways.get(edge.source)
    path = "".join(reversed(parts))
    return f"{way(scope.parent, scope.at, reached)}, in it {path}" if scope.parent is not None else path


def cycles(nodes: Iterable[str], following: Callable[[str], Iterable[str]]) -> Iterator[list[str]]:
    """One cycle for each set of nodes that lead to each other (depth first, without recursion)."""
    state: dict[str, int] = {}
    ordered = sorted(nodes)
    for root in ordered:
        if root in state:
            continue
        path: list[str] = [root]
        walks = [iter(list(following(root)))]
        state[root] = 1
        while walks:
            to = next(walks[-1], None)
            if to is None:
                walks.pop()
                state[path.pop()] = 2
            elif state.get(to) == 1:
                yield path[path.index(to) :]
            elif to not in state:
                state[to] = 1
                path.append(to)
                walks.append(iter(list(following(to))))
