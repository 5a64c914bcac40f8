"""One operation of a handler: its attempts, retries, doubt; and the two things that are waited for, people and time.

The promise of this file: a change is never attempted again on a guess. After an attempt that was cut off, or that
ended unsure, a read (or what is declared idempotent) runs again, and anything else asks a person what happened.
"""

from __future__ import annotations

from ..model import APPROVED, ERROR, EXPIRED, PASS, Effect, Mode, Operation
from . import actions as a
from . import gates
from .paths import step_of
from .situation import Done, Progress, Situation
from .state import Leaf
from .tables import APPROVES, DID_NOT_HAPPEN, HAPPENED, RUN_AGAIN, STOP, VOID, Phase


def attempt(here: Situation, operation: Operation, path: str, gate: str = "") -> Progress:
    """The operation at `path`, started under the yes of `gate` ('' where none is needed)."""
    leaf = here.state.leaves.get(path)
    if leaf is None:
        return _begin(here, operation, path, 1, gate)
    if leaf.phase is Phase.RUNNING:
        return ()
    repeatable = operation.effect is Effect.READ or operation.idempotent or here.mode is Mode.DRY_RUN
    if leaf.phase is Phase.INTERRUPTED:
        again = _begin(here, operation, path, leaf.attempt + 1, gate)
        return again if repeatable else _doubt(here, operation, path, leaf)
    if leaf.outcome == ERROR and leaf.unsure and not repeatable:
        return _doubt(here, operation, path, leaf)
    if leaf.outcome == PASS or not repeatable or leaf.attempt > operation.retry.times or leaf.unstarted:
        return Done(leaf.outcome)
    due = leaf.at + int(operation.retry.every * operation.retry.backoff ** (leaf.attempt - 1))
    waiting = elapsed(here, f"retry:{path}#{leaf.seq}", due)
    return _begin(here, operation, path, leaf.attempt + 1, gate) if waiting is None else waiting


def _begin(here: Situation, operation: Operation, path: str, number: int, gate: str) -> tuple[a.Action, ...]:
    """An attempt. Where the yes that it uses knew nothing of what has become of the alert, that one is void instead;
    where nobody was asked, somebody is.
    """
    if not gate and here.state.alarm.quiet and here.mode is not Mode.DRY_RUN and _changes(operation, path):
        step = step_of(path)
        return (a.OpenGate(step, step, "confirm"),)
    known = here.state.gates.get(gate)
    if known is not None and known.result in APPROVES and here.overtaken(known) and _changes(operation, path):
        return (a.CloseGate(gate, known.opened.opening, VOID, here.state.alarm.why),)
    return (a.StartStep(path, number, gate),)


def _changes(operation: Operation, path: str) -> bool:
    """Whether it changes something anew; an undo goes on whatever happens."""
    return operation.effect is not Effect.READ and not path.endswith(":undo")


def _doubt(here: Situation, operation: Operation, path: str, leaf: Leaf) -> Progress:
    """Ask what became of an attempt. An answer counts for that attempt alone."""
    name = f"{path}:doubt"
    known = here.state.gates.get(name)
    if known is None or known.seq < leaf.seq or known.result == VOID:
        return (a.OpenGate(name, path, "doubt"),)
    if not known.result:
        return _answered(here, name, changes=_changes(operation, path))
    if known.result == RUN_AGAIN:
        return _begin(here, operation, path, leaf.attempt + 1, name)
    return {HAPPENED: Done(PASS), DID_NOT_HAPPEN: Done(ERROR), STOP: Done(ERROR)}.get(known.result, Done(ERROR))


def question(here: Situation, path: str, kind: str, dry: str, *, changes: bool = False) -> Progress:
    """A question to people, whose result is the outcome. `dry` is what a dry run takes for the answer; `changes` says
    that a yes is to a change: such a question is put anew when the alert has gone quiet since.
    """
    if here.mode is Mode.DRY_RUN:
        return Done(dry)
    refused = here.state.leaves.get(path)
    if refused is not None and refused.unstarted:
        return Done(refused.outcome)  # what it asks about could not be rendered
    known = here.state.gates.get(path)
    if known is None or known.result == VOID:
        return (a.OpenGate(path, path, kind),)
    if not known.result:
        return _answered(here, path, changes=changes)
    if changes and known.result == APPROVED and not known.used and here.overtaken(known):
        return (a.CloseGate(path, known.opened.opening, VOID, here.state.alarm.why),)
    return Done(known.result)


def _answered(here: Situation, gate: str, *, changes: bool) -> tuple[a.Action, ...]:
    """An open question: close it when the answers decide or its time is over."""
    known = here.state.gates[gate]
    opening = known.opened.opening
    if changes and here.overtaken(known):
        return (a.CloseGate(gate, opening, VOID, here.state.alarm.why),)
    result = gates.settled(known)
    if result:
        return (a.CloseGate(gate, opening, result),)
    if not known.opened.due:
        return ()
    waiting = elapsed(here, f"gate:{gate}#{known.seq}", known.opened.due)
    return (a.CloseGate(gate, opening, EXPIRED),) if waiting is None else waiting


def elapsed(here: Situation, key: str, due: int) -> tuple[a.Action, ...] | None:
    """None once the timer has fired; else what is wanted to have it run."""
    timer = here.state.timers.get(key)
    if timer is None:
        return (a.SetTimer(key, due),)
    if timer.fired:
        return None
    here.awaited.add(key)
    return ()
