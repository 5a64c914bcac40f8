"""What comes of deliveries on a route: when a run starts, who joins it, who waits, for what and until when."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.alerts.lanes import Ended, Lane
from steadyhand.model import SECOND

from .ways import Driven, said

LIST = "hosts: {type: array, items: {type: string}, from: alert.labels.host}"


def over(run, at, conclusion="healthy"):
    return Ended(run, conclusion, int(at * SECOND))


def routed(told):
    return {who: (event.run, event.joined) for who, event in told.items() if isinstance(event, e.AlertRouted)}


def test_the_first_alert_of_a_key_starts_a_run_and_others_join_while_it_goes_on():
    lane = Driven("key: [alert.labels.service]")
    started, told = lane.step(0, said("a", service="x"), said("b", service="x"), said("c", service="y"))
    assert started == ["r1", "r2"]
    assert routed(told) == {"a": ("r1", False), "b": ("r1", True), "c": ("r2", False)}
    assert lane.started()[0].alerts == (e.RoutedDelivery("alert:am:a", 2), e.RoutedDelivery("alert:am:b", 2))
    assert routed(lane.step(5, said("d", service="x"))[1]) == {"d": ("r1", True)}
    started, told = lane.step(9, said("e", service="x"), over=[over("r1", 9)])
    assert (started, routed(told)) == (["r3"], {"e": ("r3", False)})


def test_a_delivery_is_taken_once_however_often_it_is_put():
    lane = Driven()
    lane.step(0, said("a"))
    lane.seqs["alert:am:a"] = 0
    started, told = lane.step(1, said("a"))
    assert (started, routed(told)) == ([], {"a": ("r1", False)})
    assert len(lane.recorded) == 2


def test_once_within_those_who_come_later_belong_to_the_run_that_was():
    lane = Driven("key: [alert.labels.service], once_within: 1h")
    lane.step(0, said("a", service="x"))
    assert routed(lane.step(60, said("b", service="x"), over=[over("r1", 50)])[1]) == {"b": ("r1", True)}
    assert lane.step(3601, said("c", service="x"))[0] == ["r2"]


def test_once_after_gathers_and_then_starts_one_run():
    lane = Driven("key: [alert.labels.service], once_after: 2m")
    started, told = lane.step(0, said("a", service="x"))
    assert started == []
    assert told["a"] == e.AlertHeld(2, "r", "x", "gathered for 2m", 120 * SECOND)
    lane.step(60, said("b", service="x"))
    assert lane.due(60) == 120
    assert lane.step(119)[0] == []
    started, told = lane.step(120)
    assert (started, routed(told)) == (["r1"], {"a": ("r1", False), "b": ("r1", True)})


def test_what_resolves_while_it_waits_starts_nothing():
    lane = Driven("once_after: 2m")
    lane.step(0, said("a"), said("b"))
    assert lane.step(10, said("a", "resolved")) == ([], {})
    assert lane.recorded[-1].event == e.RouteLeft("a", "alert:am:a", 4, "it has resolved before a run began")
    assert lane.step(130)[0] == ["r1"]
    assert lane.started()[0].group == "b"
    started, told = lane.step(200, said("c"), said("c", "resolved"))
    assert (started, told["c"].why) == ([], "it has resolved before a run began")


def test_cool_down_counts_from_the_end_and_who_still_fires_then_is_taken_up():
    lane = Driven("key: [alert.labels.service], cool_down: 10m")
    lane.step(0, said("a", service="x"))
    started, told = lane.step(100, said("b", service="x"), over=[over("r1", 90)])
    assert started == []
    assert told["b"] == e.AlertHeld(2, "r", "x", "no other run for 10m after r1", 690 * SECOND)
    assert lane.due(100) == 690
    assert lane.step(690)[0] == ["r2"]


def test_a_run_that_never_began_holds_nobody_up():
    lane = Driven("key: [alert.labels.service], cool_down: 10m, once_within: 1h")
    lane.step(0, said("a", service="x"))
    assert lane.step(1, said("b", service="x"), over=[over("r1", 1, "")])[0] == ["r2"]


def test_accumulate_waits_for_enough_deliveries_within_the_time():
    lane = Driven("accumulate: {count: 3, within: 10m}")
    assert lane.step(0, said("a"))[1]["a"].why == "1 of 3 deliveries within 10m"
    lane.step(100, said("a", "resolved"))
    assert lane.step(200, said("a"))[1]["a"].why == "2 of 3 deliveries within 10m"
    assert lane.step(650, said("a"))[1]["a"].why == "2 of 3 deliveries within 10m"
    assert lane.step(700, said("a"))[0] == ["r1"]
    assert lane.step(701, said("a"), over=[over("r1", 701)])[1]["a"].why == "1 of 3 deliveries within 10m"


def test_a_bound_per_hour_holds_the_rest_until_there_is_room():
    lane = Driven("per_hour: 2")
    started, told = lane.step(0, said("a"), said("b"), said("c"), said("d"))
    assert started == ["r1", "r2"]
    assert told["c"] == e.AlertHeld(2, "r", "c", "2 runs of the route have started within an hour", 3600 * SECOND)
    assert lane.lane.waiting == 2
    assert lane.due(1) == 3600
    assert lane.step(3599)[0] == []
    started, told = lane.step(3600)
    assert (started, sorted(told)) == (["r3", "r4"], ["c", "d"])


def test_as_many_as_there_is_room_for_start_and_the_others_when_there_is():
    lane = Driven()
    started, told = lane.step(0, *(said(f"f{n}") for n in range(5)), room=2)
    assert started == ["r1", "r2"]
    assert told["f4"] == e.AlertHeld(2, "r", "f4", "as many runs as may go on at once", 0)
    assert lane.due(1, room=0) is None
    assert lane.due(1, room=1) == 1
    started, told = lane.step(1, room=1)
    assert (started, list(told)) == (["r3"], ["f2"])


def test_a_storm_is_one_run_in_the_order_of_need_and_the_rest_is_the_next_wave():
    ranks = {"db": 0, "orders": 1}
    lane = Driven("storm: {within: 30s, input: hosts, most: 2, by: [alert.labels.cluster]}", LIST, ranks)
    alerts = [
        said("a", host="web1", service="web", cluster="c1"),
        said("b", host="app1", service="orders", cluster="c1"),
        said("c", host="db1", service="db", cluster="c1"),
        said("d", host="app1", service="orders", cluster="c1"),
        said("e", host="other", service="db", cluster="c2"),
    ]
    started, told = lane.step(0, *alerts)
    assert started == []
    assert told["a"] == e.AlertHeld(2, "r", "a", "gathered for 30s", 30 * SECOND)
    assert lane.step(29)[0] == []
    started, told = lane.step(30)
    assert len(started) == 2
    first, second = lane.started()
    assert (first.inputs, first.items) == ({"hosts": ["db1", "app1"]}, ("db1", "app1"))
    assert second.inputs == {"hosts": ["other"]}
    assert set(told) == {"b", "c", "d", "e"}
    _, told = lane.step(31, said("f", host="db1", service="db", cluster="c1"), said("g", host="x", cluster="c1"))
    assert routed(told) == {"f": ("r1", True)}
    assert told["g"].why == "run r1 is not over: the next wave begins when it is over"
    started, told = lane.step(60, over=[over("r1", 60)])
    assert (started, set(told)) == (["r3"], {"a", "g"})
    assert lane.started()[2].inputs == {"hosts": ["web1", "x"]}


def test_an_alert_that_becomes_another_trouble_waits_for_that_alone():
    lane = Driven("key: [alert.labels.priority], once_after: 1m")
    lane.step(0, said("a", priority="P3"))
    lane.step(1, said("a", priority="P1"))
    assert lane.step(70)[0] == ["r1"]
    assert lane.started()[0].group == "P1"


def test_everything_is_made_out_again_from_the_stream_alone():
    lane = Driven("key: [alert.labels.service], once_after: 2m, cool_down: 10m")
    lane.step(0, said("a", service="x"), said("b", service="y"))
    lane.step(120)
    lane.step(130, said("c", service="x"), over=[over("r1", 125)])
    again = Lane(lane.route)
    again.commit(lane.recorded, (), 130 * SECOND)
    again.recover(130 * SECOND)
    assert again.due(130 * SECOND, 10) == lane.lane.due(130 * SECOND, 10) == 250 * SECOND
    assert set(again.history.live()) == {"r2"}


def test_a_route_that_means_something_else_now_keeps_what_has_happened():
    lane = Driven("once_after: 2m")
    lane.step(0, said("a"))
    lane.lane.become(Driven("once_after: 1m").route, {}, 10 * SECOND)
    assert lane.due(10) == 60
    assert lane.step(60)[0] == ["r1"]


TEXTS = (
    "",
    "key: [alert.labels.service]",
    "key: [alert.labels.service], cool_down: 30s",
    "key: [alert.labels.service], once_within: 45s",
    "once_after: 20s",
    "per_hour: 3",
    "accumulate: {count: 2, within: 60s}",
)


@pytest.mark.parametrize("text", [*TEXTS, "storm: {within: 5s, input: hosts, most: 2}"])
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_however_alerts_come_one_run_for_a_group_at_a_time_and_nobody_is_forgotten(text, data):
    """Random deliveries, ends and room: the bounds hold, and who fires is in a run, waits, or has been in one."""
    lane = Driven(text, LIST if "storm" in text else "host: {type: string, from: alert.labels.host}")
    live, now, last = {}, 0, {}
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.sampled_from([0, 1, 10, 40]))
        alerts = []
        for name in data.draw(st.lists(st.sampled_from("abcd"), max_size=4)):
            status = data.draw(st.sampled_from(["firing", "firing", "resolved"]))
            alerts.append(said(name, status, service="x" if name in "ab" else "y", host=f"h{name}"))
        ending = [run for run in live if data.draw(st.booleans())]
        before = len(lane.started())
        _, told = lane.step(
            now, *alerts, over=[over(run, now) for run in ending], room=data.draw(st.sampled_from([0, 1, 9]))
        )
        for run in ending:
            del live[run]
        for one in lane.started()[before:]:
            assert one.group not in live.values()
            live[one.run] = one.group
        last.update({a.fingerprint: a.status for a in alerts})
        for who, status in last.items():
            if status == "firing" and who in {a.fingerprint for a in alerts}:
                assert who in told
    if "per_hour" in text:
        assert len(lane.started()) <= 3
    given_to = [(one.stream, one.seq) for started in lane.started() for one in started.alerts]
    assert len(given_to) == len(set(given_to))
    again = Lane(lane.route)
    again.commit(lane.recorded, (), now * SECOND)
    assert dict(again.history.runs) == dict(lane.lane.history.runs)
    assert {k: (g.since, g.alerts) for k, g in again.history.groups.items() if g} == {
        k: (g.since, g.alerts) for k, g in lane.lane.history.groups.items() if g
    }
