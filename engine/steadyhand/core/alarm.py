"""What a run knows of the alert that started it: how it stands, and which yes was given before it went quiet. Pure.

Used by the fold, the decider and the renderer. An alert that has resolved, or is kept quiet, may mean that the trouble
is over: then no change begins by a yes that knew nothing of it, and none that nobody was asked about.
"""

from __future__ import annotations

from msgspec import Struct

from ..events import AlertChanged
from ..source import format_duration

QUIET = {"resolved": "has resolved since", "silenced": "is silenced since", "inhibited": "is inhibited since"}
"""What may mean that a change is no longer wanted, in words."""


class Alarm(Struct, frozen=True):
    """The alert as of now. `at` is when it came to this (microseconds); `quiet_seq` the number of the event by which it
    last went quiet, 0 for never: that stays when it fires again, since a yes from before is one to another situation.
    """

    status: str = ""
    by: str = ""
    at: int = 0
    quiet_seq: int = 0

    @property
    def quiet(self) -> bool:
        """Whether the alert does not fire, or is kept from being heard."""
        return self.status in QUIET

    @property
    def why(self) -> str:
        """Why a question that was put before is put anew."""
        return f"the alert {QUIET[self.status]}" if self.quiet else "the alert had gone quiet since"

    def notices(self, started_at: int) -> tuple[str, ...]:
        """What a person should know before a change, in a run that started at that time."""
        if not self.quiet:
            return ()
        after = format_duration((self.at - started_at) // 1_000_000 * 1_000_000)
        when = f", {after} after the run began" if self.at > started_at else ""
        by = f" (says {self.by})" if self.by else ""
        return (f"the alert {QUIET[self.status]}{by}{when}",)


def after(known: Alarm, event: AlertChanged, seq: int, at: int) -> Alarm:
    """The alert once this has been told, at that time. Told again, it is no news."""
    if event.status == known.status:
        return known
    return Alarm(event.status, event.by, event.at or at, seq if event.status in QUIET else known.quiet_seq)
