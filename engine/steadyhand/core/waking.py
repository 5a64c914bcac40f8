"""When a run must be looked at next: what tells a server which runs need a thread, and which none. Pure.

A run that waits for people or for time holds no thread: it is looked at when something is appended to it, or at the
time that is told here.
"""

from __future__ import annotations

from ..model import SECOND, Runbook
from .decide import survey
from .state import State

LOOK = SECOND
"""How long a run waits for locks that somebody else has before it tries again: nothing is appended to it by then."""


def wake_at(runbook: Runbook, state: State, now: int = 0) -> int | None:
    """The time (microseconds) at which a driver has something to do; one that is past means at once. None: only when
    something is appended. `now` is from when a wait for locks is counted; where a clock was set back, it is before all
    that has happened, and what can go on does not wait until the clock has caught up.
    """
    now = now or state.at
    if state.run is None or state.conclusion is not None:
        return None
    wanted = survey(runbook, state)
    if wanted.actions or state.running:
        return min(state.at, now)
    due = [state.timers[key].due for key in wanted.timers]
    return min([*due, now + LOOK] if state.wanted_locks else due, default=None)
