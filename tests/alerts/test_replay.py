"""What would have come of recorded alerts, with the decisions of a server: runs, joined, held, collided, unrouted."""

from __future__ import annotations

from collections import Counter

from steadyhand import schema
from steadyhand.alerts.replay import Assumed, Took, replay, targets_of
from steadyhand.alerts.routing import Way
from steadyhand.handlers import registry
from steadyhand.model import SECOND

from .ways import STEPS, routes, runbook, said

SPECS = registry.specs()
CHANGING = """\
steadyhand: 1
name: look
title: T
inputs: {host: {type: string, from: alert.labels.host}}
targets: {db: {ssh: {hosts: [db1]}}}
steps:
  a: {title: A, ssh: uptime, target: db, effect: read, next: {pass: b, fail: b, error: b}}
  b:
    title: B
    shell: 'true'
    lock: [orders]
    gate: {prompt: Go?}
    undo: {none: x}
    next: {pass: c, fail: end.escalated, error: end.escalated}
  c: {title: C, purpose: verification, shell: 'true', effect: read, next: {pass: end.resolved, fail: end.escalated, error: end.escalated}}
"""


def changing():
    loaded = schema.read(CHANGING, "look", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook


def played(text, arrivals, book=None, length=600, room=64, ranks=None):
    """The replay of alerts at these seconds, on one route."""
    ways = [Way(one, book or runbook()) for one in routes(f"routes: [{{name: r, runbook: look{text}}}]\n")]
    found = [(int(at * SECOND), one) for at, one in arrivals]
    return replay(ways, ranks or {}, found, Assumed(length * SECOND, room))


def fates(found):
    return Counter(one.fate for one in found.took)


def test_runs_and_those_who_join_them():
    found = played(
        ", key: [alert.labels.service]",
        [(0, said("a", service="x")), (60, said("b", service="x")), (700, said("c", service="x"))],
    )
    assert [(ran.run, ran.alerts, ran.started_at // SECOND) for ran in found.runs] == [
        ("run-1", 2, 0),
        ("run-2", 1, 700),
    ]
    assert [one.fate for one in found.took] == ["started", "joined", "started"]
    assert found.runs[0].inputs == {"host": "db1"}


def test_who_waited_is_told_by_what_came_of_it():
    found = played(", once_after: 2m", [(0, said("a")), (500, said("b"))])
    assert [(one.fate, one.waited, one.run) for one in found.took] == [
        ("started", True, "run-1"),
        ("started", True, "run-2"),
    ]
    assert found.runs[1].started_at == 620 * SECOND
    found = played(", accumulate: {count: 3, within: 1m}", [(0, said("a"))])
    assert found.took == (Took(0, "alert:am:a", "Slow", "firing", "held", "r", "", "1 of 3 deliveries within 1m"),)


def test_what_is_known_resolved_or_fits_nothing():
    alerts = [(0, said("a")), (1, said("a")), (2, said("a", "resolved")), (3, said("b", "resolved"))]
    found = played("", alerts)
    assert [one.fate for one in found.took] == ["started", "known", "quiet", "quiet"]
    assert (found.took[2].run, found.took[3].run) == ("run-1", "")
    assert found.runs[0].alerts == 1
    found = played(", match: {env: prod}", [(0, said("a"))])
    assert (found.took[0].fate, found.took[0].why) == ("unrouted", "no route fits Slow")


def test_runs_that_touch_the_same_collide():
    book = changing()
    assert targets_of(book) == ("db", "orders")
    found = played("", [(0, said("a")), (60, said("b")), (700, said("c"))], book)
    assert [ran.collides for ran in found.runs] == [(), ("run-1",), ()]
    assert [(ran.asks.least, ran.asks.most) for ran in found.runs] == [(1, 1)] * 3
    found = played("", [(0, said("a")), (30, said("b")), (60, said("c"))], book, length=45)
    assert [ran.collides for ran in found.runs] == [(), ("run-1",), ("run-2",)]


def test_bounds_and_room_throttle():
    found = played(", per_hour: 2", [(n, said(f"f{n}")) for n in range(5)])
    assert [ran.started_at // SECOND for ran in found.runs] == [0, 1, 3600, 3601, 7200]
    found = played("", [(0, said(f"f{n}")) for n in range(4)], room=2)
    assert [ran.started_at // SECOND for ran in found.runs] == [0, 0, 600, 600]


def test_a_storm_goes_in_waves():
    book = runbook("hosts: {type: array, items: {type: string}, from: alert.labels.host}")
    alerts = [(n, said(f"f{n}", host=f"h{n}", service="db" if n == 4 else "web")) for n in range(5)]
    found = played(", storm: {within: 30s, input: hosts, most: 3}", alerts, book, ranks={"db": 0, "web": 1})
    assert [(ran.started_at // SECOND, ran.inputs) for ran in found.runs] == [
        (30, {"hosts": ["h4", "h0", "h1"]}), (630, {"hosts": ["h2", "h3"]})
    ]  # fmt: skip


def test_several_routes_take_an_alert_and_it_counts_once():
    ways = [
        Way(one, runbook())
        for one in routes("routes: [{name: a, runbook: look, continue: true}, {name: b, runbook: look}]\n")
    ]
    found = replay(ways, {}, [(0, said("a"))], Assumed())
    assert [ran.route for ran in found.runs] == ["a", "b"]
    assert [(one.fate, one.route) for one in found.took] == [("started", "a")]


def test_a_day_of_alerts_takes_no_time():
    alerts = [(n * 8, said(f"f{n % 500}", "resolved" if n % 1000 >= 500 else "firing")) for n in range(5_000)]
    alerts = [
        (at, type(one)(*(one.intake, one.source, one.fingerprint, str(at), one.status, one.name, one.labels)))
        for at, one in alerts
    ]
    found = played(", cool_down: 10m", alerts)
    assert len(found.took) == 5_000
    assert fates(found)["started"] == len(found.runs) == 2_500


def test_the_steps_that_tests_share_touch_nothing():
    assert targets_of(runbook()) == ()
    assert "shell" in STEPS
