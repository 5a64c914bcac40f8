"""An alert, as its own stream tells it: what was said last, what came of it, what is still to be decided. A pure fold.

Called by the intake (is this delivery new?), by whoever routes (what is still undecided?), and by whoever shows it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e

REMEMBERED = 64
"""How many deliveries an alert remembers, to know one that comes again."""

Decision = e.AlertRouted | e.AlertHeld | e.AlertUnrouted


class AlertState(Struct, frozen=True):
    """What is known of an alert. `seq` is that of the last event; times are microseconds (UTC).

    `undecided` is the seq of the last delivery of which nobody has said what comes of it, 0 where there is none.
    `firing_since` is when its present trouble began, as we learned of it. `runs` are those it has led to, oldest first.
    """

    stream: str = ""
    seq: int = 0
    first_at: int = 0
    at: int = 0
    said: e.AlertReceived | None = None
    said_seq: int = 0
    seen: tuple[str, ...] = ()
    muted: e.AlertMuted | None = None
    decision: Decision | None = None
    decided_at: int = 0
    undecided: int = 0
    firing_since: int = 0
    runs: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """firing, acknowledged, resolved, or, while the source keeps it quiet, silenced or inhibited."""
        if self.said is None:
            return ""
        return self.muted.how if self.muted is not None and self.said.status != "resolved" else self.said.status

    def is_new(self, delivery: e.AlertReceived) -> bool:
        """Whether a delivery tells something that is not known yet."""
        return delivery.identity not in self.seen


def stream_of(intake: str, fingerprint: str) -> str:
    """The name of an alert's stream."""
    return f"{e.ALERTS}{intake}:{fingerprint}"


def fold_alert(recorded: Iterable[e.Recorded], state: AlertState | None = None) -> AlertState:
    """The alert after all these events, starting from `state`."""
    now = state or AlertState()
    for one in recorded:
        now = _after(replace(now, stream=one.stream, seq=one.seq, at=one.at), one)
    return now


def _after(now: AlertState, one: e.Recorded) -> AlertState:
    match one.event:
        case e.AlertReceived() as said:
            again = now.said is None or now.said.status == "resolved"
            return replace(
                now,
                first_at=now.first_at or one.at,
                said=said,
                said_seq=one.seq,
                seen=(*now.seen, said.identity)[-REMEMBERED:],
                undecided=one.seq,
                firing_since=one.at if again and said.status != "resolved" else now.firing_since,
                muted=None if said.status == "resolved" else now.muted,
            )
        case e.AlertMuted() as muted:
            return replace(now, muted=muted if muted.how else None)
        case e.AlertRouted(run=run) as decision:
            runs = now.runs if run in now.runs else (*now.runs, run)
            return _decided(replace(now, runs=runs), decision, one.at)
        case e.AlertHeld() | e.AlertUnrouted() as decision:
            return _decided(now, decision, one.at)
        case _:
            return now  # whatever a later version writes down about alerts


def _decided(now: AlertState, decision: Decision, at: int) -> AlertState:
    undecided = 0 if decision.seq >= now.undecided else now.undecided
    return replace(now, decision=decision, decided_at=at, undecided=undecided)
