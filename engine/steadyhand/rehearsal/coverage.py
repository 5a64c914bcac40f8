"""What cases walked of a runbook's graph, of all there is: steps, edges, conclusions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from .. import events as e
from ..graph import build, label_of
from ..model import END, FAIL, Diagnose, Runbook

Edge = tuple[str, str, str]
"""An edge: the step left, the outcome (or the cause found), the step or end that follows."""


class Part(Struct, frozen=True):
    """How many were walked of how many, and those that were not."""

    walked: int
    of: int
    missing: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        """The share that was walked, rounded down."""
        return 100 * self.walked // self.of if self.of else 100


class Coverage(Struct, frozen=True):
    """What was walked. `taken` counts how often each edge was."""

    steps: Part
    edges: Part
    conclusions: Part
    taken: Mapping[Edge, int]

    @property
    def percent(self) -> int:
        """The share of edges walked, rounded down."""
        return self.edges.percent


def arrow(edge: Edge) -> str:
    """An edge on one line."""
    source, label, target = edge
    return f"{source} -{label}-> {target}"


def walk(runbook: Runbook, recorded: Iterable[e.Recorded]) -> tuple[tuple[str, ...], tuple[Edge, ...]]:
    """The steps entered, and the edges taken among the runbook's own steps, in order."""
    path: list[str] = []
    walked: list[Edge] = []
    settled: dict[str, str] = {}
    for one in recorded:
        match one.event:
            case e.StepSettled(path=at, outcome=outcome):
                settled[at] = outcome
            case e.StepEntered(path=to, came_from=source, outcome=outcome):
                path.append(to)
                if source and "/" not in to:
                    walked.append((source, _label(runbook, source, outcome, settled), to))
            case e.RunConcluded(conclusion=conclusion, came_from=source, outcome=outcome):
                if source and outcome:  # without an outcome, the run ended where it stood
                    walked.append((source, _label(runbook, source, outcome, settled), f"{END}{conclusion}"))
            case _:
                pass
    return tuple(path), tuple(walked)


def _label(runbook: Runbook, source: str, outcome: str, settled: Mapping[str, str]) -> str:
    """What the graph calls the edge that was taken: a diagnosis leaves by the cause that it found first."""
    step = runbook.steps.get(source)
    if step is None:
        return outcome
    checks = step.body.checks if isinstance(step.body, Diagnose) else ()
    return label_of(step, outcome, next((c.cause for c in checks if settled.get(f"{source}.{c.id}") == FAIL), ""))


def edges(runbook: Runbook) -> tuple[Edge, ...]:
    """The edges that are asked for: those that the author wrote, each once."""
    written = ((edge.source, edge.label, edge.target) for edge in build(runbook).edges if not edge.defaulted)
    return tuple(dict.fromkeys(written))


def coverage(runbook: Runbook, walks: Iterable[tuple[tuple[str, ...], tuple[Edge, ...]]]) -> Coverage:
    """What walks (steps entered, edges taken) cover together."""
    entered: set[str] = set()
    taken: dict[Edge, int] = {}
    for path, walked in walks:
        entered.update(path)
        for edge in walked:
            taken[edge] = taken.get(edge, 0) + 1
    wanted = edges(runbook)
    ends = dict.fromkeys(target for _, _, target in wanted if target.startswith(END))
    reached = {target for _, _, target in taken}
    return Coverage(
        _part(runbook.steps, entered),
        _part({arrow(edge): edge for edge in wanted}, {arrow(edge) for edge in taken}),
        _part({end.removeprefix(END): end for end in ends}, {end.removeprefix(END) for end in reached}),
        taken,
    )


def _part(names: Iterable[str], walked: set[str]) -> Part:
    known = tuple(names)
    missing = tuple(name for name in known if name not in walked)
    return Part(len(known) - len(missing), len(known), missing)
