"""Where a delivery goes, and what is said of one that goes nowhere."""

from __future__ import annotations

from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.alerts.meaning import Meant
from steadyhand.alerts.routing import Sorted, Way, implied, sort, together, unstarted
from steadyhand.alerts.state import fold_alert

from .ways import delivery, route, runbook, said

BOOK = runbook()


def test_the_alerts_of_a_runbook_are_a_route():
    found = implied(BOOK)
    assert (found.name, found.runbook, found.mode, found.implied) == ("runbook:look", "look", "diagnose", True)
    meant = sort((Way(found, BOOK),), delivery(said()))
    assert meant == Sorted((("runbook:look", Meant("f1", "f1", {"host": "db1"})),))


def test_why_an_alert_goes_nowhere():
    one = delivery(said(), 3)
    assert sort((), one).unrouted == (e.AlertUnrouted(3, "no route fits Slow"),)
    broken = Way(route(), None, "runbook look is not valid")
    assert sort((broken,), one).unrouted == (e.AlertUnrouted(3, "runbook look is not valid", "r", "look"),)
    wrong = Way(route("inputs: {host: alert.labels.nope}"), BOOK)
    (unrouted,) = sort((wrong,), one).unrouted
    assert unrouted.why.startswith("host: `alert.labels.nope` does not exist")
    assert (unrouted.route, unrouted.runbook) == ("r", "look")


def test_several_routes_may_take_it():
    ways = (Way(route("continue: true", "a"), BOOK), Way(route("", "b"), BOOK))
    assert [name for name, _ in sort(ways, delivery(said())).meant] == ["a", "b"]


def test_what_is_acknowledged_starts_nothing_and_is_not_unrouted():
    assert sort((Way(route(), BOOK),), delivery(said(status="acknowledged"))) == Sorted()
    assert sort((), delivery(said(status="acknowledged"))) == Sorted()


def test_what_starts_nothing_belongs_to_the_run_that_goes_on():
    one = delivery(said(status="resolved"), 5)
    before = e.AlertRouted(1, "r", "k", "look", "r1")
    assert unstarted(one, before, ("r2", "r1")) == e.AlertRouted(5, "r", "k", "look", "r2", joined=True)
    assert unstarted(one, before, ()) == e.AlertHeld(5, "r", "k", "it is resolved, and no run of it goes on")
    assert unstarted(one, None, ()).route == ""


def alert(status, muted=""):
    one = fold_alert([e.Recorded("alert:am:f1", 1, 1, "t", 1, said(status=status))])
    return replace(one, muted=e.AlertMuted(muted) if muted else None)


def test_alerts_are_quiet_together_only_when_all_are():
    assert together([alert("firing"), alert("resolved")], "resolved") == "firing"
    assert together([alert("acknowledged"), alert("resolved")], "resolved") == "acknowledged"
    assert together([alert("resolved"), alert("firing", "silenced")], "silenced") == "silenced"
