"""Targets as the store knows them: who may lock them now, and what a person should know before a change.

Called by the driver. The stream of a target decides between two runs (an append names the seq that it expects); whether
the run that locked it last still holds it is asked of that run's own stream. So a lock ends when its run says so or has
concluded, and a run that died with a change in doubt keeps its target until somebody has resumed or stopped it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from .. import events as e
from ..core import State, fold
from ..core.estate import Taken, TargetState, fold_target, stream_of
from ..core.locks import Lock, key_of
from ..core.recording import Sighting
from ..errors import HeadMoved, NotFound, SteadyError
from ..journal.protocol import Journal
from ..model import ERROR, FAIL, SECOND
from ..projections.words import minute
from ..schema import Changes
from .freezes import in_force

HOUR = 3600 * SECOND
AGAIN = 0.5
"""Seconds between two attempts to lock what somebody else has."""


class Holds:
    """The targets of one store, for one run. `actor` is who appends."""

    def __init__(self, journal: Journal, changes: Changes, stream: str, actor: str) -> None:
        self._journal = journal
        self._changes = changes
        self._stream = stream
        self._actor = actor
        self._try_at = 0.0

    def look(self, state: State, targets: tuple[str, ...], change: str, now: int) -> Sighting:
        """What is known of the targets before a change; nothing is written."""
        found = {name: self._target(name) for name in targets}
        notices = [n for name, target in found.items() for n in self._notices(state, name, target, change, now)]
        often = [name for name, target in found.items() if self._too_often(target, change, now)]
        if often:
            many = f"the same change was made to {often[0]} {self._changes.per_hour} times within an hour"
            return Sighting(blocked=f"{many}, and the settings allow no more", hint="look for the cause, or hand over")
        frozen = self.frozen(targets, now)
        return replace(frozen, notices=(*frozen.notices, *notices))

    def frozen(self, targets: tuple[str, ...], now: int) -> Sighting:
        """Whether changes to the targets are frozen at that time, and for whom not."""
        freeze = in_force(self._changes.freezes, targets, now)
        if freeze is None:
            return Sighting()
        until = f" until {minute(freeze.until)}" if freeze.until else ""
        if not freeze.roles:
            hint = "hand over, or change `changes.freezes` in steady.yaml"
            return Sighting(blocked=f"changes are frozen{until}: {freeze.reason}", hint=hint)
        who = " or ".join(freeze.roles)
        notice = f"changes are frozen{until}: {freeze.reason}; only {who} may approve"
        return Sighting((notice,), roles=freeze.roles)

    def wanted(self, state: State, now: int, clock: float) -> list[e.Event]:
        """Try to take the locks that changes wait for; a refusal is said once. `clock` is monotonic seconds."""
        if not state.wanted_locks or clock < self._try_at:
            return []
        said: list[e.Event] = []
        for path, lock in state.wanted_locks:
            refused = self.take(state, path, lock, now)
            if refused is None:
                said.append(e.LocksTaken(path, lock.visit))
            elif refused[1] != lock.reason:
                said.append(e.LocksRefused(path, lock.visit, *refused))
        self._try_at = clock + (0.0 if said else AGAIN)
        return said

    def take(self, state: State, path: str, lock: Lock, now: int) -> tuple[str, str] | None:
        """Lock all targets of a change, or none: (target, why not), or None when they are locked.

        The names are sorted, so of two runs that want the same ones, one gets the first of them and the other waits.
        """
        for name in lock.targets:
            refused = self._refusal(state, path, lock, name, self._target(name), now)
            if refused:
                return name, refused
        for name in lock.targets:
            refused = self._lock(state, path, lock, name, now)
            if refused:
                return name, refused
        return None

    def _lock(self, state: State, path: str, lock: Lock, name: str, now: int) -> str:
        while True:
            target = self._target(name)
            refused = self._refusal(state, path, lock, name, target, now)
            if refused or self._is_ours(target.last, path, lock):
                return refused
            requester = state.run.requester if state.run is not None else ""
            taken = e.LockTaken(name, self._stream, path, lock.visit, lock.change, requester)
            try:
                self._journal.append(stream_of(name), target.seq, [taken], actor=self._actor, at=now, epoch=1)
            except HeadMoved:
                continue
            return ""

    def _refusal(self, state: State, path: str, lock: Lock, name: str, target: TargetState, now: int) -> str:
        requester = state.run.requester if state.run is not None else ""
        lease = target.leased(now)
        if lease is not None and lease.by != requester:
            return f"{name} is leased by {lease.by} until {minute(lease.until)}: {lease.reason}"
        last = target.last
        if last is None or self._is_ours(last, path, lock) or not self._holds(state, last):
            return ""
        where = "this run" if last.lock.run == self._stream else f"run {last.lock.run}"
        return f"{name} is locked by {where} for {last.lock.path}"

    def _is_ours(self, last: Taken | None, path: str, lock: Lock) -> bool:
        return last is not None and (last.lock.run, last.lock.path, last.lock.visit) == (self._stream, path, lock.visit)

    def _holds(self, state: State, taken: Taken) -> bool:
        """Whether the run that locked it last has still not let go, going by that run's own stream."""
        there, lock = self._of(state, taken)
        return there is not None and there.conclusion is None and lock is not None and not lock.released

    def _of(self, state: State, taken: Taken) -> tuple[State | None, Lock | None]:
        """A run, and what it says of one of its locks."""
        key = key_of(taken.lock.path, taken.lock.visit)
        try:
            there = state if taken.lock.run == self._stream else fold(self._journal.read(taken.lock.run))
        except NotFound:
            return None, None
        except SteadyError:
            return state, Lock((), 0, "", 0)  # a run that cannot be read is taken to hold what it locked
        return there, there.locks.get(key)

    def _target(self, name: str) -> TargetState:
        try:
            return fold_target(self._journal.read(stream_of(name)))
        except NotFound:
            return TargetState()

    def _notices(self, state: State, name: str, target: TargetState, change: str, now: int) -> list[str]:
        notices: list[str] = []
        requester = state.run.requester if state.run is not None else ""
        lease = target.leased(now)
        if lease is not None:
            whose = "you" if lease.by == requester else lease.by
            notices.append(f"{name} is leased by {whose} until {minute(lease.until)}: {lease.reason}")
        last = target.last
        if last is not None and last.lock.run != self._stream and self._holds(state, last):
            notices.append(f"{name} is locked by run {last.lock.run} for {last.lock.path}")
        failed = [t for t in self._same(target.changes, change, now - self._changes.remember) if self._failed(state, t)]
        if failed:
            notices.append(
                f"the same change to {name} did not help at {minute(failed[-1].at)} (run {failed[-1].lock.run})"
            )
        return notices

    def _same(self, changes: Sequence[Taken], change: str, since: int) -> list[Taken]:
        return [taken for taken in changes if taken.lock.change == change and taken.at >= since]

    def _failed(self, state: State, taken: Taken) -> bool:
        """Whether a change was over and had not proved itself."""
        _, lock = self._of(state, taken)
        return lock is not None and lock.released and (lock.proved or lock.outcome) in {FAIL, ERROR}

    def _too_often(self, target: TargetState, change: str, now: int) -> bool:
        bound = self._changes.per_hour
        return bool(bound) and len(self._same(target.changes, change, now - HOUR)) >= bound
