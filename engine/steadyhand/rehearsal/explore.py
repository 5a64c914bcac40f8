"""Paths through a runbook that no test walks, and a script for each that takes it. The answer to `--explore`. Pure.

A route is the shortest way over an edge: from the first step to it, and from there to an end. The script is found by
playing: a guide answers every question of the world so that the route is kept, and what it said is written down. What
a guide cannot know (facts that later steps need) is tried with a few plain values; a route for which nothing is found
is told as well, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..core import State
from ..core.paths import locate
from ..core.recording import Job
from ..core.rendering import Planner, Renderer
from ..errors import SteadyError
from ..graph import Edge, build, label_of
from ..model import (
    END,
    ERROR,
    EXPIRED,
    FAIL,
    PASS,
    REJECTED,
    Ask,
    Call,
    Diagnose,
    Do,
    HandlerSpec,
    Operation,
    Parallel,
    Runbook,
    Step,
)
from ..model.runbook import NOWHERE
from . import coverage
from .documents import Case, Turn
from .rehearse import rehearse, started
from .sampling import NoSample, sample
from .world import Came, Said, World

MOST = 50
"""How many paths are looked for at once; those who cover them ask again."""
FACTS: tuple[Any, ...] = (None, 1, "1", "x", ["x"], {"x": "x"})
"""What is tried for facts, in turn; None: none are given."""
VALUES: Mapping[str, Any] = {
    "exit_code": 0, "stdout": "1", "stderr": "", "status": 200, "body": "{}", "json": {}, "headers": {},
}  # fmt: skip
"""What a handler may return, for steps that read it."""
EVENTS = 3000
"""A play that has not ended after so many events is going round in circles."""


class Unwalked(Struct, frozen=True):
    """A path that no test walks, the edges that it is listed for, and a test that takes it (or why there is none)."""

    runbook: Runbook
    edges: tuple[str, ...]
    path: tuple[str, ...]
    conclusion: str
    case: Case | None = None
    why: str = ""


class Manner(Struct, frozen=True):
    """How a guide fills in what the route does not say: facts, and which parts of a composed step go wrong."""

    fact: Any = None
    only_first: bool = False


def explore(
    runbook: Runbook,
    taken: Mapping[coverage.Edge, int],
    base: Case,
    specs: Mapping[str, HandlerSpec],
    planner: Planner,
) -> tuple[tuple[Unwalked, ...], int]:
    """The paths that are not walked, shortest first, and how many more there are.

    `base` gives the inputs, and the settings in which the tests will be run.
    """
    found = sorted(routes(runbook, taken).items(), key=lambda one: len(one[0]))
    first, more = found[:MOST], len(found[MOST:])
    return tuple(_unwalked(runbook, route, edges, base, specs, planner) for route, edges in first), more


Route = tuple[Edge, ...]


def routes(runbook: Runbook, taken: Mapping[coverage.Edge, int]) -> dict[Route, list[Edge]]:
    """The shortest route over each edge that was not taken; edges with the same route share it."""
    graph = build(runbook)
    edges = sorted(graph.edges, key=lambda edge: edge.defaulted)
    there, onward = _there(edges, graph.first), _onward(edges)
    found: dict[Route, list[Edge]] = {}
    seen: set[coverage.Edge] = set()
    for edge in graph.edges:
        key = (edge.source, edge.label, edge.target)
        if edge.defaulted or key in taken or key in seen or edge.source not in there:
            continue
        seen.add(key)
        found.setdefault((*there[edge.source], edge, *onward.get(edge.target, ())), []).append(edge)
    return found


def _there(edges: list[Edge], first: str) -> dict[str, Route]:
    """The shortest way from the first step to each."""
    ways: dict[str, Route] = {first: ()}
    todo = [first]
    for name in todo:
        for edge in edges:
            if edge.source == name and edge.target not in ways and not edge.target.startswith(END):
                ways[edge.target] = (*ways[name], edge)
                todo.append(edge.target)
    return ways


def _onward(edges: list[Edge]) -> dict[str, Route]:
    """The shortest way from each step to an end."""
    ways: dict[str, Route] = {edge.target: () for edge in edges if edge.target.startswith(END)}
    todo = list(ways)
    for name in todo:
        for edge in edges:
            if edge.target == name and edge.source not in ways:
                ways[edge.source] = (edge, *ways[name])
                todo.append(edge.source)
    return ways


def _unwalked(
    runbook: Runbook,
    route: Route,
    edges: list[Edge],
    base: Case,
    specs: Mapping[str, HandlerSpec],
    planner: Planner,
) -> Unwalked:
    wanted = [(edge.source, edge.label, edge.target) for edge in edges]
    arrows = tuple(map(coverage.arrow, wanted))
    path, end = tuple(edge.source for edge in route), route[-1].target.removeprefix(END)
    why = _unscripted(runbook, edges[0])
    for manner in _manners(runbook, route):
        case = replace(base, name=arrows[0], span=NOWHERE)
        try:
            tried = _played(runbook, route, case, manner, specs, planner)
        except SteadyError as problem:
            why = why or problem.message
            continue
        report = rehearse(runbook, tried, specs, planner)
        unrendered = next(iter(report.seen.unrendered.values()), "") if report.seen else ""
        if not report.problems and set(wanted) <= set(report.walked):
            bare = Case(tried.name, NOWHERE, base.inputs, steps=tried.steps, answers=tried.answers, expect=tried.expect)
            return Unwalked(runbook, arrows, report.path, report.conclusion, bare)
        came = " -> ".join((*report.path, report.conclusion or "a question"))
        why = why or next(iter(report.problems), unrendered or f"it leads to {came}")
    return Unwalked(runbook, arrows, path, end, None, why)


def _unscripted(runbook: Runbook, edge: Edge) -> str:
    """Why no script can say that a step without a handler ends in an error; '' where one can."""
    body = runbook.steps[edge.source].body
    if edge.outcome != ERROR or isinstance(body, (Do, Diagnose, Parallel)):
        return ""
    if isinstance(body, Call):
        return "a call ends in an error only when its inputs cannot be rendered, or the called runbook ends broken"
    return "it comes only of a text that cannot be rendered, which no script decides"


def _manners(runbook: Runbook, route: Route) -> Iterator[Manner]:
    composed = any(isinstance(runbook.steps[edge.source].body, (Parallel, Call)) for edge in route)
    for fact in FACTS:
        yield Manner(fact)
        if composed:
            yield Manner(fact, only_first=True)


def _played(
    runbook: Runbook, route: Route, case: Case, manner: Manner, specs: Mapping[str, HandlerSpec], planner: Planner
) -> Case:
    """What a guide said on its way, as a case that expects where it came."""
    guide = Guide(runbook, route, manner, specs)
    world = World(runbook, Renderer(specs, planner), guide, specs)
    guide.state = lambda: world.state
    world.run(started(runbook, case), EVENTS)
    path, _ = coverage.walk(runbook, world.recorded)
    end = world.state.conclusion
    return replace(
        case,
        steps={at: _shortened(turns) for at, turns in guide.steps.items()},
        answers={gate: _shortened(turns) for gate, turns in guide.answers.items() if any(turns)},
        expect={"conclusion": end.conclusion if end else "none", "path": list(path)},
    )


def _shortened(turns: list[Any]) -> tuple[Any, ...]:
    """Turns without those that only repeat the last one."""
    kept = list(turns)
    while len(kept) > 1 and kept[-1] == kept[-2]:
        kept.pop()
    return tuple(kept)


class Guide:
    """A script that keeps a run on its route, and notes what it said."""

    def __init__(self, runbook: Runbook, route: Route, manner: Manner, specs: Mapping[str, HandlerSpec]) -> None:
        self._runbook = runbook
        self._specs = specs
        self._manner = manner
        self._wanted: dict[str, list[Edge]] = {}
        for edge in route:
            self._wanted.setdefault(edge.source, []).append(edge)
        self._wrong: dict[tuple[str, int], str] = {}
        self.state: Callable[[], State] = State
        self.steps: dict[str, list[Came]] = {}
        self.answers: dict[str, list[Turn]] = {}

    def _edge(self) -> tuple[Step, Edge | None, int]:
        """The step where the run stands, the edge by which it is to leave it, and which visit this is."""
        scope = self.state().scopes[""]
        visit = scope.visits.get(scope.current, 1)
        listed = self._wanted.get(scope.current, [])
        return self._runbook.steps[scope.current], listed[min(visit, len(listed)) - 1] if listed else None, visit

    def came(self, job: Job) -> Came | None:
        """The outcome that leads on, with the facts that the step would take."""
        assert job.place is not None and job.place.operation is not None  # noqa: S101, PT018 a job that starts has both
        step, edge, visit = self._edge()
        outcome = self._outcome(step, edge, job, visit)
        came = self._filled(outcome, job.place.operation)
        self.steps.setdefault(job.path, []).append(came)
        return came

    def _outcome(self, step: Step, edge: Edge | None, job: Job, visit: int) -> str:
        wanted = edge.outcome if edge is not None and edge.outcome in {PASS, FAIL, ERROR} else PASS
        if ":" in job.path:
            return PASS
        if isinstance(step.body, Diagnose):
            check = job.place.check if job.place else None
            if wanted != FAIL or check is None or edge is None:
                return wanted
            decides = next(c for c in step.body.checks if label_of(step, FAIL, c.cause) == edge.label)
            return FAIL if check.id == decides.id else PASS
        if isinstance(step.body, (Parallel, Call)) and self._manner.only_first and wanted != PASS:
            return wanted if self._wrong.setdefault((step.id, visit), job.path) == job.path else PASS
        return wanted

    def _filled(self, outcome: str, operation: Operation) -> Came:
        if self._manner.fact is None or outcome == ERROR:
            return Came(outcome)
        facts = {name: self._fact(name) for name in operation.facts}
        if not facts and "steps." not in self._runbook.text:
            return Came(outcome)
        values = {name: VALUES[name] for name in self._specs[operation.kind].results if name in VALUES}
        return Came(outcome, values, facts=facts)

    def _fact(self, name: str) -> Any:
        """A list for what a wave goes over, else what is being tried."""
        waves = (str(step.each.items) for step in self._runbook.steps.values() if step.each is not None)
        return ["x"] if any(f"facts.{name}" in items for items in waves) else self._manner.fact

    def said(self, gate: e.GateOpened) -> tuple[Said, ...]:
        """What people say so that the run goes on by the edge that is wanted."""
        step, edge, _ = self._edge()
        wanted = edge.outcome if edge is not None else PASS
        turn = self._said(gate, wanted, own=gate.path == step.id)
        self.answers.setdefault(gate.gate, []).append(turn)
        return turn

    def _said(self, gate: e.GateOpened, wanted: str, *, own: bool) -> tuple[Said, ...]:
        if wanted == EXPIRED:
            return ()
        match gate.kind:
            case "confirm":
                if own and wanted in gate.options:
                    return (Said(wanted, comment="look again"),)
                if wanted == REJECTED:
                    return (Said("reject"),)
                people = ["somebody", *(f"somebody {n}" for n in range(2, gate.quorum + 1))]
                return tuple(Said("approve", by) for by in people)
            case "choose":
                return (Said(wanted if own and wanted in gate.options else next(iter(gate.options))),)
            case "manual":
                return (Said("failed" if wanted == FAIL else "done", comment="seen" if gate.evidence_required else ""),)
            case "ask":
                return self._typed(gate)
            case _:
                return (Said("happened"),)

    def _typed(self, gate: e.GateOpened) -> tuple[Said, ...]:
        body = locate(self._runbook, self.state(), gate.path).step.body
        try:
            value = sample(gate.schema)
        except NoSample:
            return ()
        return (Said("answer", value={body.fact: value} if isinstance(body, Ask) else value),)

    def crash(self, recorded: int) -> bool:
        """The engine lives."""
        del recorded
        return False
