"""What can be said of a runbook before it runs, with a path that shows it. Iterative and near linear. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..errors import Diagnostic, Severity
from ..model import END, ERROR, FAIL, PASS, Call, Diagnose, Do, Effect, Manual, Runbook, Step
from .build import Edge, Graph, build, effect_of

CODES: dict[str, tuple[str, str]] = {
    "SG001": ("unreachable step", "No path leads to the step: what it does will never happen."),
    "SG002": ("no end", "From here no path leads to an end: the run could only stop at its deadline."),
    "SG003": ("loop without a bound", "A loop is allowed only through a step that says `max_visits`."),
    "SG004": (
        "unguarded change",
        "The runbook does not say who is asked before the change; the engine will ask anybody.",
    ),
    "SG005": ("unverified end", "A run may call itself resolved although nothing has shown that the change worked."),
    "SG006": (
        "default after a change",
        "What follows when the change does not work was not decided, so the run escalates.",
    ),
    "SG007": ("change without undo", "Nobody has said how the change is taken back, or that it cannot be."),
    "SG008": ("healthy after a change", "A run that changed something ends as if it had found everything in order."),
    "SG009": ("edge never taken", "The diagnosis itself says what follows, so the edge that is written plays no part."),
}

_Next = Mapping[str, list[Edge]]


def check(runbook: Runbook) -> tuple[Diagnostic, ...]:
    """Everything that is found about the graph, sorted by place."""
    graph = build(runbook)
    following: dict[str, list[Edge]] = {name: [] for name in graph.nodes}
    for edge in graph.edges:
        following[edge.source].append(edge)
    paths = shortest(graph.first, following)
    prover = _Prover(runbook, graph, following, paths)
    return tuple(sorted(prover.all(), key=lambda d: (d.span, d.code)))


def shortest(first: str, following: _Next) -> dict[str, Edge | None]:
    """For every node that can be reached, the edge by which it is first reached (None for the first)."""
    reached: dict[str, Edge | None] = {first: None}
    waiting = deque([first])
    while waiting:
        for edge in following.get(waiting.popleft(), ()):
            if edge.target not in reached:
                reached[edge.target] = edge
                waiting.append(edge.target)
    return reached


class _Prover:
    def __init__(self, runbook: Runbook, graph: Graph, following: _Next, paths: Mapping[str, Edge | None]) -> None:
        self._runbook = runbook
        self._graph = graph
        self._following = following
        self._paths = paths
        self._lines = runbook.text.split("\n")

    def all(self) -> Iterator[Diagnostic]:
        yield from self._unreachable()
        yield from self._endless()
        yield from self._unbounded()
        for step in self._runbook.steps.values():
            if step.id in self._paths:
                yield from self._of_change(step)
                yield from self._overruled(step)
        yield from self._conclusions()

    def _say(self, code: str, step: str, message: str, hint: str, severity: Severity = Severity.WARNING) -> Diagnostic:
        span = self._runbook.steps[step].span
        line = self._lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(self._lines) else ""
        return Diagnostic(code, message, span, CODES[code][1], hint, line, severity)

    def way(self, to: str) -> str:
        """The shortest path from the start: `verify -fail-> causes -...-> restart`."""
        parts: list[str] = [to]
        edge = self._paths.get(to)
        while edge is not None:
            parts.append(f"{edge.source} -{edge.outcome}-> ")
            edge = self._paths.get(edge.source)
        return "".join(reversed(parts))

    def _unreachable(self) -> Iterator[Diagnostic]:
        for name in self._graph.nodes:
            if name not in self._paths:
                hint = "lead an edge to it, or remove it"
                yield self._say("SG001", name, f"no path leads to step `{name}`", hint)

    def _endless(self) -> Iterator[Diagnostic]:
        """Walk back from the ends; whatever is not met cannot end."""
        before: dict[str, list[str]] = {}
        for edge in self._graph.edges:
            before.setdefault(edge.target, []).append(edge.source)
        ending = set(self._graph.ends)
        waiting = deque(ending)
        while waiting:
            for source in before.get(waiting.popleft(), ()):
                if source not in ending:
                    ending.add(source)
                    waiting.append(source)
        for name in self._graph.nodes:
            if name in self._paths and name not in ending:
                message = f"no path leads from step `{name}` to an end: {self.way(name)}"
                yield self._say("SG002", name, message, "give one of its outcomes an end", Severity.ERROR)

    def _unbounded(self) -> Iterator[Diagnostic]:
        """A cycle among the steps that have no bound."""
        free = {s.id for s in self._runbook.steps.values() if not s.max_visits and s.id in self._paths}
        for cycle in cycles(free, lambda name: (e.target for e in self._following[name] if e.target in free)):
            shown = " -> ".join((*cycle, cycle[0]))
            hint = "give one step of the loop `max_visits: 3`, or lead the edge elsewhere"
            yield self._say("SG003", cycle[0], f"the loop {shown} has no bound", hint, Severity.ERROR)

    def _of_change(self, step: Step) -> Iterator[Diagnostic]:
        if effect_of(step) is Effect.READ or not isinstance(step.body, (Do, Call)):
            return
        name = step.id
        if step.gate is None and not self._guarded(name):
            message = f"no gate guards the change `{name}`: {self.way(name)}"
            yield self._say("SG004", name, message, "add `gate: {prompt: ..., roles: [...]}`")
        relied = [outcome for outcome in (FAIL, ERROR) if outcome in step.defaulted]
        if relied:
            listed = " and ".join(f"`{outcome}`" for outcome in relied)
            hint = f"write `next: {{{', '.join(f'{o}: end.escalated' for o in relied)}}}`, or a step"
            yield self._say("SG006", name, f"the change `{name}` has no edge for {listed}", hint)
        if step.undo is None:
            hint = "add `undo:` with an action, or `undo: {none: why}`"
            yield self._say("SG007", name, f"the change `{name}` has no undo", hint)

    def _overruled(self, step: Step) -> Iterator[Diagnostic]:
        """Edges beside a diagnosis that leads on by itself: `otherwise` without a cause, `fix` with one."""
        if not isinstance(step.body, Diagnose):
            return
        every = bool(step.body.checks) and all(check.fix for check in step.body.checks)
        for outcome, first in ((PASS, step.body.otherwise and "otherwise"), (FAIL, every and "fix")):
            if first and outcome in step.next and outcome not in step.defaulted:
                message = f"step `{step.id}` never leaves by `{outcome}`: `{first}` says what follows"
                yield self._say("SG009", step.id, message, "remove one of the two")

    def _guarded(self, name: str) -> bool:
        """Whether every path to the step goes through a person's yes: no path is left when those are cut."""

        def cut(edge: Edge) -> bool:
            return self._graph.nodes[edge.source].asks and edge.outcome not in {"rejected", "expired"}

        open_edges = {s: [e for e in es if not cut(e)] for s, es in self._following.items()}
        return name not in shortest(self._graph.first, open_edges)

    def _conclusions(self) -> Iterator[Diagnostic]:
        """Where a run may end although what it says of itself was not shown: walk on from every change."""
        changes = {s.id for s in self._runbook.steps.values() if _changes(s)}
        proved = {s.id for s in self._runbook.steps.values() if s.verification}
        self_proved = {s.id for s in self._runbook.steps.values() if s.verify is not None}
        told: set[tuple[str, str]] = set()
        for name in self._graph.nodes:
            if name not in changes or name not in self._paths:
                continue
            ways = shortest(name, self._after(name, proved))
            if name not in self_proved and f"{END}resolved" in ways and ("SG005", name) not in told:
                told.add(("SG005", name))
                message = (
                    f"after the change `{name}` the run may end resolved unverified: {_way(ways, END + 'resolved')}"
                )
                yield self._say(
                    "SG005", name, message, "add `verify:`, or a step with `purpose: verification` on the way"
                )
            ways = shortest(name, self._following)
            if f"{END}healthy" in ways:
                message = f"after the change `{name}` the run may end healthy: {_way(ways, END + 'healthy')}"
                yield self._say("SG008", name, message, "end in end.resolved or end.escalated after a change")

    def _after(self, name: str, proved: set[str]) -> _Next:
        """The edges that lead on from a change while nothing has been verified: a verification that passes stops it.

        Only the ways on which the change happened count, so its own edges for a refusal are left out.
        """
        refused = {"rejected", "expired"}
        return {
            source: [
                edge
                for edge in edges
                if not (source in proved and edge.outcome == "pass")
                and not (source == name and edge.outcome in refused)
            ]
            for source, edges in self._following.items()
        }


def _changes(step: Step) -> bool:
    return effect_of(step) is not Effect.READ and not isinstance(step.body, Manual)


def _way(ways: Mapping[str, Edge | None], to: str) -> str:
    parts: list[str] = [to]
    edge = ways.get(to)
    while edge is not None:
        parts.append(f"{edge.source} -{edge.outcome}-> ")
        edge = ways.get(edge.source)
    return "".join(reversed(parts))


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
