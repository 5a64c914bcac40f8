"""A recording of a real Alertmanager, and bodies of PagerDuty, through the routes of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.app.backtest import backtest
from steadyhand.app.services import InvalidSettings
from steadyhand.errors import UsageError
from steadyhand.model import SECOND

from .alerts import desk

CAPTURED = Path(__file__).parents[1] / "data" / "alerts" / "captured.jsonl"
SETTINGS = """\
intake: {am: {source: alertmanager, open: only this machine can reach it}}
routes:
  - {name: down, match: {alertname: InstanceDown, intake: am}, runbook: look, key: [alert.labels.service]}
  - {name: disk, match: {alertname: DiskAlmostFull}, runbook: fix, inputs: {host: alert.labels.mount}}
"""
PAGER = {
    "event": {
        "id": "01", "event_type": "incident.triggered", "occurred_at": "2026-11-20T09:00:00Z",
        "data": {"id": "Q1", "type": "incident", "status": "triggered", "title": "Slow", "service": {"summary": "orders"}},
    }
}  # fmt: skip


def test_what_a_real_alertmanager_has_sent(tmp_path):
    found, _ = backtest(desk(tmp_path, SETTINGS), CAPTURED, 600 * SECOND)
    fates = [(one.name, one.fate) for one in found.took]
    assert fates == [
        ("DiskAlmostFull", "unrouted"), ("InstanceDown", "started"), ("QueueBacklog", "unrouted"),
        ("InstanceDown", "known"), ("InstanceDown", "joined"), ("DiskAlmostFull", "quiet"),
        ("InstanceDown", "known"), ("InstanceDown", "known"),
    ]  # fmt: skip
    assert found.took[0].why == "host: '/var/lib/app' must match '^[a-z0-9.:-]+$'"
    (ran,) = found.runs
    assert (ran.runbook, ran.inputs, ran.alerts) == ("look", {"host": "127.0.0.1:9913"}, 2)
    assert [one.at for one in found.took] == sorted(one.at for one in found.took)


def written(folder, *lines):
    path = folder / "alerts.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_pagerduty_and_times_of_arrival(tmp_path):
    services = desk(
        tmp_path, "routes: [{name: a, match: {intake: pagerduty}, runbook: look, inputs: {host: {value: x}}}]\n"
    )
    noted = {**PAGER, "event": {**PAGER["event"], "event_type": "incident.annotated", "id": "02"}}
    later = {"at": "2026-11-20T10:00:00+01:00", "body": PAGER}
    found, assumed = backtest(services, written(tmp_path, "# said by us", "", PAGER, noted, later), 60 * SECOND, 3)
    assert [(one.fate, one.at // SECOND) for one in found.took] == [
        ("started", 1_795_165_200),
        ("known", 1_795_165_200),
    ]
    assert assumed.room == 3


def test_an_intake_can_be_named(tmp_path):
    services = desk(tmp_path, "routes: [{name: a, match: {intake: ours}, runbook: look, inputs: {host: {value: x}}}]\n")
    path = written(tmp_path, PAGER)
    assert [one.fate for one in backtest(services, path, SECOND)[0].took] == ["unrouted"]
    assert [one.fate for one in backtest(services, path, SECOND, intake="ours")[0].took] == ["started"]


def test_grafana_is_told_from_alertmanager(tmp_path):
    body = {
        "orgId": 1,
        "version": "1",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "Slow"},
                "fingerprint": "f1",
                "startsAt": "2026-11-20T09:00:00Z",
            }
        ],
    }
    found, _ = backtest(desk(tmp_path), written(tmp_path, body), SECOND)
    assert found.took[0].stream.startswith("alert:grafana:")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", ":1: this is no JSON"),
        ("[]", ":1: a body is a JSON object"),
        ('{"body": 3}', ":1: a body is a JSON object"),
        ("{}", ":1: this is no body of Alertmanager, Grafana, PagerDuty"),
        ('{"at": "yesterday", "body": {"alerts": []}}', ":1: 'yesterday' is no time with a zone"),
        ('{"at": "2026-11-20T09:00:00", "body": {"alerts": []}}', "is no time with a zone"),
        ('{"alerts": [{"status": "odd"}]}', ":1: alerts[0].status is 'odd'"),
        ('{"event": {}}', ":1: event needs `event_type` and `id`"),
    ],
)
def test_a_line_that_cannot_be_read(tmp_path, line, why):
    with pytest.raises(UsageError) as caught:
        backtest(desk(tmp_path), written(tmp_path, line), SECOND)
    assert why in caught.value.message


def test_routes_that_lead_nowhere_are_refused(tmp_path):
    with pytest.raises(InvalidSettings):
        backtest(desk(tmp_path, "routes: [{name: a, runbook: nope}]\n"), CAPTURED, SECOND)
