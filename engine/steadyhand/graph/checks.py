"""What can be said of a runbook before it runs, with a path that shows it. Iterative and near linear. Pure.

The shape of the graph is looked at here; every other family of proofs is a module of its own, and is imported only for
a runbook that it could say something about.
"""

from __future__ import annotations

from collections import deque

from ..errors import Diagnostic
from ..model import ERROR, FAIL, PASS, Call, Diagnose, Do, Effect, Manual, Parallel, Runbook, SetFacts, Step
from .build import effect_of
from .findings import Around, Findings
from .ways import Scope, cycles, every, of_runbook, way

NOTHING = Around()


def check(runbook: Runbook, around: Around = NOTHING) -> tuple[Diagnostic, ...]:
    """Everything that is found about the graph, sorted by place."""
    found = Findings(runbook)
    scopes = _scopes(runbook)
    for scope in scopes:
        _unreachable(scope, found)
        _endless(scope, found)
        _unbounded(scope, found)
        for name, step in scope.steps.items():
            if name in scope.reached:
                _of_change(scope, step, found)
                _overruled(scope, step, found)
    _of_changes(runbook, scopes, found)
    _of_values(runbook, scopes, around, found)
    _of_the_rest(runbook, scopes, around, found)
    return found.all()


def _scopes(runbook: Runbook) -> tuple[Scope, ...]:
    """The graphs of a runbook. By what outcomes a step with steps inside can be left is for these to say."""
    if not any(isinstance(step.body, (Parallel, Call)) for step in runbook.steps.values()):
        return (of_runbook(runbook),)
    from . import dominance  # noqa: PLC0415 not for a plain runbook

    possible = dominance.Proof(runbook).of
    return every(of_runbook(runbook, possible), possible)


def _of_changes(runbook: Runbook, scopes: tuple[Scope, ...], found: Findings) -> None:
    """What was asked before a change, and shown after it."""
    if not any(_may_change(step) for scope in scopes for step in scope.steps.values()):
        return
    from . import dominance  # noqa: PLC0415 not for a runbook that only reads

    dominance.unguarded(scopes, found)
    dominance.unproved(scopes[0], dominance.Proof(runbook), found)


def _may_change(step: Step) -> bool:
    body = step.body
    return isinstance(body, Call) or (
        (isinstance(body, Do) and body.operation.effect is not Effect.READ)
        or (isinstance(body, Manual) and body.effect is not Effect.READ)
    )


def _of_values(runbook: Runbook, scopes: tuple[Scope, ...], around: Around, found: Findings) -> None:
    """What templates and expressions use: whether it is there, of what type it is, and where it comes from."""
    from . import uses  # noqa: PLC0415 comes with the family

    known = uses.of_scopes(scopes)
    if known:
        from . import values  # noqa: PLC0415 not for a runbook without templates

        values.check(runbook, scopes, known, around, found)
    if known or any(isinstance(s.body, Call) or s.each is not None for one in scopes for s in one.steps.values()):
        from . import kinds  # noqa: PLC0415 comes with the family

        kinds.check(runbook, scopes, known, around, found)
    if any(word in runbook.text for word in _OUTSIDE):
        from . import trust  # noqa: PLC0415 only where something comes from outside

        if trust.worth_it(scopes):
            trust.check(runbook, scopes, around, found)


_OUTSIDE = ("alert.", "alert[", "steps.", "steps[", "facts")
"""What stands in the text wherever something comes from outside."""


def _of_the_rest(runbook: Runbook, scopes: tuple[Scope, ...], around: Around, found: Findings) -> None:
    """The families that look at one step at a time."""
    if "expect" in runbook.text:
        from . import expectations  # noqa: PLC0415 comes with the family

        for scope in scopes:
            for step in scope.steps.values():
                expectations.check(scope, step, found)
    if runbook.within:
        from . import times  # noqa: PLC0415 only for a runbook with a deadline

        times.check(runbook, scopes, found)
    if around.settings or around.alerts is not None or "auto:" in runbook.text:
        from . import settled  # noqa: PLC0415 only where there is something to hold it against

        settled.check(runbook, scopes, around, found)


# --- the shape of the graph


def _unreachable(scope: Scope, found: Findings) -> None:
    for name, step in scope.steps.items():
        if name not in scope.reached:
            message = f"no path leads to step `{scope.prefix}{name}`"
            found.say("SG001", step.span, message, "lead an edge to it, or remove it")


def _endless(scope: Scope, found: Findings) -> None:
    """Walk back from the ends; whatever is not met cannot end."""
    before: dict[str, list[str]] = {}
    for edge in scope.edges:
        before.setdefault(edge.target, []).append(edge.source)
    ending = {edge.target for edge in scope.edges if edge.target not in scope.steps}
    waiting = deque(ending)
    while waiting:
        for source in before.get(waiting.popleft(), ()):
            if source not in ending:
                ending.add(source)
                waiting.append(source)
    for name, step in scope.steps.items():
        if name in scope.reached and name not in ending:
            message = f"no path leads from step `{scope.prefix}{name}` to an end: {way(scope, name)}"
            found.say("SG002", step.span, message, "give one of its outcomes an end")


def _unbounded(scope: Scope, found: Findings) -> None:
    """A cycle among the steps that have no bound."""
    free = {step.id for step in scope.steps.values() if not step.max_visits and step.id in scope.reached}
    for cycle in cycles(free, lambda name: (e.target for e in scope.following[name] if e.target in free)):
        shown = " -> ".join(f"{scope.prefix}{name}" for name in (*cycle, cycle[0]))
        hint = "give one step of the loop `max_visits: 3`, or lead the edge elsewhere"
        found.say("SG003", scope.steps[cycle[0]].span, f"the loop {shown} has no bound", hint)


def _of_change(scope: Scope, step: Step, found: Findings) -> None:
    if not isinstance(step.body, Do) or effect_of(step) is Effect.READ:
        return
    path = f"{scope.prefix}{step.id}"
    relied = [] if scope.alone else [outcome for outcome in (FAIL, ERROR) if outcome in step.defaulted]
    if relied:
        listed = " and ".join(f"`{outcome}`" for outcome in relied)
        hint = f"write `next: {{{', '.join(f'{o}: end.escalated' for o in relied)}}}`, or a step"
        found.say("SG006", step.span, f"the change `{path}` has no edge for {listed}", hint)
    if step.undo is None:
        hint = "add `undo:` with an action, or `undo: {none: why}`"
        found.say("SG007", step.span, f"the change `{path}` has no undo", hint)


def _overruled(scope: Scope, step: Step, found: Findings) -> None:
    """Edges that are written and cannot be taken: the step itself says what follows, or never ends so."""
    body = step.body
    path = f"{scope.prefix}{step.id}"
    if isinstance(body, Diagnose):
        every_fix = bool(body.checks) and all(check.fix for check in body.checks)
        for outcome, first in ((PASS, body.otherwise and "otherwise"), (FAIL, every_fix and "fix")):
            if first and outcome in step.next and outcome not in step.defaulted:
                message = f"step `{path}` never leaves by `{outcome}`: `{first}` says what follows"
                found.say("SG009", step.span, message, "remove one of the two")
    if isinstance(body, SetFacts) and body.expect is None and FAIL in step.next and FAIL not in step.defaulted:
        message = f"step `{path}` never leaves by `fail`: it expects nothing"
        found.say("SG009", step.span, message, "remove the edge, or add `expect:`")
