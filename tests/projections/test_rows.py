"""The row of a run follows from its events, wherever the fold is split."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.projections.rows import RunRow, fold_row

STARTED = e.RunStarted(
    runbook="disk-full",
    digest="d",
    mode="guided",
    requester="ana",
    inputs={},
    texts={},
    digests={},
    driver="server@a/1",
)
GATE = e.GateOpened("clean", "clean", "confirm", 1, "Clean?", {"approve": "yes"}, "abc")


def recorded(*events: e.Event) -> list[e.Recorded]:
    return [e.Recorded("r1", n, n * 10, "t", 1, event) for n, event in enumerate(events, 1)]


TOLD = recorded(
    STARTED,
    e.StepEntered("look", 1),
    e.StepEntered("fetch", 1, "look", "pass"),
    e.StepEntered("fetch/first", 1),
    e.ScopeEnded("fetch", "resolved", "first", "pass"),
    e.StepEntered("clean", 1, "fetch", "pass"),
    GATE,
    e.RunPaused("server@a/1", "waiting"),
    e.RunResumed("server@b/2", 2),
    e.EscalationRaised("team", "", 1),
    e.StopRequested("ana"),
    e.GateClosed("clean", 1, "approved"),
    e.RunConcluded("stopped", reason="by ana", in_doubt=("clean",)),
)


def test_a_row_tells_where_the_run_is():
    assert fold_row(TOLD[:4]).current == ("fetch", "fetch/first")
    waiting = fold_row(TOLD[:8])
    assert (waiting.status, waiting.current, waiting.paused) == ("waiting", ("clean",), "waiting")
    assert [g.gate for g in waiting.gates] == ["clean"]
    resumed = fold_row(TOLD[:9])
    assert (resumed.driver, resumed.paused, resumed.runbook, resumed.requester) == (
        "server@b/2",
        "",
        "disk-full",
        "ana",
    )
    end = fold_row(TOLD)
    assert (end.status, end.conclusion, end.in_doubt, end.gates, end.ended_at) == (
        "concluded",
        "stopped",
        ("clean",),
        (),
        130,
    )
    assert end.escalated
    assert end.stopping


def test_the_fold_may_be_split_anywhere():
    for cut in range(len(TOLD)):
        assert fold_row(TOLD[cut:], fold_row(TOLD[:cut])) == fold_row(TOLD)
    assert fold_row([]) == RunRow()
