"""A real Alertmanager is asked whether an alert is silenced or inhibited; the run hears it."""

from __future__ import annotations

import json

import pytest

from steadyhand import events as e
from steadyhand.app import runs
from steadyhand.app.alertmanagers import LONGEST, Alertmanagers, Muting, Unanswered, ask, read

from ..realparts import free_port
from ..realparts.alertmanager import alertmanager
from .alerts import decided, deliver, desk, said, serving, state, until

SETTINGS = """\
intake: {am: {source: alertmanager, open: only this machine can reach it, url: 'URL'}}
routes: [{name: fix, match: {alertname: Slow}, runbook: fix}]
"""


def alarm(services, run):
    return runs.state_of(services, run).alarm.status


def test_a_silence_and_its_end_reach_the_run(tmp_path):
    with alertmanager("http://127.0.0.1:9/nowhere", "t") as real:
        real.fire("Slow", service="orders", severity="warning", instance="db1")
        until(real.alerts, "the alert")
        (known,) = real.alerts()
        services = desk(tmp_path, SETTINGS.replace("URL", real.url))
        with serving(services) as server:
            server.alertmanagers._every = 0.2
            one = said(known["fingerprint"], service="orders")
            (alert,) = decided(services, deliver(services, one))
            (run,) = alert.runs
            until(lambda: (row := server.board.run(run)) and row.gates, "the question")
            silence = real.amtool("silence", "add", "alertname=Slow", "--comment=work on it", "--duration=1h").strip()
            until(lambda: alarm(services, run) == "silenced", "the silence")
            assert state(services, alert.stream).muted == e.AlertMuted("silenced", (silence,))
            real.amtool("silence", "expire", silence)
            until(lambda: alarm(services, run) == "firing", "its end")
            real.fire("Down", service="orders", severity="critical")
            until(lambda: alarm(services, run) == "inhibited", "the inhibition")
            assert state(services, alert.stream).status == "inhibited"
            runs.stop(services, run, "ana", "enough")


def test_who_does_not_answer_is_asked_less_often(tmp_path):
    services = desk(tmp_path, SETTINGS.replace("URL", f"http://127.0.0.1:{free_port()}"))
    with serving(services) as server:
        (alert,) = decided(services, deliver(services, said()))
        until(lambda: (row := server.board.run(alert.runs[0])) and row.gates, "the question")
        asking = Alertmanagers(services, server.board, every=0.0)
        asking.look()
        first = asking._asked["am"]
        assert first.wait == 0.0
        asking._every = 200.0
        first.due = 0.0
        asking.look()
        assert asking._asked["am"].wait == LONGEST
        asking.look()
        assert state(services, alert.stream).muted is None


def test_nobody_is_asked_while_no_run_goes_on(tmp_path):
    services = desk(tmp_path, SETTINGS.replace("URL", "http://127.0.0.1:9"))
    with serving(services) as server:
        asking = Alertmanagers(services, server.board)
        asking.look()
        assert (asking._asked["am"].wait, asking._asked["am"].due > 0) == (0.0, True)


def test_what_an_answer_says():
    body = [
        {"fingerprint": "a", "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}},
        {"fingerprint": "b", "status": {"silencedBy": ["s1"], "inhibitedBy": ["x"]}},
        {"fingerprint": "c", "status": {"inhibitedBy": ["d"]}},
        {"fingerprint": "d"},
        {"labels": {}},
        3,
    ]
    silenced, inhibited = Muting("silenced", ("s1",)), Muting("inhibited", ("d",))
    assert read(json.dumps(body).encode()) == {"a": Muting(), "b": silenced, "c": inhibited, "d": Muting()}


@pytest.mark.parametrize(("body", "why"), [(b"<html>", "no JSON"), (b"{}", "no list"), (b"[" * 100_000, "no JSON")])
def test_what_cannot_be_understood(body, why):
    with pytest.raises(Unanswered, match=why):
        read(body)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[", "ftp://x"])
def test_who_cannot_be_reached(url):
    with pytest.raises(Unanswered):
        ask(url)
