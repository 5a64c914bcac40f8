"""How often a person is asked on the way through a runbook: at least, and at most, on a way that repeats nothing.

Pure, for the backtest. A loop is walked once: what it asks again is not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from ..model import Branch, Call, Parallel, Runbook, Step
from .build import edges_of, node


class Asked(Struct, frozen=True):
    """On the way with the fewest questions, and on that with the most."""

    least: int = 0
    most: int = 0

    def plus(self, other: Asked) -> Asked:
        """One after the other."""
        return Asked(self.least + other.least, self.most + other.most)


def asked(runbook: Runbook) -> Asked:
    """How often a run of the runbook asks."""
    return _of_steps(runbook.steps, runbook.calls)


def steps_of(runbook: Runbook) -> Iterator[Step]:
    """Every step of a runbook, those of its branches and of all that it calls included."""
    yield from _steps(runbook.steps.values())
    for inner in runbook.calls.values():
        yield from steps_of(inner)


def _steps(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step.body, Parallel):
            for branch in step.body.branches:
                yield from _steps(_inside(branch).values())


def _inside(branch: Branch) -> Mapping[str, Step]:
    return {branch.id: branch.step} if branch.step is not None else branch.steps


def _of_steps(steps: Mapping[str, Step], calls: Mapping[str, Runbook]) -> Asked:
    if not steps:
        return Asked()
    following = {name: [e.target for e in edges_of(step) if e.target in steps] for name, step in steps.items()}
    ends = {name for name, step in steps.items() if any(e.target not in steps for e in edges_of(step))}
    found: dict[str, Asked] = {}
    for name, later in _last_first(following, next(iter(steps))):
        ways = [found[other] for other in later if other in found]
        if name in ends or not ways:
            ways.append(Asked())
        rest = Asked(min(way.least for way in ways), max(way.most for way in ways))
        found[name] = _of_step(steps[name], calls).plus(rest)
    return found[next(iter(steps))]


def _last_first(following: Mapping[str, list[str]], first: str) -> Iterator[tuple[str, list[str]]]:
    """Every step that can be reached, after those that follow it but for the ones that lead back."""
    seen, waiting = {first}, [(first, iter(following[first]))]
    while waiting:
        name, rest = waiting[-1]
        other = next((one for one in rest if one not in seen), None)
        if other is None:
            waiting.pop()
            yield name, following[name]
        else:
            seen.add(other)
            waiting.append((other, iter(following[other])))


def _of_step(step: Step, calls: Mapping[str, Runbook]) -> Asked:
    found = Asked(1, 1) if node(step).asks else Asked()
    if isinstance(step.body, Call) and step.body.runbook in calls:
        found = found.plus(asked(calls[step.body.runbook]))
    if isinstance(step.body, Parallel):
        for branch in step.body.branches:
            found = found.plus(_of_steps(_inside(branch), calls))
    return found
