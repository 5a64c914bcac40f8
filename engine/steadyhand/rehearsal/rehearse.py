"""Runs the cases of a test document in scripted worlds and says what was walked. The answer to `steady test`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..core import State
from ..core.recording import Job
from ..core.rendering import Planner, Renderer
from ..errors import SteadyError, UsageError
from ..graph import build, label_of
from ..model import FAIL, Diagnose, HandlerSpec, Runbook
from ..schema import inputs_of
from ..schema.reader import near
from .documents import Case
from .world import Came, Said, World

Walked = tuple[str, str, str]
"""An edge that was taken: the step left, the outcome (or the cause found), the step or end that followed."""


class Report(Struct, frozen=True):
    """What came of one case: empty `problems` mean that it passed. `walked` are the edges that it took."""

    case: str
    problems: tuple[str, ...]
    conclusion: str
    path: tuple[str, ...]
    walked: frozenset[Walked]


class Coverage(Struct, frozen=True):
    """Steps, edges and ends that cases walked, of all there are. `missing` are the edges that none took."""

    steps: tuple[int, int]
    edges: tuple[int, int]
    missing: tuple[str, ...]

    @property
    def percent(self) -> int:
        """The share of edges walked, rounded down."""
        return 100 * self.edges[0] // self.edges[1] if self.edges[1] else 100


class _Script:
    """A case as a script. What it does not say is remembered as a problem, and never guessed."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._turn: dict[str, int] = {}
        self._dies = False
        self.silent: list[str] = []

    def _next(self, turns: Mapping[str, tuple[Any, ...]], key: str) -> Any:
        listed = turns.get(key)
        if not listed:
            return None
        turn = self._turn.get(key, 0)
        self._turn[key] = turn + 1
        return listed[min(turn, len(listed) - 1)]

    def came(self, job: Job) -> Came | None:
        """What the case says comes of this attempt."""
        found: Came | None = self._next(self._case.steps, job.path)
        if found is None:
            self.silent.append(f"the test does not say what comes of {job.path}")
        elif found.crash:
            self._dies = True
            return None
        return found

    def said(self, gate: e.GateOpened) -> tuple[Said, ...]:
        """What the case says people answer: all that is listed where several must agree, else the next."""
        listed = self._case.answers.get(gate.gate, ())
        if gate.quorum > 1:
            return listed
        turn = self._next(self._case.answers, gate.gate)
        return (turn,) if turn is not None else ()

    def crash(self, recorded: int) -> bool:
        """Whether the engine dies here: during an attempt, or once for each number that the case gives."""
        if self._dies:
            self._dies = False
            return True
        due = [n for n in self._case.crash_after if n <= recorded]
        done = self._turn.get("\0crash", 0)
        if len(due) <= done:
            return False
        self._turn["\0crash"] = done + 1
        return True


def rehearse(runbook: Runbook, case: Case, specs: Mapping[str, HandlerSpec], planner: Planner) -> Report:
    """Run one case."""
    script = _Script(case)
    try:
        inputs = inputs_of(runbook, case.inputs, texts=False)
    except UsageError as problem:
        return Report(case.name, (problem.message, *_strangers(runbook, case)), "", (), frozenset())
    world = World(runbook, Renderer(specs, planner), script, specs)
    started = e.RunStarted(runbook.name, runbook.digest, case.mode, case.by, inputs, {}, {}, "rehearsal")
    try:
        world.run(started)
    except SteadyError as problem:
        return Report(case.name, (problem.message,), "", (), frozenset())
    path, walked = _walk(runbook, world.recorded)
    problems = (*_strangers(runbook, case), *dict.fromkeys(script.silent), *_differences(case, world.state, path))
    end = world.state.conclusion
    return Report(case.name, problems, end.conclusion if end else "", path, walked)


def _strangers(runbook: Runbook, case: Case) -> Iterable[str]:
    """Names in the case that the runbook does not have: what is said about them would never be heard."""
    named = [*case.steps, *case.answers, *case.expect.get("path", ()), *case.expect.get("attempts", ())]
    for name in dict.fromkeys(re.split(r"[.:/[]", name, maxsplit=1)[0] for name in named):
        if name not in runbook.steps:
            yield f"the runbook has no step `{name}`; {near(name, runbook.steps, 'steps')}"


def _walk(runbook: Runbook, recorded: Iterable[e.Recorded]) -> tuple[tuple[str, ...], frozenset[Walked]]:
    """The steps entered, and the edges taken among the runbook's own steps."""
    path: list[str] = []
    walked: set[Walked] = set()
    settled: dict[str, str] = {}
    for one in recorded:
        match one.event:
            case e.StepSettled(path=at, outcome=outcome):
                settled[at] = outcome
            case e.StepEntered(path=to, came_from=source, outcome=outcome):
                path.append(to)
                if source and "/" not in to:
                    walked.add((source, _label(runbook, source, outcome, settled), to))
            case e.RunConcluded(conclusion=conclusion, came_from=source, outcome=outcome):
                if source:
                    walked.add((source, _label(runbook, source, outcome, settled), f"end.{conclusion}"))
            case _:
                pass
    return tuple(path), frozenset(walked)


def _label(runbook: Runbook, source: str, outcome: str, settled: Mapping[str, str]) -> str:
    """What the graph calls the edge that was taken: a diagnosis leaves by the cause that it found first."""
    step = runbook.steps.get(source)
    if step is None:
        return outcome
    checks = step.body.checks if isinstance(step.body, Diagnose) else ()
    return label_of(step, outcome, next((c.cause for c in checks if settled.get(f"{source}.{c.id}") == FAIL), ""))


def _differences(case: Case, state: State, path: tuple[str, ...]) -> Iterable[str]:
    """Where what came differs from what is expected."""
    end = state.conclusion.conclusion if state.conclusion else "none"
    waiting = [g.opened.gate for g in state.open_gates]
    attempts = {leaf_path: leaf.attempt for leaf_path, leaf in state.leaves.items()}
    facts = state.facts.get("", {})
    actual: dict[str, Any] = {"conclusion": end, "path": list(path), "waits_for": waiting}
    for name, wanted in case.expect.items():
        if name in {"facts", "attempts"}:
            known = facts if name == "facts" else attempts
            for key, value in wanted.items():
                if known.get(key) != value:
                    yield f"{name}.{key}: expected {value!r}, actual {known.get(key)!r}"
        elif name in actual:
            expected = [wanted] if name == "waits_for" and isinstance(wanted, str) else wanted
            if actual[name] != expected:
                yield f"{name}: expected {expected}, actual {actual[name]}"


def coverage(runbook: Runbook, reports: Iterable[Report]) -> Coverage:
    """What the cases walked of the runbook's graph. Edges that the author did not write are not asked for."""
    graph = build(runbook)
    walked = frozenset[Walked]().union(*(report.walked for report in reports))
    edges = [(edge.source, edge.label, edge.target) for edge in graph.edges if not edge.defaulted]
    entered = {graph.first, *(target for _, _, target in walked)} if walked else set()
    missing = tuple(f"{a} -{label}-> {b}" for a, label, b in edges if (a, label, b) not in walked)
    steps = sum(name in entered for name in graph.nodes)
    return Coverage((steps, len(graph.nodes)), (len(edges) - len(missing), len(edges)), missing)
