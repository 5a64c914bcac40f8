"""A target, as its own stream tells it: who has leased it, and which changes have locked it. A pure fold."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e


class Taken(Struct, frozen=True):
    """One change that has locked the target, and when (microseconds)."""

    lock: e.LockTaken
    at: int


class TargetState(Struct, frozen=True):
    """What is known of a target. `seq` is that of its last event; `changes` are in order, the latest last."""

    seq: int = 0
    lease: e.LeaseTaken | None = None
    leased_at: int = 0
    changes: tuple[Taken, ...] = ()

    def leased(self, now: int) -> e.LeaseTaken | None:
        """The lease that holds at that time, if any."""
        return self.lease if self.lease is not None and now < self.lease.until else None

    @property
    def last(self) -> Taken | None:
        """The change that has locked it last, if any: only that one can still hold it."""
        return self.changes[-1] if self.changes else None


def fold_target(recorded: Iterable[e.Recorded]) -> TargetState:
    """The target after all these events."""
    now = TargetState()
    for one in recorded:
        now = replace(now, seq=one.seq)
        match one.event:
            case e.LeaseTaken() as lease:
                now = replace(now, lease=lease, leased_at=one.at)
            case e.LeaseReturned():
                now = replace(now, lease=None)
            case e.LockTaken() as lock:
                now = replace(now, changes=(*now.changes, Taken(lock, one.at)))
            case _:
                pass  # whatever a later version writes down about targets
    return now


def stream_of(target: str) -> str:
    """The name of a target's stream."""
    return f"{e.PREFIX}{target}"
