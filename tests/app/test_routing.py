"""Alerts in a server: each leads to one run, waits, or is told to lead nowhere, wherever the server is cut off."""

from __future__ import annotations

import threading

import pytest

from steadyhand import events as e
from steadyhand.app import opening, runs
from steadyhand.app.server import Server
from steadyhand.app.services import InvalidSettings
from steadyhand.errors import JournalError
from steadyhand.journal.open import open_journal
from steadyhand.model import Mode

from .alerts import FIX, decided, deliver, desk, said, serving, starts, state, until

FIXED = "routes: [{name: fix, match: {alertname: Broken}, runbook: fix, key: [alert.labels.service]}]\n"
LIST = FIX.replace("name: fix", "name: many").replace(
    "host: {type: string, pattern: '^[a-z0-9.:-]+$', from: alert.labels.instance}",
    "hosts: {type: array, items: {type: string, pattern: '^[a-z0-9.:-]+$'}, from: alert.labels.instance}",
).replace("{{ inputs.host }}", '{{ inputs.hosts | join(" ") }}')  # fmt: skip


def names(services, stream):
    return [e.name_of(one.event) for one in services.journal.read(stream)]


def broken(fingerprint, identity="1", status="firing", service="x", **labels):
    return said(fingerprint, identity, status, "Broken", service=service, **labels)


def concluded(server, run):
    return until(lambda: (row := server.board.run(run)) and row.conclusion, f"the end of {run}")


def waiting(server, run):
    return until(lambda: (row := server.board.run(run)) and row.gates, f"a question of {run}")


def test_an_alert_starts_the_runbook_that_lists_it(tmp_path):
    services = desk(tmp_path)
    with serving(services) as server:
        (alert,) = decided(services, deliver(services, said(env="prod")))
        assert concluded(server, alert.runs[0]) == "healthy"
    assert alert.decision == e.AlertRouted(1, "runbook:look", "f1", "look", alert.runs[0])
    (started,) = starts(services).values()
    assert (started.mode, started.requester, started.via) == ("diagnose", "alert:am", "alert")
    assert started.alert["labels"] == {"alertname": "Slow", "instance": "db1", "env": "prod"}
    assert (started.alert["fingerprint"], started.alert["stream"]) == ("f1", "alert:am:f1")
    assert names(services, "route:runbook:look")[-1] == "route.ended"


def test_what_does_not_fit_the_runbook_is_shown_and_starts_nothing(tmp_path):
    services = desk(tmp_path)
    with serving(services):
        streams = [deliver(services, said("f1", instance="$(reboot)")), deliver(services, said("f2", name="Other"))]
        wrong, unknown = decided(services, *streams)
    assert wrong.decision.why == "host: '$(reboot)' must match '^[a-z0-9.:-]+$'"
    assert unknown.decision == e.AlertUnrouted(1, "no route fits Other")
    assert starts(services) == {}


def test_no_routes_means_none(tmp_path):
    services = desk(tmp_path, "routes: []\n")
    with serving(services):
        (alert,) = decided(services, deliver(services, said()))
    assert alert.decision.why == "no route fits Slow"


def test_a_runbook_that_a_route_names_is_started_by_that_alone(tmp_path):
    services = desk(tmp_path, "routes: [{name: prod, match: {env: prod}, runbook: look}]\n")
    with serving(services):
        streams = [deliver(services, said("f1")), deliver(services, said("f2", env="prod"))]
        staging, prod = decided(services, *streams)
    assert staging.decision.why == "no route fits Slow"
    assert prod.decision.route == "prod"


def test_further_alerts_join_and_the_run_hears_when_all_have_resolved(tmp_path):
    services = desk(tmp_path, FIXED)
    with serving(services) as server:
        streams = [deliver(services, broken("f1")), deliver(services, broken("f2", instance="db2"))]
        first, second = decided(services, *streams)
        (run,) = first.runs
        assert second.runs == (run,)
        waiting(server, run)
        deliver(services, broken("f1", "2", "resolved"))
        (first,) = decided(services, streams[0])
        assert first.decision == e.AlertRouted(3, "fix", "x", "fix", run, joined=True)
        assert "alert.changed" not in names(services, run)
        deliver(services, broken("f2", "2", "resolved"))
        until(lambda: "alert.changed" in names(services, run), "the news")
        assert runs.state_of(services, run).alarm.status == "resolved"
        deliver(services, broken("f2", "3"))
        until(lambda: runs.state_of(services, run).alarm.status == "firing", "the other news")
    assert len(starts(services)) == 1
    assert names(services, run).count("alert.changed") == 2


def test_silence_reaches_the_run_too(tmp_path):
    services = desk(tmp_path, FIXED)
    with serving(services) as server:
        stream = deliver(services, broken("f1"))
        (alert,) = decided(services, stream)
        waiting(server, alert.runs[0])
        services.journal.append(
            stream, 2, [e.AlertMuted("silenced", ("s1",))], actor="t", at=services.clock.now(), epoch=1
        )
        until(lambda: runs.state_of(services, alert.runs[0]).alarm.status == "silenced", "the silence")


def test_a_run_that_a_person_has_started_for_an_alert_hears_of_it_too(tmp_path):
    services = desk(tmp_path, "routes: []\n")
    stream = deliver(services, broken("f1"))
    opened = opening.prefill(services, "fix", "f1")
    book, about = opened.runbook, opening.about(opened.alert)
    run = runs.start(services, book, opened.inputs, Mode.GUIDED, alert=about, driver="").stream
    opening.belongs(services, opened.alert, "fix", run)
    with serving(services) as server:
        waiting(server, run)
        deliver(services, broken("f1", "2", "resolved"))
        until(lambda: runs.state_of(services, run).alarm.status == "resolved", "the news")
        (alert,) = decided(services, stream)
        assert alert.decision.run == run


def test_what_has_resolved_and_what_is_acknowledged_start_nothing(tmp_path):
    services = desk(tmp_path)
    with serving(services):
        streams = [
            deliver(services, said("f1", status="resolved")),
            deliver(services, said("f2", status="acknowledged")),
        ]
        resolved, acknowledged = decided(services, *streams)
    assert resolved.decision.why == "it is resolved, and no run of it goes on"
    assert acknowledged.decision.why == "it is acknowledged, and no run of it goes on"
    assert starts(services) == {}


def test_what_came_while_no_server_was_there_is_taken_up(tmp_path):
    services = desk(tmp_path)
    streams = [deliver(services, said(f"f{n}", instance=f"db{n}")) for n in range(5)]
    deliver(services, said("f0", "2", "resolved"))
    with serving(services):
        gone, *alerts = decided(services, *streams)
    assert all(len(alert.runs) == 1 for alert in alerts)
    assert len(starts(services)) == 4
    assert gone.runs == ()
    told = [one.event.why for one in services.journal.read(streams[0], 2)]
    assert told == ["it has resolved before a run began", "it is resolved, and no run of it goes on"]


def test_a_storm_becomes_one_run_and_then_the_next(tmp_path):
    settings = (
        "routes: [{name: storm, match: {alertname: Broken}, runbook: many, storm: {within: 200ms, input: hosts, most: 3}}]\n"
        "services: {web: {needs: [db]}}\n"
    )
    services = desk(tmp_path, settings, many=LIST)
    with serving(services) as server:
        streams = [
            deliver(services, broken(f"f{n}", service="db" if n == 4 else "web", instance=f"h{n}")) for n in range(5)
        ]
        held = decided(services, *streams)
        assert isinstance(held[0].decision, e.AlertHeld)
        until(lambda: len(starts(services)) == 1, "the run")
        (run,) = starts(services)
        assert starts(services)[run].inputs == {"hosts": ["h4", "h0", "h1"]}
        until(lambda: state(services, streams[4]).runs == (run,), "the news")
        waiting(server, run)
        (gate,) = server.board.run(run).gates
        assert "Change h4 h0 h1?" in gate.prompt
        runs.stop(services, run, "ana", "seen enough")
        until(lambda: len(starts(services)) == 2, "the next wave")
        (second,) = set(starts(services)) - {run}
        assert starts(services)[second].inputs == {"hosts": ["h2", "h3"]}


def test_more_runs_than_may_go_on_at_once_wait_and_the_urgent_ones_start_first(tmp_path):
    slow = FIX.replace("echo {{ inputs.host }}", "sleep 0.3; echo {{ inputs.host }}")
    settings = """\
server: {runs: 1}
routes:
  - {name: low, match: {alertname: Low}, runbook: fix}
  - {name: high, match: {alertname: High}, runbook: fix, priority: 5}
"""
    services = desk(tmp_path, settings, fix=slow)
    streams = [deliver(services, said(f"f{n}", name="Low")) for n in range(3)]
    streams.append(deliver(services, said("f9", name="High")))
    with serving(services):
        until(lambda: all(state(services, stream).runs for stream in streams), "all runs")
    heads = sorted(starts(services), key=lambda run: services.journal.read(run)[0].at)
    order = [starts(services)[run].alert["fingerprint"] for run in heads]
    assert order[0] == "f9"
    assert sorted(order) == ["f0", "f1", "f2", "f9"]


def test_a_timer_is_made_out_again_from_the_journal(tmp_path):
    settings = "routes: [{name: calm, match: {alertname: Broken}, runbook: fix, once_after: 700ms}]\n"
    services = desk(tmp_path, settings)
    with serving(services):
        stream = deliver(services, broken("f1"))
        (alert,) = decided(services, stream)
        assert alert.decision.why == "gathered for 700ms"
    assert starts(services) == {}
    again = desk(tmp_path, settings)
    with serving(again):
        until(lambda: state(again, stream).runs, "the run")
    assert len(starts(again)) == 1


def test_a_run_that_cannot_be_started_is_told_and_holds_nobody_up(tmp_path):
    services = desk(tmp_path, FIXED)
    with serving(services) as server:
        router = server.router
        router.routebook.ways()
        real = router._births._runbook
        router._births._runbook = lambda *_: None
        stream = deliver(services, broken("f1"))
        (alert,) = decided(services, stream)
        assert alert.decision == e.AlertUnrouted(
            1, "runbook fix cannot be started: see `steady validate`", "fix", "fix"
        )
        router._births._runbook = real
        (alert,) = decided(services, deliver(services, broken("f1", "2")))
        assert len(alert.runs) == 1
    ended = [one.event for one in services.journal.read("route:fix") if isinstance(one.event, e.RouteEnded)]
    assert ended[0].conclusion == ""


def test_a_runbook_is_read_again_when_it_has_changed_and_routes_when_told(tmp_path):
    services = desk(tmp_path, FIXED)
    with serving(services) as server:
        (tmp_path / "steady.yaml").write_text(FIXED.replace("Broken", "Broke"))
        del services.__dict__["settings"]
        server.router.reload()
        (alert,) = decided(services, deliver(services, said("f1", name="Broke", service="x")))
    assert alert.decision.route == "fix"


def test_who_waits_on_a_route_that_is_no_more_is_decided_anew(tmp_path):
    text = "routes: [{name: calm, match: {alertname: Broken}, runbook: fix, once_after: 1h}]\n"
    services = desk(tmp_path, text)
    with serving(services) as server:
        first, second = deliver(services, broken("f1")), deliver(services, said("f2", name="Broken"))
        until(lambda: all((a := server.board.alert(one)) and a.decision for one in (first, second)), "the news")
        (tmp_path / "steady.yaml").write_text(FIXED.replace("Broken", "Broken, service: x"))
        del services.__dict__["settings"]
        server.router.reload()
        until(lambda: state(services, first).runs, "the run")
        until(lambda: isinstance(state(services, second).decision, e.AlertUnrouted), "the reason")
    assert state(services, first).decision.route == "fix"
    assert state(services, second).decision.why == "no route fits Broken"
    assert len(starts(services)) == 1
    again = desk(tmp_path, "routes: []\n")
    with serving(again):
        (third,) = decided(again, deliver(again, broken("f3")))
    assert third.decision.why == "no route fits Broken"
    assert len(starts(again)) == 1


def test_an_alert_that_the_board_does_not_hold_is_taken_up_and_heard_of(tmp_path, monkeypatch):
    monkeypatch.setattr("steadyhand.app.board.ALERTS", 2)
    services = desk(tmp_path, FIXED)
    streams = [deliver(services, broken(f"f{n}", service=f"s{n}")) for n in range(5)]
    with serving(services) as server:
        alerts = decided(services, *streams)
        for alert in alerts:
            waiting(server, alert.runs[0])
    again = desk(tmp_path, FIXED)
    with serving(again):
        deliver(again, broken("f0", "2", "resolved", service="s0"))
        until(lambda: runs.state_of(again, alerts[0].runs[0]).alarm.status == "resolved", "the news")


def test_routes_that_lead_nowhere_keep_the_server_from_starting(tmp_path):
    services = desk(tmp_path, "routes: [{name: a, runbook: nope}]\n")
    server = Server(services)
    try:
        with pytest.raises(InvalidSettings) as caught:
            server.start()
    finally:
        server.stop()
    assert [d.message for d in caught.value.diagnostics] == ["there is no runbook nope"]


def test_two_servers_start_a_run_once(tmp_path):
    one, two = desk(tmp_path, FIXED), desk(tmp_path, FIXED)
    with serving(one), serving(two):
        streams = [deliver(one, broken(f"f{n}", service=f"s{n % 10}")) for n in range(40)]
        alerts = decided(one, *streams)
    assert len(starts(one)) == 10
    assert all(len(alert.runs) == 1 for alert in alerts)
    for alert in alerts:
        assert names(one, alert.stream).count("alert.routed") == 1


def test_while_the_store_cannot_be_written_alerts_wait(tmp_path):
    services = desk(tmp_path, FIXED)
    with serving(services) as server:
        real = services.journal.append
        full = threading.Event()
        full.set()

        def append(stream, *rest, **more):
            if full.is_set() and not stream.startswith("alert:"):
                raise JournalError("the disk is full")
            return real(stream, *rest, **more)

        services.journal.append = append
        stream = deliver(services, broken("f1"))
        until(lambda: server.router.trouble == "the disk is full", "the trouble")
        assert state(services, stream).undecided
        full.clear()
        (alert,) = decided(services, stream)
        until(lambda: server.router.trouble == "", "the end of the trouble")
    assert len(alert.runs) == 1
    assert len(starts(services)) == 1


# --- cut off at every append


class Dying:
    """A journal whose process dies at an append: before it, or just after."""

    def __init__(self, journal, limit, when):
        self._journal, self._limit, self._when = journal, limit, when
        self._lock = threading.Lock()
        self.appends = 0
        self.dead = False

    def __getattr__(self, name):
        return getattr(self._journal, name)

    def append(self, *words, **more):
        return self._last(self._journal.append, *words, **more)

    def append_all(self, *words):
        return self._last(self._journal.append_all, *words)

    def _last(self, append, *words, **more):
        with self._lock:
            self.appends += 1
            last = self.appends >= self._limit
            if self.dead or (last and self._when == "before"):
                self.dead = True
                raise JournalError("the process is gone")
            done = append(*words, **more)
            if last:
                self.dead = True
                raise JournalError("the process is gone")
            return done


APPENDS = 12
SETTINGS = """\
routes:
  - {name: fix, match: {alertname: Broken}, runbook: fix, key: [alert.labels.service], continue: true}
  - {name: later, match: {alertname: Broken}, runbook: fix, once_after: 100ms}
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("limit", range(1, APPENDS + 1))
def test_cut_off_at_an_append_each_alert_has_its_runs_once(tmp_path, limit, when):
    """Two routes, two alerts of one trouble and one that resolves: whatever append is the last one of a server."""
    services = desk(tmp_path, SETTINGS)
    streams = [
        deliver(services, broken("f1")),
        deliver(services, broken("f2")),
        deliver(services, broken("f3", service="y")),
    ]
    dying = Dying(services.journal, limit, when)
    services.__dict__["journal"] = dying
    server = Server(services)
    server.start()
    try:
        until(lambda: dying.dead, "the death")
    finally:
        server.router._stopping.set()
        server.stop()
    again = desk(tmp_path, SETTINGS)
    again.__dict__["journal"] = open_journal(again.store_url)
    with serving(again):
        until(lambda: all(len(state(again, s).runs) == 2 for s in streams), "all runs")
        decided(again, *streams)
        until(lambda: len(starts(again)) == 5, "five runs")
    found = [(one.alert["fingerprint"]) for one in starts(again).values()]
    assert sorted(found) == ["f1", "f1", "f2", "f3", "f3"]
    for route in ("route:fix", "route:later"):
        given = [
            one.stream
            for r in again.journal.read(route)
            if isinstance(r.event, e.RouteStarted)
            for one in r.event.alerts
        ]
        assert sorted(given) == streams
    assert again.journal.verify_store() == ()
