"""One line for each event that is somebody's doing."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.projections.acts import act


def line(event, stream="r1"):
    found = act(e.Recorded(stream, 3, 7, "x", 1, event))
    return found and (found.kind, found.who, found.what, found.via, found.origin)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (e.StopRequested("ana", "wrong host", "web", "192.0.2.1"), ("run", "ana", "asked for a stop: wrong host", "web", "192.0.2.1")),
        (e.NoteAdded("ana", "a\nb", "cli"), ("run", "ana", "noted: a b", "cli", "")),
        (e.GateAnswered("g", 1, "ana", "approve", "d", "web", comment="ok"), ("gate", "ana", "answered g: approve: ok", "web", "")),
        (e.GateAnswered("g", 1, "ana", "answer", "d", value={"n": 3}), ("gate", "ana", 'answered g: {"n": 3}', "", "")),
        (e.AnswerRefused("g", "ana", "approve", "too late"), ("gate", "ana", "answered g: approve; refused: too late", "", "")),
        (e.RunConcluded("healthy"), ("run", "the engine", "concluded the run: healthy", "", "")),
        (e.RunResumed("server@a/1", 2), ("run", "server@a/1", "took the run over", "", "")),
        (e.LeaseReturned("db", "ana", "done", "web"), ("lease", "ana", "handed db back: done", "web", "")),
        (e.AlertMuted("silenced"), ("alert", "the source", "silenced the alert", "", "")),
        (e.AlertMuted(""), ("alert", "the source", "no longer mutes the alert", "", "")),
        (e.AlertHeld(1, "r", "k", "too often"), ("alert", "route r", "held the alert: too often", "", "")),
        (e.AlertRouted(1, "r", "k", "b", "r9", True), ("alert", "route r", "joined run r9 of b", "", "")),
        (e.AlertHeld(1, "", "", "it is resolved"), ("alert", "routing", "held the alert: it is resolved", "", "")),
        (e.AlertUnrouted(1, "no route"), ("alert", "routing", "led the alert nowhere: no route", "", "")),
        (e.SignInRefused("", "web", "192.0.2.1", "password", "wrong"), ("access", "nobody known", "refused: means password, why wrong", "web", "192.0.2.1")),
        (e.AccountChanged("kim", "disabled", "ana", "cli"), ("access", "ana", "account: person kim, change disabled", "cli", "")),
    ],
)  # fmt: skip
def test_who_did_what(event, told):
    assert line(event) == told


def test_what_is_nobodys_doing():
    assert line(e.StepEntered("a", 1)) is None
    assert line(e.TimerFired("x")) is None
    assert act(e.Recorded("target:db", 1, 1, "x", 1, e.LeaseReturned("db", "ana"))).run == ""
    assert act(e.Recorded("r1", 1, 1, "x", 1, e.NoteAdded("ana", "x"))).run == "r1"
