"""Runs one case of a test document in a scripted world and says what came of it. The answer to `steady test`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..core.rendering import Planner, Renderer
from ..errors import SteadyError, UsageError
from ..model import HandlerSpec, Plan, Runbook, Target
from ..schema import inputs_of
from .coverage import Edge, walk
from .documents import Case
from .expected import Observed, differences, message, observed
from .script import CaseScript
from .world import Script, World

NOTIFY = "notify"
"""The step kind whose messages a test may look at."""


class Report(Struct, frozen=True):
    """What came of one case: empty `problems` mean that it passed. `walked` are the edges that it took, in order."""

    case: str
    problems: tuple[str, ...]
    conclusion: str = ""
    path: tuple[str, ...] = ()
    walked: tuple[Edge, ...] = ()
    seen: Observed | None = None


class Played(Struct, frozen=True):
    """A case played to its end: its journal, the edges taken, and what a test may look at."""

    recorded: tuple[e.Recorded, ...]
    walked: tuple[Edge, ...]
    seen: Observed


def rehearse(runbook: Runbook, case: Case, specs: Mapping[str, HandlerSpec], planner: Planner) -> Report:
    """Run one case, and compare."""
    script = CaseScript(case)
    try:
        played = play(runbook, case, script, specs, planner)
    except SteadyError as problem:
        return Report(case.name, (problem.message,))
    seen = played.seen
    problems = (*dict.fromkeys(script.silent), *differences(case.expect, seen))
    conclusion = "" if seen.conclusion == "none" else seen.conclusion
    return Report(case.name, problems, conclusion, seen.path, played.walked, seen)


def play(runbook: Runbook, case: Case, script: Script, specs: Mapping[str, HandlerSpec], planner: Planner) -> Played:
    """Run a case by a script, which may be another than what the case says. Raises SteadyError."""
    messages: dict[str, dict[str, Any]] = {}

    def noting(kind: str, params: Mapping[str, Any], target: Target | None) -> Plan:
        plan = planner(kind, params, target)
        if kind == NOTIFY:
            messages[plan.digest] = message(params, plan.preview, target.name if target else "")
        return plan

    world = World(runbook, Renderer(specs, noting), script, specs)
    stop = case.stop
    outside = ((stop.after, e.StopRequested(stop.by, stop.reason, "rehearsal")),) if stop else ()
    world.run(started(runbook, case), outside=outside)
    path, walked = walk(runbook, world.recorded)
    return Played(tuple(world.recorded), walked, observed(world.state, world.recorded, path, messages))


def started(runbook: Runbook, case: Case) -> e.RunStarted:
    """The first event of a case. Raises UsageError when no run would take its inputs."""
    try:
        inputs = inputs_of(runbook, case.inputs, texts=False)
    except UsageError as problem:
        raise UsageError(problem.message, f"inputs of {runbook.name}: {', '.join(runbook.inputs) or 'none'}") from None
    return e.RunStarted(
        runbook=runbook.name,
        digest=runbook.digest,
        mode=case.mode,
        requester=case.by,
        inputs=inputs,
        texts={},
        digests={},
        driver="rehearsal",
        roles=case.roles,
        contacts=case.contacts,
        targets=case.targets,
        channels=case.channels,
        secrets=case.secrets,
        alert=case.alert,
    )
