"""What a run says of the targets that its changes lock, and of what a person should know before a change.

The stream of a target (targets.py) decides who may lock it; from when until when a run holds it is told here.
`visit` counts how often control has come to the step in the whole run, so that no two locks are taken for one another.
"""

from __future__ import annotations

from msgspec import Struct


class CautionRaised(Struct, frozen=True, tag="caution.raised"):
    """A change that would have run unasked has something about it that a person should know; so it is asked for."""

    path: str
    visit: int
    notices: tuple[str, ...]


class LocksWanted(Struct, frozen=True, tag="locks.wanted"):
    """A change is about to lock what it acts on. `change` (hex) tells whether two changes are the same."""

    path: str
    visit: int
    targets: tuple[str, ...]
    change: str


class LocksRefused(Struct, frozen=True, tag="locks.refused"):
    """Somebody else has one of the targets; the change waits until it is free."""

    path: str
    visit: int
    target: str
    reason: str


class LocksTaken(Struct, frozen=True, tag="locks.taken"):
    """All targets of a change are locked for it."""

    path: str
    visit: int


class LocksReleased(Struct, frozen=True, tag="locks.released"):
    """A change is over with all that belongs to it. `outcome` is the step's, `proved` what its verification said."""

    path: str
    visit: int
    outcome: str
    proved: str = ""


LockEvent = CautionRaised | LocksWanted | LocksRefused | LocksTaken | LocksReleased
