"""The step graph of a runbook: what may follow what. Everything that is proved or drawn starts here. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from ..model import (
    END,
    FAIL,
    PASS,
    Ask,
    Branch,
    Call,
    Choose,
    Confirm,
    Diagnose,
    Do,
    Effect,
    Manual,
    Operation,
    Parallel,
    Runbook,
    SetFacts,
    Step,
    Wait,
)

ORDER = (Effect.READ, Effect.CHANGE, Effect.DESTRUCTIVE)


class Edge(Struct, frozen=True):
    """Control may go from a step to another (or to `end.<conclusion>`) when it has this outcome.

    `label` says it for people: the outcome, or the check that found its cause. `defaulted`: nobody wrote it.
    """

    source: str
    outcome: str
    target: str
    label: str
    defaulted: bool = False


class Node(Struct, frozen=True):
    """A step as it is drawn. `asks` tells that a person is asked before it acts, or by it."""

    id: str
    title: str
    kind: str
    effect: Effect
    asks: bool
    verification: bool
    parts: tuple[str, ...] = ()


class Graph(Struct, frozen=True):
    """Nodes in the order of the file, edges in the order of the nodes, the first step."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    first: str

    @property
    def ends(self) -> tuple[str, ...]:
        """The ends that edges lead to, in order of appearance."""
        return tuple(dict.fromkeys(edge.target for edge in self.edges if edge.target.startswith(END)))


def build(runbook: Runbook) -> Graph:
    """The graph of a runbook's own steps; branches and called runbooks stay inside theirs."""
    return of_steps(runbook.steps)


def of_steps(steps: Mapping[str, Step]) -> Graph:
    """The graph of some steps."""
    nodes = {step.id: node(step) for step in steps.values()}
    edges = tuple(edge for step in steps.values() for edge in edges_of(step))
    return Graph(nodes, edges, next(iter(steps)))


def edges_of(step: Step) -> Iterator[Edge]:
    """The edges out of one step."""
    body = step.body
    found = set()
    if isinstance(body, Diagnose):
        for check in body.checks:
            if check.fix:
                yield Edge(step.id, FAIL, check.fix, check.cause)
        found = {FAIL} if all(check.fix for check in body.checks) else set()
        if body.otherwise:
            yield Edge(step.id, PASS, body.otherwise, "no cause found")
            found.add(PASS)
    for outcome, target in step.next.items():
        if outcome not in found:
            yield Edge(step.id, outcome, target, outcome, outcome in step.defaulted)


def label_of(step: Step, outcome: str, cause: str = "") -> str:
    """What the graph calls the edge by which a step was left; `cause` is what a diagnosis found."""
    body = step.body
    if isinstance(body, Diagnose) and outcome == FAIL:
        return cause if any(check.fix and check.cause == cause for check in body.checks) else outcome
    return "no cause found" if isinstance(body, Diagnose) and outcome == PASS and body.otherwise else outcome


def node(step: Step) -> Node:
    """A step as a node."""
    effect = effect_of(step)
    asks = step.gate is not None or isinstance(step.body, (Confirm, Choose, Ask, Manual))
    return Node(step.id, step.title, kind_of(step), effect, asks, step.verification, tuple(_parts(step)))


def _parts(step: Step) -> Iterator[str]:
    body = step.body
    if isinstance(body, Diagnose):
        yield from (check.cause for check in body.checks)
    if isinstance(body, Parallel):
        yield from (branch.id for branch in body.branches)
    if isinstance(body, Call):
        yield body.runbook
    if step.each is not None:
        yield f"each of {step.each.target or step.each.name}"
    if step.verify is not None:
        yield "verified"


_KINDS: dict[type, str] = {
    Call: "call", Diagnose: "diagnose", Parallel: "parallel", Wait: "wait", SetFacts: "set", Confirm: "gate",
    Choose: "choose", Ask: "ask", Manual: "manual",
}  # fmt: skip


def kind_of(step: Step) -> str:
    """The step kind, as it is written."""
    return step.body.operation.kind if isinstance(step.body, Do) else _KINDS[type(step.body)]


def effect_of(step: Step) -> Effect:
    """The gravest effect of what a step itself does (a called runbook's steps have their own)."""
    if isinstance(step.body, Manual):
        return step.body.effect
    return max((operation.effect for _, operation in of_step(step, "")), key=ORDER.index, default=Effect.READ)


def operations(runbook: Runbook) -> tuple[tuple[str, Operation], ...]:
    """Every operation of a runbook's own steps with its path, branches, verifications, undos and captures included."""
    return tuple(found for step in runbook.steps.values() for found in of_step(step, step.id))


def of_step(step: Step, path: str) -> Iterator[tuple[str, Operation]]:
    """Every operation of one step with its path, those of its branches included."""
    body = step.body
    if isinstance(body, Do):
        yield path, body.operation
    if isinstance(body, Diagnose):
        yield from ((f"{path}.{check.id}", check.operation) for check in body.checks)
    if isinstance(body, Parallel):
        for branch in body.branches:
            yield from _of_branch(branch, f"{path}.{branch.id}")
    if step.verify is not None:
        yield f"{path}:verify", step.verify.operation
    if step.undo is not None and step.undo.operation is not None:
        yield f"{path}:undo", step.undo.operation
    for name, operation in step.capture.items():
        yield f"{path}:before.{name}", operation
    if step.each is not None and step.each.between is not None:
        yield f"{path}:between.1", step.each.between


def _of_branch(branch: Branch, path: str) -> Iterator[tuple[str, Operation]]:
    if branch.step is not None:
        yield from of_step(branch.step, path)
    for inner in branch.steps.values():
        yield from of_step(inner, f"{path}/{inner.id}")


def facts_of(runbook: Runbook) -> Iterator[str]:
    """Every fact that a step of the runbook may set."""
    for _, operation in operations(runbook):
        yield from operation.facts
    yield from _set_by(runbook.steps)


def _set_by(steps: Mapping[str, Step]) -> Iterator[str]:
    for step in steps.values():
        if isinstance(step.body, SetFacts):
            yield from step.body.facts
        fact = getattr(step.body, "fact", "")
        if fact:
            yield fact
        if isinstance(step.body, Parallel):
            for branch in step.body.branches:
                yield from _set_by(branch.steps if branch.step is None else {branch.id: branch.step})
