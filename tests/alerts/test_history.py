"""What has happened on a route, from its stream; and that what is only intended leaves it alone."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.alerts.history import HOUR, Came, History, Last, Waiting


def recorded(*events, at=10):
    return [e.Recorded("route:r", n, n * at, "me", 1, event) for n, event in enumerate(events, 1)]


def gathered(stream="a", seq=1, group="g"):
    return e.RouteGathered(group, "k", stream, seq, {"x": 1})


def started(run="r1", *streams, group="g"):
    return e.RouteStarted(group, run, "look", "diagnose", {"x": 1}, tuple(e.RoutedDelivery(s, 1) for s in streams))


def told(*events):
    history = History()
    history.apply(recorded(*events))
    return history


def test_alerts_wait_until_a_run_takes_them():
    history = told(gathered("a"), gathered("b"))
    assert history.groups["g"].alerts["a"] == Waiting("a", 1, 10, "k", {"x": 1})
    assert (history.groups["g"].since, history.groups["g"].times) == (10, [10, 20])
    history = told(gathered("a"), gathered("b"), started("r1", "a"))
    assert list(history.groups["g"].alerts) == ["b"]
    assert history.came["a"] == Came(1, 30, "g", "r1", first=True)
    assert history.lasts["g"] == Last("r1", 30)
    assert list(history.live()) == ["r1"]


def test_a_run_ends_once():
    history = told(started("r1", "a"), e.RouteEnded("g", "r1", "healthy", 15), e.RouteEnded("g", "r1", "broken", 99))
    assert (history.lasts["g"].ended_at, history.lasts["g"].conclusion) == (15, "healthy")
    assert list(history.live()) == []
    other = told(started("r1", "a"), started("r2", "b"), e.RouteEnded("g", "r1", "healthy", 15))
    assert other.lasts["g"].live


def test_who_leaves_no_longer_waits():
    history = told(gathered("a"), gathered("b"), e.RouteLeft("g", "a", 2, "resolved"))
    assert list(history.groups["g"].alerts) == ["b"]
    assert history.came["a"].seq == 2


def test_what_is_intended_leaves_what_has_happened_alone():
    history = told(gathered("a"), started("r0", "z", group="other"))
    above = history.over()
    above.happen(gathered("b"), 50)
    above.happen(started("r1", "a"), 60)
    above.happen(e.RouteEnded("other", "r0", "healthy", 60), 60)
    assert list(above.groups["g"].alerts) == ["b"]
    assert set(above.live()) == {"r1"}
    assert list(history.groups["g"].alerts) == ["a"]
    assert set(history.live()) == {"r0"}
    assert history.lasts.get("g") is None
    assert list(history.begun) == [20]


def test_what_was_applied_is_not_applied_again():
    history = told(gathered("a"))
    history.apply(recorded(gathered("a"), gathered("b")))
    assert history.groups["g"].times == [10, 20]


def test_a_bound_per_hour():
    history = History()
    for at in (0, 10, 20):
        history.happen(started(f"r{at}", "a"), at)
    assert history.room(0, 30) == 0
    assert history.room(4, 30) == 0
    assert history.room(3, 30) == HOUR
    assert history.room(2, 30) == 10 + HOUR
    assert history.room(3, HOUR + 1) == 0


def test_what_is_long_over_is_forgotten_and_nothing_else():
    history = told(
        gathered("a"), started("r1", "b", group="over"), e.RouteEnded("over", "r1", "healthy", 25),
        started("r2", "c", group="on"),
    )  # fmt: skip
    history.forget(1000)
    assert set(history.groups) == {"g"}
    assert set(history.lasts) == {"on"}
    assert list(history.live()) == ["r2"]
    assert set(history.came) == {"a"}, "who waits is known until it waits no more"
    assert not history.begun
    assert set(history.runs) == {"r2"}


def test_what_a_later_version_wrote_is_passed_over():
    assert told(e.NoteAdded("x", "y")).seq == 1
