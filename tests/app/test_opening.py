"""A runbook opened by hand for an alert: what the alert fills in, what is missing, and the line to type."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.alerts.state import fold_alert
from steadyhand.app import opening
from steadyhand.errors import NotFound, UsageError

from .alerts import LOOK, deliver, desk, said, state

MANY = LOOK.replace("name: look", "name: many").replace(
    "inputs:\n", "inputs:\n  count: {type: integer, from: alert.labels.count}\n  app: {type: string, default: shop}\n"
)


def opened(services, runbook="look", word="f1"):
    return opening.prefill(services, runbook, word)


def test_what_the_alert_says_is_filled_in(tmp_path):
    services = desk(tmp_path)
    deliver(services, said(instance="db1:9100"))
    found = opened(services)
    assert (found.inputs, found.missing) == ({"host": "db1:9100"}, {})
    assert found.line == f"steady --store {services.named_store} run look -i host=db1:9100 --alert am:f1"


def test_what_is_missing_and_why(tmp_path):
    services = desk(tmp_path, many=MANY)
    deliver(services, said(instance="$(reboot)"))
    found = opened(services, "many")
    assert found.inputs == {"app": "shop"}
    assert set(found.missing) == {"count", "host"}
    assert found.missing["host"] == "'$(reboot)' must match '^[a-z0-9.:-]+$'"
    assert found.line.endswith("run many -i count=VALUE -i host=VALUE --alert am:f1")


def test_the_route_of_the_alert_decides_and_else_the_runbook(tmp_path):
    settings = "routes: [{name: a, match: {env: prod}, runbook: look, inputs: {host: alert.labels.node}}]\n"
    services = desk(tmp_path, settings)
    deliver(services, said("f1", env="prod", node="n1"))
    deliver(services, said("f2", node="n1"))
    assert opened(services).inputs == {"host": "n1"}
    assert opened(services, word="f2").inputs == {"host": "db1"}


def test_a_storm_holds_the_one_item(tmp_path):
    listed = LOOK.replace("name: look", "name: listed").replace(
        "host: {type: string, pattern: '^[a-z0-9.:-]+$',", "host: {type: array, items: {type: string},"
    )
    settings = "routes: [{name: a, runbook: listed, storm: {input: host}}]\n"
    services = desk(tmp_path, settings, listed=listed)
    deliver(services, said())
    found = opened(services, "listed")
    assert found.inputs == {"host": ["db1"]}
    assert """-i 'host=["db1"]'""" in found.line


def test_alerts_by_their_fingerprint(tmp_path):
    services = desk(tmp_path)
    deliver(services, said("f1"))
    deliver(services, said("xf1"))
    assert opening.find(services, "f1").stream == "alert:am:f1"
    assert opening.find(services, "am:f1").stream == "alert:am:f1"
    other = said("f1")
    deliver(services, type(other)("grafana", "grafana", "f1", "1", "firing", "Slow"))
    with pytest.raises(UsageError) as caught:
        opening.find(services, "f1")
    assert caught.value.hint.startswith("name one: ")
    for word in ("nope", "", "1", "m:f1"):
        with pytest.raises(NotFound):
            opening.find(services, word)


def test_what_a_run_keeps_of_it_and_that_the_alert_knows_of_the_run(tmp_path):
    services = desk(tmp_path)
    stream = deliver(services, said())
    stale = state(services, stream)
    services.journal.append(stream, 1, [e.AlertMuted("silenced", ("s1",))], actor="t", at=1, epoch=1)
    assert opening.about(state(services, stream))["status"] == "silenced"
    opening.belongs(services, stale, "look", "r1")
    opening.belongs(services, state(services, stream), "look", "r1")
    recorded = services.journal.read(stream)
    assert [e.name_of(one.event) for one in recorded] == ["alert.received", "alert.muted", "alert.routed"]
    assert (fold_alert(recorded).runs, fold_alert(recorded).undecided) == (("r1",), 0)
