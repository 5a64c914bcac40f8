"""What can happen to a target, apart from any run: people take it, runs lock it. Each target has a stream of its own.

Whether a lock still holds is not told here but by the run that took it: the run's own stream says when it let go, so
there is one truth, and a run that died cannot leave a lock behind that nobody can explain. The append to the target's
stream, which names the seq it expects, is what makes one of two runs lose.
"""

from __future__ import annotations

from msgspec import Struct

PREFIX = "target:"
"""How the name of a target's stream begins."""


class LeaseTaken(Struct, frozen=True, tag="lease.taken"):
    """A person has taken a target until a time (microseconds, UTC): automation and other people keep off it."""

    target: str
    by: str
    reason: str
    until: int
    via: str = ""
    origin: str = ""


class LeaseReturned(Struct, frozen=True, tag="lease.returned"):
    """A target is handed back; `by` may be somebody else than whoever took it, and then says why."""

    target: str
    by: str
    reason: str = ""
    via: str = ""
    origin: str = ""


class LockTaken(Struct, frozen=True, tag="lock.taken"):
    """A run has locked a target for a change. `change` (hex) tells whether two changes are the same."""

    target: str
    run: str
    path: str
    visit: int
    change: str
    requester: str


TargetEvent = LeaseTaken | LeaseReturned | LockTaken
