"""Who was asked before a change, and what was shown after it: gates that dominate, verifications that follow. Pure.

Called by `checks`. Two analyses over the edges. Forwards: which steps can be reached without a person's yes. And
backwards from an end: from where it can be reached while nothing has shown that the last change worked. A branch of a
`parallel` and a called runbook are summed up by what they make of a run that comes in with, or without, an unproved
change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence

from ..model import (
    END,
    ERROR,
    EXPIRED,
    FAIL,
    PASS,
    REJECTED,
    Branch,
    Call,
    Choose,
    Confirm,
    Do,
    Effect,
    Manual,
    Parallel,
    Runbook,
    Step,
    refused,
)
from .build import Edge
from .findings import Findings
from .ways import Reached, Scope, onward, shortest, taken, towards, way

RESOLVED, HEALTHY = f"{END}resolved", f"{END}healthy"


def unguarded(scopes: Sequence[Scope], found: Findings) -> None:
    """SG004: a change that a path leads to on which nobody has said yes to it."""
    known: dict[int, Reached] = {}

    def unasked(one: Scope) -> Reached:
        if id(one) not in known:
            known[id(one)] = _unasked(one)
        return known[id(one)]

    def is_open(one: Scope) -> bool:
        """Whether control may come into a graph unasked."""
        if one.parent is None:
            return True
        asked = one.parent.steps[one.at].gate is not None
        return not asked and one.at in unasked(one.parent) and is_open(one.parent)

    for one in scopes:
        for name, step in one.steps.items():
            changing = isinstance(step.body, Do) and step.body.operation.effect is not Effect.READ
            if changing and step.gate is None and name in one.reached and name in unasked(one) and is_open(one):
                message = f"no gate guards the change `{one.prefix}{name}`: {way(one, name, unasked)}"
                found.say("SG004", step.span, message, "add `gate: {prompt: ..., roles: [...]}`")


def _unasked(scope: Scope) -> Reached:
    """The steps that can be reached without a yes. A yes to another change is none to this one."""
    asking = {name for name, step in scope.steps.items() if isinstance(step.body, (Confirm, Choose))}
    if not asking:
        return scope.reached
    cut = {
        name: [e for e in edges if name not in asking or refused(e.outcome)] for name, edges in scope.following.items()
    }
    return shortest(scope.first, cut)


Change = tuple[bool, bool, bool]
"""What a stretch of a run does: whether it leaves a change of its own unproved, whether it leaves those from before so,
and whether the engine has changed something in it, proved or not.
"""
KEEPS = (False, True, False)


class Proof:
    """What changes, and what proves it, for one runbook and all that it calls."""

    def __init__(self, runbook: Runbook) -> None:
        self._runbook = runbook
        self._calls: dict[str, Proof] = {}
        self._ends: dict[int, dict[str, set[Change]]] = {}
        self._branches: dict[int, dict[str, set[Change]]] = {}

    def _called(self, name: str) -> Proof | None:
        """The same for a called runbook; None when it could not be read, which is another finding."""
        if name not in self._calls and name in self._runbook.calls:
            self._calls[name] = Proof(self._runbook.calls[name])
        return self._calls.get(name)

    def whole(self) -> dict[str, set[Change]]:
        """The ends of the whole runbook, each with what the ways to it may make of an unproved change."""
        return self.ends(self._runbook.steps)

    def ends(self, steps: Mapping[str, Step]) -> dict[str, set[Change]]:
        """The same for a graph of steps."""
        if id(steps) not in self._ends:
            self._ends[id(steps)] = self._walked(steps)
        return self._ends[id(steps)]

    def _walked(self, steps: Mapping[str, Step]) -> dict[str, set[Change]]:
        following: dict[str, list[Edge]] = {name: list(taken(step)) for name, step in steps.items()}
        seen = {(next(iter(steps)), KEEPS)}
        waiting = deque(seen)
        ends: dict[str, set[Change]] = {}
        while waiting:
            name, so_far = waiting.popleft()
            if steps[name].max_visits:
                ends.setdefault(f"{END}escalated", set()).add(so_far)  # when the bound is passed
            for edge in following.get(name, ()):
                for change in self.of(steps[name], edge.outcome):
                    to = (edge.target, _then(so_far, change))
                    if edge.target.startswith(END):
                        ends.setdefault(edge.target, set()).add(to[1])
                    elif to not in seen:
                        seen.add(to)
                        waiting.append(to)
        return ends

    def acted(self, step: Step, outcome: str) -> bool:
        """Whether the engine may have changed something in a step that is left so."""
        return any(change[2] for change in self.of(step, outcome))

    def leaves(self, step: Step, outcome: str) -> bool:
        """Whether a step that is left so may leave a change of its own unproved."""
        return any(own for own, _, _ in self.of(step, outcome))

    def keeps(self, step: Step, outcome: str) -> bool:
        """Whether a step that is left so may leave a change from before unproved."""
        return any(kept for _, kept, _ in self.of(step, outcome))

    def of(self, step: Step, outcome: str) -> Collection[Change]:
        """What a step that is left by an outcome may make of an unproved change; nothing when it is never left so."""
        body = step.body
        if isinstance(body, Parallel):
            found = self._of_branches(body).get(outcome, set())
            found = found | {KEEPS} if refused(outcome) else found
        elif isinstance(body, Call):
            found = self._of_call(body, outcome)
        elif refused(outcome):
            return (KEEPS,)
        elif isinstance(body, (Do, Manual)):
            changing = (body.operation.effect if isinstance(body, Do) else body.effect) is not Effect.READ
            proved = outcome == PASS and (step.verify is not None or (step.verification and not changing))
            return ((changing and not proved, not proved, changing and isinstance(body, Do)),)
        else:
            found = {KEEPS}
        proves = step.verification and outcome == PASS
        return {(own, False, acted) for own, _, acted in found} if proves else found

    def _of_branches(self, body: Parallel) -> dict[str, set[Change]]:
        """Branches run side by side: a verification in one proves what was before, not what another does meanwhile."""
        if id(body) not in self._branches:
            joined: dict[str, set[Change]] = {PASS: {KEEPS}}
            for number, branch in enumerate(body.branches):
                results = self._left(branch)
                merged: dict[str, set[Change]] = {}
                for before, some in joined.items():
                    for outcome, more in results.items():
                        both = {_beside(a, b) if number else b for a in some for b in more}
                        merged.setdefault(worse(before, outcome), set()).update(both)
                joined = merged
            self._branches[id(body)] = joined
        return self._branches[id(body)]

    def _left(self, branch: Branch) -> dict[str, set[Change]]:
        """How a branch may end, as an outcome of the step that it is in."""
        found: dict[str, set[Change]] = {}
        if branch.step is not None:
            for outcome in branch.step.next:
                found.setdefault(outcome, set()).update(self.of(branch.step, outcome))
        else:
            for end, changes in self.ends(branch.steps).items():
                found.setdefault(OUTCOMES[end], set()).update(changes)
        return found

    def _of_call(self, body: Call, outcome: str) -> set[Change]:
        """What the called runbook may do before it ends so; one that is refused, or never starts, does nothing."""
        called = self._called(body.runbook)
        found = {KEEPS} if called is None or refused(outcome) or outcome == ERROR else set[Change]()
        for end, changes in called.whole().items() if called is not None else ():
            if OUTCOMES[end] == outcome:
                found |= changes
        return found


OUTCOMES: Mapping[str, str] = {
    f"{END}healthy": PASS,
    f"{END}resolved": PASS,
    f"{END}escalated": FAIL,
    f"{END}stopped": FAIL,
    f"{END}broken": ERROR,
}
"""What the end of a called runbook, or of a branch made of steps, is as an outcome."""
_WORST = (ERROR, FAIL, REJECTED, EXPIRED)


def worse(one: str, other: str) -> str:
    """The outcome of two branches together."""
    return next((outcome for outcome in _WORST if outcome in (one, other)), PASS)


def _then(one: Change, other: Change) -> Change:
    """One stretch after another."""
    return (other[0] or (one[0] and other[1]), one[1] and other[1], one[2] or other[2])


def _beside(one: Change, other: Change) -> Change:
    """Two stretches at the same time."""
    return (one[0] or other[0], one[1] and other[1], one[2] or other[2])


def unproved(scope: Scope, proof: Proof, found: Findings) -> None:
    """SG005 and SG008: where a run may end although what it then says of itself was not shown."""
    stays = towards(RESOLVED, [e for e in scope.edges if proof.keeps(scope.steps[e.source], e.outcome)])
    well = towards(HEALTHY, [e for e in scope.edges if proof.of(scope.steps[e.source], e.outcome)])
    for name, step in scope.steps.items():
        if name not in scope.reached:
            continue
        for edge in scope.following[name]:
            if proof.leaves(step, edge.outcome) and (edge.target == RESOLVED or edge.target in stays):
                shown = onward(edge, stays, RESOLVED)
                message = f"after the change `{name}` the run may end resolved unverified: {shown}"
                hint = "add `verify:`, or a step with `purpose: verification` on the way"
                found.say("SG005", step.span, message, hint)
                break
        for edge in scope.following[name]:
            if proof.acted(step, edge.outcome) and (edge.target == HEALTHY or edge.target in well):
                message = f"after the change `{name}` the run may end healthy: {onward(edge, well, HEALTHY)}"
                found.say("SG008", step.span, message, "end in end.resolved or end.escalated after a change")
                break
