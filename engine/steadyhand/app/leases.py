"""People take targets and hand them back: while a lease holds, automation and other people keep off."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from .. import events as e
from ..core.estate import TargetState, fold_target, stream_of
from ..driver.redaction import Redactor
from ..errors import HeadMoved, NotFound, UsageError
from .services import Services


class Lease(Struct, frozen=True):
    """A target that somebody has taken; times are microseconds (UTC)."""

    target: str
    by: str
    reason: str
    taken: int
    until: int


def take(services: Services, target: str, by: str, reason: str, term: int, via: str = "cli", origin: str = "") -> Lease:
    """Take a target for a term (microseconds). Whoever has it may take it again, for longer. Raises UsageError."""
    if not target or any(c.isspace() or not c.isprintable() for c in target):
        raise UsageError(f"{target!r} is no name of a target", "give the name that runbooks use, such as orders-db")
    now = services.clock.now()

    def event(state: TargetState) -> e.Event:
        held = state.leased(now)
        if held is not None and held.by != by:
            raise UsageError(
                f"{target} is leased by {held.by}: {held.reason}", f"ask them, or `steady lease {target} --return`"
            )
        return e.LeaseTaken(target, by, reason, now + term, via, origin)

    _append(services, target, event, by)
    return Lease(target, by, reason, now, now + term)


def give_back(services: Services, target: str, by: str, reason: str = "", via: str = "cli", origin: str = "") -> str:
    """Hand a target back; returns who had it. Somebody else's only with a reason. Raises UsageError."""
    now = services.clock.now()
    holders: list[str] = []

    def event(state: TargetState) -> e.Event:
        held = state.leased(now)
        if held is None:
            raise UsageError(f"{target} is not leased", "see `steady lease`")
        if held.by != by and not reason:
            raise UsageError(f"{target} is leased by {held.by}: {held.reason}", "say why with --reason")
        holders.append(held.by)
        return e.LeaseReturned(target, by, reason, via, origin)

    _append(services, target, event, by)
    return holders[-1]


def held(services: Services) -> tuple[Lease, ...]:
    """All leases that hold now, by target."""
    now = services.clock.now()
    found: list[Lease] = []
    for head in services.journal.streams(e.PREFIX):
        state = fold_target(services.journal.read(head.stream))
        lease = state.leased(now)
        if lease is not None:
            found.append(Lease(lease.target, lease.by, lease.reason, state.leased_at, lease.until))
    return tuple(sorted(found, key=lambda lease: lease.target))


def _append(services: Services, target: str, event: Callable[[TargetState], e.Event], by: str) -> None:
    journal, stream = services.journal, stream_of(target)
    while True:
        try:
            state = fold_target(journal.read(stream))
        except NotFound:
            state = TargetState()
        wanted: e.Event = Redactor().event(event(state))
        try:
            journal.append(stream, state.seq, [wanted], actor=f"{by}@{services.host}", at=services.clock.now(), epoch=1)
        except HeadMoved:
            continue
        return
