"""A run in one row, for lists that are kept up to date: a small fold that forgets what has gone by.

Pure. The server keeps a row for each run, so it holds no output, no values and no facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from .. import events as e


class RunRow(Struct, frozen=True):
    """What a list shows of a run. Times are microseconds (UTC), 0 for not yet. `seq` is that of the last event.

    `current` are the steps where control stands, `gates` the questions that stand open, oldest first. `driver` is who
    drives or drove it last; `paused` why that one let go ('' while it has not). `in_doubt` is told at the end.
    """

    id: str = ""
    seq: int = 0
    at: int = 0
    runbook: str = ""
    digest: str = ""
    mode: str = ""
    requester: str = ""
    started_at: int = 0
    ended_at: int = 0
    conclusion: str = ""
    reason: str = ""
    driver: str = ""
    paused: str = ""
    current: tuple[str, ...] = ()
    gates: tuple[e.GateOpened, ...] = ()
    alert: Mapping[str, Any] = field(default_factory=dict)
    escalated: bool = False
    stopping: bool = False
    in_doubt: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["running", "waiting", "concluded"]:
        """running, waiting (for people), or concluded."""
        return "concluded" if self.conclusion else "waiting" if self.gates else "running"


def fold_row(recorded: Iterable[e.Recorded], row: RunRow | None = None) -> RunRow:
    """The row after all these events, starting from `row`."""
    now = row or RunRow()
    for one in recorded:
        now = _after(replace(now, id=one.stream, seq=one.seq, at=one.at), one)
    return now


def _after(now: RunRow, one: e.Recorded) -> RunRow:
    match one.event:
        case e.RunStarted() as run:
            return replace(
                now,
                runbook=run.runbook,
                digest=run.digest,
                mode=run.mode,
                requester=run.requester,
                driver=run.driver,
                alert=run.alert,
                started_at=one.at,
            )
        case e.RunResumed(driver=driver):
            return replace(now, driver=driver, paused="")
        case e.RunPaused(reason=reason):
            return replace(now, paused=reason)
        case e.StepEntered(path=path):
            home = path.rpartition("/")[0]
            others = tuple(p for p in now.current if p.rpartition("/")[0] != home and not p.startswith(path))
            return replace(now, current=(*others, path))
        case e.ScopeEnded(path=path):
            return replace(now, current=tuple(p for p in now.current if not p.startswith(f"{path}/")))
        case e.GateOpened() as opened:
            return replace(now, gates=(*(g for g in now.gates if g.gate != opened.gate), opened))
        case e.GateClosed(gate=gate):
            return replace(now, gates=tuple(g for g in now.gates if g.gate != gate))
        case e.EscalationRaised():
            return replace(now, escalated=True)
        case e.StopRequested():
            return replace(now, stopping=True)
        case e.RunConcluded() as end:
            return replace(
                now,
                conclusion=end.conclusion,
                reason=end.reason,
                in_doubt=end.in_doubt,
                ended_at=one.at,
                gates=(),
                current=(),
            )
        case _:
            return now
