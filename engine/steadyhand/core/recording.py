"""From what is wanted to what is recorded: one batch of events that belong together, made before anything is done.

The driver and the rehearsal both advance a run through this. `advance` folds what arrived into a draft, decides, turns
every action into its event, and decides again, until nothing more follows; the caller appends the whole batch at once
and only then performs the `Job`s in it. So the end of one step and the intent of the next share a flush, and an intent
is durable before its first byte goes out. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from .. import events as e
from ..errors import Refused, SteadyError
from ..expressions import render_text
from ..model import ERROR, Ability, Call, Effect, Operation, Plan, Runbook, digest, secrets_in
from . import actions as a
from .answers import Answer, admit
from .confining import UNHELD, held
from .decide import survey
from .gates import said_by
from .locks import locked
from .paths import Place, entry, locate, step_of, visit
from .rendering import Renderer
from .state import State
from .tables import APPROVES, VOID, WORST


class Job(Struct, frozen=True):
    """Something to do once its intent is durable: an attempt to start, or one to cancel (`plan` is None then)."""

    path: str
    attempt: int
    plan: Plan | None = None
    place: Place | None = None
    reason: str = ""
    confine: str = ""


class Draft(Struct):
    """A batch in the making: events not yet appended, the state as it will be, and the jobs that follow."""

    stream: str
    state: State
    at: int
    events: list[e.Event] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def add(self, event: e.Event, epoch: int = 0) -> None:
        """Fold one more event. Raises IllegalEvent."""
        recorded = e.Recorded(self.stream, self.state.seq + 1, self.at, "", epoch or self.state.epoch, event)
        self.state = self.state.after(recorded)
        self.events.append(event)


class Sighting(Struct, frozen=True):
    """What is known of the targets of a change from elsewhere: other runs, leases, freezes, what helped before.

    `notices` are for the person who is asked. `blocked` says why the change may not be made at all now. `roles` are
    those that must approve it now, instead of the gate's own.
    """

    notices: tuple[str, ...] = ()
    blocked: str = ""
    hint: str = ""
    roles: tuple[str, ...] = ()


Look = Callable[[State, tuple[str, ...], str], Sighting]
"""Looks at the targets of a change: (state, targets, what tells whether two changes are the same)."""


Frozen = Callable[[tuple[str, ...], int], Sighting]
"""Whether changes to these targets are frozen at a time (microseconds), and for whom not."""


def thawed(_targets: tuple[str, ...], _at: int) -> Sighting:
    """Nothing is frozen."""
    return Sighting()


def unseen(_state: State, _targets: tuple[str, ...], _change: str) -> Sighting:
    """There is nothing beside this run."""
    return Sighting()


class Clerk:
    """Turns actions into events. `children` gives the processes found alive for a path, for a gate of kind doubt;
    `look` what is known of the targets of a change from elsewhere; `ability` what this machine can confine a read by
    (None: nothing is confined, as in a rehearsal); `frozen` whether changes are frozen when one is about to begin.
    """

    def __init__(
        self,
        runbook: Runbook,
        renderer: Renderer,
        children: Callable[[str], Sequence[int]] = lambda _: (),
        look: Look = unseen,
        ability: Callable[[], Ability] | None = None,
        frozen: Frozen = thawed,
    ) -> None:
        self._frozen = frozen
        self._look = look
        self._runbook = runbook
        self._renderer = renderer
        self._children = children
        self._ability = ability

    def advance(self, stream: str, state: State, at: int, arrived: Iterable[e.Event | Answer]) -> Draft:
        """The batch that follows from what arrived, at that time (microseconds).

        Whether an answer counts is seen here, after all that was recorded or arrived before it.
        """
        draft = Draft(stream, state, max(at, state.at))
        for one in arrived:
            draft.add(admit(draft.state, one, draft.at) if isinstance(one, Answer) else one)
        while wanted := survey(self._runbook, draft.state).actions:
            for action in wanted:
                for event in self.record(draft, action):
                    draft.add(event)
        return draft

    def record(self, draft: Draft, action: a.Action) -> tuple[e.Event, ...]:
        """The events of one action; jobs are noted in the draft."""
        state = draft.state
        match action:
            case a.EnterStep(path=path, visit=number, came_from=came_from, outcome=outcome):
                return (e.StepEntered(path, number, came_from, outcome),)
            case a.StartStep():
                return self._start(draft, action)
            case a.CancelStep(path=path, attempt=attempt, reason=reason):
                draft.jobs.append(Job(path, attempt, reason=reason))
                return (e.CancelRequested(path, attempt, reason),)
            case a.SetTimer(key=key, due=due):
                return (e.TimerSet(key, due),)
            case a.CloseGate(gate=gate, opening=opening, result=result, reason=reason):
                return (e.GateClosed(gate, opening, result, reason),)
            case a.EndScope(path=path, conclusion=conclusion, came_from=came_from, outcome=outcome):
                return (e.ScopeEnded(path, conclusion, came_from, outcome),)
            case a.Escalate():
                return (self._escalated(state),)
            case a.Conclude():
                return (
                    e.RunConcluded(action.conclusion, action.came_from, action.outcome, action.reason, action.in_doubt),
                )
            case a.TakeLocks(path=path, targets=targets):
                return (self._locks(state, path, targets),)
            case a.ReleaseLocks(path=path, outcome=outcome):
                return (e.LocksReleased(path, entry(state, path), outcome, proved(state, path)),)
            case a.OpenGate(path=path) | a.ExpandEach(path=path) | a.StartCall(path=path) | a.ComputeFacts(path=path):
                return self._rendered(state, path, action)
        assert_never(action)

    def _escalated(self, state: State) -> e.EscalationRaised:
        escalation = self._runbook.escalation
        known = {"contacts": state.run.contacts, "inputs": state.run.inputs} if state.run else {}
        try:
            contact = render_text(escalation.contact, known).masked()
        except SteadyError as problem:
            contact = f"(no contact: {problem.message})"  # an escalation must not fail for want of an address
        return e.EscalationRaised(escalation.to, contact, escalation.after)

    def _rendered(
        self, state: State, path: str, action: a.OpenGate | a.ExpandEach | a.StartCall | a.ComputeFacts
    ) -> tuple[e.Event, ...]:
        """The event of an action that needs rendering, or the step settled as it cannot be rendered."""
        place = locate(self._runbook, state, path)
        try:
            match action:
                case a.OpenGate():
                    return (self._question(state, place, action),)
                case a.ExpandEach():
                    return (self._renderer.items(state, place),)
                case a.ComputeFacts():
                    return (self._renderer.facts(state, place),)
                case a.StartCall(runbook=runbook):
                    inputs: Mapping[str, object] = place.step.body.inputs if isinstance(place.step.body, Call) else {}
                    return (self._renderer.call(state, place, runbook, inputs),)
        except SteadyError as problem:
            return (unrendered(state, path, problem),)
        assert_never(action)

    def _question(self, state: State, place: Place, action: a.OpenGate) -> e.Event:
        """The gate; or the step settled, when the change may not be made at all now."""
        gate = self._renderer.gate(state, place, action, self._children(place.path))
        if not gate.plans:
            return gate
        if action.kind != "confirm":
            frozen = self._frozen(locked(place.step), state.at)
            return replace(gate, notices=(*gate.notices, *frozen.notices), roles=frozen.roles or gate.roles)
        seen = self._look(state, locked(place.step), change_of(gate.plans))
        if seen.blocked:
            return unrendered(state, place.path, Refused(seen.blocked, seen.hint))
        return replace(gate, notices=(*gate.notices, *seen.notices), roles=seen.roles or gate.roles)

    def _locks(self, state: State, path: str, targets: tuple[str, ...]) -> e.Event:
        """The wish for the locks of a change. A change that nobody was asked about is looked at first."""
        place = locate(self._runbook, state, path)
        try:
            plans = self._renderer.covered(state, place, path)
        except SteadyError as problem:
            return unrendered(state, path, problem)
        change = change_of({one: plan.digest for one, plan in plans.items()})
        if path not in state.gates:
            seen = self._look(state, targets, change)
            if seen.blocked:
                return unrendered(state, path, Refused(seen.blocked, seen.hint))
            if seen.notices or seen.roles:
                return e.CautionRaised(path, entry(state, path), seen.notices)
        return e.LocksWanted(path, entry(state, path), targets, change)

    def _start(self, draft: Draft, action: a.StartStep) -> tuple[e.Event, ...]:
        state = draft.state
        before = state.gates.get(action.gate)
        if before is not None and before.result == VOID and not before.undoes(action.path):
            return ()  # an attempt beside it has just found that the yes is void
        place = locate(self._runbook, state, action.path)
        try:
            plan = self._renderer.plan(state, place)
            hold = self._held(state, place)
        except SteadyError as problem:
            return (unrendered(state, action.path, problem),)
        if not approved(state, action, plan):
            gate = state.gates[action.gate]
            why = "what would run is no longer what was approved"
            return (e.GateClosed(action.gate, gate.opened.opening, VOID, why),)
        held_up = self._held_up(draft, place, action)
        if held_up:
            return held_up
        operation = place.operation
        assert operation is not None  # noqa: S101 a plan was made of it
        draft.jobs.append(Job(action.path, action.attempt, plan, place, confine=hold.means))
        return (_intent(state, action, operation, plan, hold),)

    def _held_up(self, draft: Draft, place: Place, action: a.StartStep) -> tuple[e.Event, ...]:
        """What a freeze makes of a change that is about to begin, be it that it has begun since people were asked.

        An undo is not held up: it ends what had begun before.
        """
        state, operation = draft.state, place.operation
        reads = operation is None or operation.effect is Effect.READ
        if reads or place.part == "undo" or (state.run is not None and state.run.mode == "dry-run"):
            return ()
        seen = self._frozen(locked(place.step), draft.at)
        if seen.blocked:
            return (unrendered(state, action.path, Refused(seen.blocked, seen.hint)),)
        gate = state.gates.get(action.gate)
        if not seen.roles or (gate is not None and said_by(state, gate, seen.roles)):
            return ()
        if gate is not None:
            return (e.GateClosed(action.gate, gate.opened.opening, VOID, seen.notices[0]),)
        step = step_of(action.path)
        return (e.CautionRaised(step, entry(state, step), seen.notices),)

    def _held(self, state: State, place: Place) -> Ability:
        """By what the kernel is to hold the attempt to reading. Raises Refused when it must and cannot."""
        operation = place.operation
        if operation is None or self._ability is None:
            return UNHELD
        able = self._renderer.spec(operation.kind).capabilities.confine
        return held(operation, able, state.run.mode if state.run else "", self._ability)


def change_of(plans: Mapping[str, str]) -> str:
    """What tells whether two changes are the same: the digests of what they do, whatever run they are in."""
    return digest(sorted(plans.values()))


def proved(state: State, path: str) -> str:
    """What the verifications of a step said, the worst of them; '' when it has none."""
    seen = {leaf.outcome for name, leaf in state.leaves.items() if _is_verification(name, path)}
    return next((outcome for outcome in WORST if outcome in seen), "")


def _is_verification(name: str, path: str) -> bool:
    return name.startswith(path) and name.endswith(":verify") and name[len(path)] in ":["


def approved(state: State, action: a.StartStep, plan: Plan) -> bool:
    """Whether the yes that this attempt uses was a yes to this plan."""
    gate = state.gates.get(action.gate)
    if gate is not None and gate.undoes(action.path):
        return True
    if gate is None or gate.result not in APPROVES:
        return not action.gate
    return gate.opened.plans.get(action.path, plan.digest) == plan.digest


def _intent(state: State, action: a.StartStep, operation: Operation, plan: Plan, hold: Ability) -> e.StepIntended:
    return e.StepIntended(
        path=action.path,
        visit=visit(state, action.path),
        attempt=action.attempt,
        kind=operation.kind,
        effect=operation.effect.value,
        idempotent=operation.idempotent,
        digest=plan.digest,
        preview=plan.preview,
        targets=plan.targets,
        gate=action.gate if operation.effect is not Effect.READ else "",
        confined=bool(hold.means),
        confinement=hold.means or hold.words,
        uses=tuple(sorted(secrets_in(plan.request))),
    )


def unrendered(state: State, path: str, problem: SteadyError) -> e.StepSettled:
    """A step that never started: what it would do could not be told."""
    return e.StepSettled(
        path=path,
        visit=visit(state, path),
        attempt=0,
        outcome=ERROR,
        reason=problem.message,
        hint=problem.hint,
        error=type(problem).__name__,
    )
