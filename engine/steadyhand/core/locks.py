"""What a change locks, and where its locks stand: the part of the fold and of the decider that is about targets. Pure.

A change locks the targets that it names, and what `lock:` lists, from before its first byte until its verification and
its undo are over. All of them are taken together or none, so two changes never wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..model import Do, Effect, Step


class Lock(Struct, frozen=True):
    """The locks of one visit to a step. `held` is false while somebody else has one of the targets."""

    targets: tuple[str, ...]
    visit: int
    change: str
    at: int
    held: bool = False
    reason: str = ""
    released: bool = False
    outcome: str = ""
    proved: str = ""


Locks = Mapping[str, Lock]
"""Locks by `path#visit`."""


def key_of(path: str, visit: int) -> str:
    """What a visit's locks are kept under."""
    return f"{path}#{visit}"


def locked(step: Step) -> tuple[str, ...]:
    """The names that a change of this step locks, sorted; empty for what only reads."""
    if not isinstance(step.body, Do) or step.body.operation.effect is Effect.READ:
        return ()
    undo = step.undo.operation if step.undo is not None else None
    over = step.each.target if step.each is not None else ""
    named = (step.body.operation.target, over, undo.target if undo is not None else "", *step.lock)
    return tuple(sorted({name for name in named if name}))


def after(locks: Locks, event: e.LockEvent, at: int) -> Locks:
    """The locks once this event has happened."""
    key = key_of(event.path, event.visit)
    known = locks.get(key)
    match event:
        case e.LocksWanted(targets=targets, visit=visit, change=change):
            return {**locks, key: Lock(targets, visit, change, at)}
        case e.LocksRefused(reason=reason) if known is not None:
            return {**locks, key: replace(known, reason=reason)}
        case e.LocksTaken() if known is not None:
            return {**locks, key: replace(known, held=True, reason="")}
        case e.LocksReleased(outcome=outcome, proved=proved) if known is not None:
            return {**locks, key: replace(known, released=True, held=False, outcome=outcome, proved=proved)}
        case _:
            return locks
