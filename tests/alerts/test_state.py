"""What is known of an alert follows from its stream alone."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.alerts.state import REMEMBERED, AlertState, fold_alert, stream_of


def said(identity: str, status: str = "firing") -> e.AlertReceived:
    return e.AlertReceived("am", "alertmanager", "f1", identity, status, "HighErrors", {"service": "orders"})


def told(*events: e.Event) -> AlertState:
    stream = stream_of("am", "f1")
    return fold_alert(e.Recorded(stream, n, n * 10, "t", 1, event) for n, event in enumerate(events, 1))


def test_a_delivery_is_undecided_until_somebody_has_said_what_comes_of_it():
    assert told(said("1")).undecided == 1
    routed = told(said("1"), e.AlertRouted(1, "errors", "orders", "service-errors", "r1"))
    assert (routed.undecided, routed.runs, routed.stream) == (0, ("r1",), "alert:am:f1")
    later = told(said("1"), said("2", "resolved"), e.AlertHeld(1, "errors", "orders", "cool-down"))
    assert later.undecided == 2


def test_a_delivery_that_comes_again_is_known():
    state = told(said("1"), said("2", "resolved"))
    assert not state.is_new(said("1"))
    assert state.is_new(said("3"))
    many = told(*(said(str(n)) for n in range(REMEMBERED + 9)))
    assert len(many.seen) == REMEMBERED


def test_the_trouble_began_when_it_was_first_told_since_the_last_end():
    assert told(said("1"), said("2")).firing_since == 10
    again = told(said("1"), said("2", "resolved"), said("3"))
    assert (again.firing_since, again.first_at, again.status) == (30, 10, "firing")


def test_a_silence_shows_until_it_ends_or_the_alert_does():
    assert told(said("1"), e.AlertMuted("silenced", ("s1",))).status == "silenced"
    assert told(said("1"), e.AlertMuted("silenced"), e.AlertMuted("")).status == "firing"
    assert told(said("1"), e.AlertMuted("inhibited"), said("2", "resolved")).status == "resolved"
    assert AlertState().status == ""
