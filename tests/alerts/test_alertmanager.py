"""Alertmanager's own bodies, and what is wrong with others."""

from __future__ import annotations

import json

import pytest

from .senders import ALERTMANAGER, PAYLOADS, changed, heard


def real(name: str):
    return heard("alertmanager", (PAYLOADS / f"alertmanager-real{name}.json").read_bytes())


def test_a_real_alert():
    (one,) = real("")
    assert (one.intake, one.source, one.status, one.name) == (
        "alertmanager",
        "alertmanager",
        "firing",
        "DiskAlmostFull",
    )
    assert (one.fingerprint, one.identity) == ("dd502de136d34c9a", "dd502de136d34c9a/firing/2026-11-23T15:32:06.728Z")
    assert (one.starts_at, one.ends_at) == (1795447926728000, 0)
    assert one.labels["instance"] == "127.0.0.1:9912"
    assert one.annotations["summary"] == "Disk /var/lib/app is 95% full on 127.0.0.1:9912"
    assert one.group == '{}:{alertname="DiskAlmostFull", cluster="test"}'
    assert one.url == "http://vm:19090/graph?g0.expr=demo_disk_used_ratio+%3E+0.9&g0.tab=1"
    assert one.details["receiver"] == "hook"


def test_its_bytes_as_they_were_sent_say_the_same():
    assert heard("alertmanager", (PAYLOADS / "alertmanager-real.raw.txt").read_bytes()) == real("")


def test_resolved_is_another_delivery_of_the_same_alert():
    (fired,), (resolved,) = real(""), real("-resolved")
    assert resolved.status == "resolved"
    assert resolved.fingerprint == fired.fingerprint
    assert resolved.identity != fired.identity
    assert resolved.ends_at == 1795447935728000


def test_a_group_is_an_alert_each_and_what_was_left_out_is_told():
    assert [one.labels["instance"] for one in real("-group-of-2")] == ["127.0.0.1:9913", "127.0.0.1:9914"]
    assert real("-truncated")[0].details["truncatedAlerts"] == 1
    assert "truncatedAlerts" not in real("-group-of-2")[0].details


def test_the_same_group_again_is_the_same_delivery():
    again = changed(ALERTMANAGER, notification_reason="repeat interval elapsed", routeLabels={"a": "b"}, more=[1])
    assert heard("alertmanager", again)[0].identity == real("")[0].identity


def test_what_may_be_missing_may_be_missing():
    bare = {"alerts": [{"status": "firing", "labels": {"a": "b"}}]}
    (one,) = heard("alertmanager", bare)
    assert (one.name, one.starts_at, one.url) == ("unnamed", 0, "")
    assert len(one.fingerprint) == 64
    assert one.identity.startswith("content:")
    assert heard("alertmanager", {"alerts": []}) == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"alerts": None}, "alerts must be a list, and is nothing"),
        ({"alerts": [7]}, "alerts[0] must be an object, and is a number"),
        ({"alerts": [{"status": "pending", "labels": {}}]}, "alerts[0].status is 'pending'"),
        ({"alerts": [{"status": "firing", "labels": []}, {}]}, "alerts[1].status is ''"),
        ({"alerts": [{"status": "firing", "labels": [1]}]}, "alerts[0].labels must be an object, and is a list"),
        ({"alerts": [{"status": "firing", "annotations": "x"}]}, "annotations must be an object, and is text"),
        ({"version": "5"}, "version 5 of Alertmanager's messages is not known here"),
    ],
)
def test_what_is_wrong_is_refused_as_a_whole(change, why):
    refused = heard("alertmanager", changed(ALERTMANAGER, **change))
    assert (refused.status, refused.why) == (400, why)


def test_a_body_of_another_sender_is_refused():
    assert "this is no message of Alertmanager" in heard("alertmanager", json.dumps({"event": {}}).encode()).why


def test_too_many_alerts_at_once_are_refused():
    many = [{"status": "firing"}] * 10_001
    assert heard("alertmanager", {"alerts": many}).status == 413
