"""What the server measures is what happened: runs, gates, alerts, and a store that holds."""

from __future__ import annotations

import re

import pytest

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.app.board import Grown
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.core.answers import Answer
from steadyhand.model import Mode

from .server import ANA, asking, services_in, serving, until


def figures(server):
    """Every series and its number."""
    lines = (line for line in server.metrics.text().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def alert(number, *events):
    return [e.Recorded("alert:am:f1", n, number + n * 100_000, "t", 1, event) for n, event in enumerate(events, 1)]


RECEIVED = e.AlertReceived("am", "alertmanager", "f1", "d1", "firing", "Errors")


def test_a_run_is_seen_from_its_beginning_to_its_end(tmp_path):
    asking(tmp_path)
    with serving(tmp_path) as server:
        runbook = library.load(server.services, "asking.yaml")
        run = server.run(ANA, runbook, {}, Mode.GUIDED)
        until(lambda: server.board.run(run) and server.board.run(run).gates)
        now = until(lambda: (f := figures(server))['steady_gates_open{kind="confirm"}'] and f)
        assert now['steady_runs{runbook="asking",mode="guided",status="waiting"}'] == 1
        assert now['steady_runs_started_total{runbook="asking",mode="guided"}'] == 1
        assert now['steady_gates_opened_total{kind="confirm"}'] == 1
        assert now["steady_gate_age_seconds"] >= 0
        gate = server.board.run(run).gates[0]
        runs.answer(server.services, run, Answer(gate.gate, "ana", "approve", gate.digest, "web"))
        until(lambda: server.board.run(run).conclusion)
        done = until(
            lambda: (f := figures(server)).get(
                'steady_runs_concluded_total{runbook="asking",mode="guided",conclusion="resolved"}'
            ) and f
        )  # fmt: skip
        assert done['steady_gates_closed_total{kind="confirm",result="approved"}'] == 1
        assert done['steady_gate_wait_seconds_count{kind="confirm"}'] == 1
        assert done['steady_gates_open{kind="confirm"}'] == done["steady_gate_age_seconds"] == 0
        assert done['steady_attempts_total{outcome="pass"}'] == 3
        assert done["steady_events_lost_total"] == 0
        assert done["steady_appends_total"] == done["steady_append_seconds_count"] > 5
        assert done['steady_journal_bytes{part="database"}'] + done['steady_journal_bytes{part="wal"}'] > 10_000
        assert done["steady_journal_free_bytes"] > 0
        assert not [name for name in done if name.startswith("steady_runs{")]


def test_a_question_from_before_the_start_has_its_age(tmp_path):
    asking(tmp_path)
    services = services_in(tmp_path, "engine")
    runs.start(services, library.load(services, "asking.yaml"), {}, Mode.GUIDED).drive()
    opened = next(
        one.at for one in services.journal.read(runs.find(services, "last")) if isinstance(one.event, e.GateOpened)
    )
    services.journal.close()
    with serving(tmp_path) as server:
        before = (server.services.clock.now() - opened) / 1e6
        assert figures(server)["steady_gate_age_seconds"] >= before > 0


@pytest.fixture
def server(tmp_path):
    """A server that was not started: the meter is told by hand what has grown."""
    found = Server(Services(store="memory:", cwd=str(tmp_path), environ={"HOME": str(tmp_path)}))
    yield found
    found.services.journal.close()


@pytest.mark.parametrize(
    ("came", "name"),
    [
        (e.AlertRouted(1, "errors", "k", "disk", "r1"), "routed"),
        (e.AlertHeld(1, "errors", "k", "cool-down"), "held"),
        (e.AlertUnrouted(1, "no route"), "unrouted"),
    ],
)
def test_alerts_are_counted_by_intake_and_by_what_came_of_them(server, came, name):
    server.meter.grown(Grown("alert:am:f1", tuple(alert(0, RECEIVED))))
    server.meter.grown(Grown("alert:am:f1", tuple(alert(0, RECEIVED, came)[1:])))
    server.meter.deduplicated.add("am")
    now = figures(server)
    assert now['steady_alerts_received_total{intake="am"}'] == 1
    assert now['steady_alerts_deduplicated_total{intake="am"}'] == 1
    assert now[f'steady_alerts_{name}_total{{intake="am"}}'] == 1
    assert now['steady_alert_routing_seconds_sum{intake="am"}'] == pytest.approx(0.1)


def test_a_gap_in_a_run_would_be_seen(server):
    def note(seq):
        return e.Recorded("r1", seq, seq, "t", 1, e.NoteAdded("ana", "x"))

    server.meter.grown(Grown("r1", (note(1), note(2))))
    server.meter.grown(Grown("r1", (note(3),)))
    assert figures(server)["steady_events_lost_total"] == 0
    server.meter.grown(Grown("r1", (note(6),)))
    assert figures(server)["steady_events_lost_total"] == 2


def test_timers_that_come_late_are_measured(server):
    server.meter.grown(Grown("r1", (e.Recorded("r1", 1, 1, "t", 1, e.TimerFired("x", 2_000_000)),)))
    assert figures(server)["steady_timer_late_seconds_sum"] == 2


def test_a_withdrawn_question_is_settled(server):
    opened = e.GateOpened("clean", "clean", "choose", 1, "Clean?", {}, "abc")
    told = (opened, e.RunConcluded("stopped"))
    server.meter.grown(Grown("r1", tuple(e.Recorded("r1", n, n, "t", 1, event) for n, event in enumerate(told, 1))))
    assert figures(server)['steady_gates_closed_total{kind="choose",result="withdrawn"}'] == 1


def test_every_name_is_ours_or_known_to_prometheus(server):
    names = set(re.findall(r"^# TYPE (\S+)", server.metrics.text(), re.MULTILINE))
    assert all(re.match(r"steady_|process_", name) for name in names)
    assert len(names) > 40
