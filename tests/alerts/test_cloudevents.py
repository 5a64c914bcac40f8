"""CloudEvents: binary, structured, batches."""

from __future__ import annotations

import base64
import json

import pytest

from steadyhand.schema.intakes import IntakeSpec, Shape

from .senders import CLOUDEVENT, changed, heard

BATCH = {"content-type": "application/cloudevents-batch+json; charset=utf-8"}
BINARY = {
    "content-type": "application/json", "ce-specversion": "1.0", "ce-id": "A234-1234-1234", "ce-source": "/monitors/disk",
    "ce-type": "com.shop.disk.full.firing", "ce-subject": "web1", "ce-time": "2026-11-23T15:32:06Z", "ce-region": "lab",
}  # fmt: skip


def test_a_structured_event():
    (one,) = heard("cloudevents", CLOUDEVENT)
    assert (one.status, one.name) == ("firing", "com.shop.disk.full")
    assert one.identity == "/monitors/disk/A234-1234-1234"
    assert one.labels == {
        "alertname": "com.shop.disk.full", "region": "lab", "type": "com.shop.disk.full.firing",
        "source": "/monitors/disk", "subject": "web1",
    }  # fmt: skip
    assert one.annotations == {"data": '{"used":0.97}'}
    assert one.starts_at == 1795447926000000


def test_binary_and_structured_say_the_same():
    assert heard("cloudevents", {"used": 0.97}, BINARY) == heard("cloudevents", CLOUDEVENT)


def test_base64_and_text():
    plain = {key: value for key, value in CLOUDEVENT.items() if key != "data"}
    packed = base64.b64encode(b'{"used":0.97}').decode()
    assert heard("cloudevents", {**plain, "data_base64": packed}) == heard("cloudevents", CLOUDEVENT)
    text = heard("cloudevents", "déjà".encode(), {**BINARY, "content-type": "text/plain"})
    assert text[0].annotations == {"data": "déjà"}
    assert heard("cloudevents", b"", {**BINARY, "content-type": ""})[0].annotations == {}


def test_a_batch_is_an_alert_each():
    events = [CLOUDEVENT, changed(CLOUDEVENT, id="2", type="com.shop.disk.full.resolved")]
    first, second = heard("cloudevents", events, BATCH)
    assert (first.status, second.status) == ("firing", "resolved")
    assert first.fingerprint == second.fingerprint
    assert heard("cloudevents", [], BATCH) == ()


def test_values_of_headers_are_percent_encoded():
    (one,) = heard("cloudevents", b"{}", {**BINARY, "ce-subject": "caf%C3%A9%20%22x%22"})
    assert one.labels["subject"] == 'café "x"'


def test_a_mapping_says_more():
    shape = Shape(name="$.data.title", status="$.data.state", fingerprint="$.data.key", labels={"used": "$.data.used"})
    options = IntakeSpec("ce", "cloudevents", mapping=shape, statuses={"bad": "firing"})
    event = changed(CLOUDEVENT, data={"title": "Disk", "state": "BAD", "key": "web1-disk", "used": 0.97})
    (one,) = heard("cloudevents", event, options=options)
    assert (one.name, one.status, one.fingerprint) == ("Disk", "firing", "web1-disk")
    assert one.labels == {"alertname": "Disk", "used": "0.97"}
    assert one.identity == "/monitors/disk/A234-1234-1234"


@pytest.mark.parametrize(
    ("value", "headers", "status", "why"),
    [
        ({}, None, 400, "the event needs `id`"),
        (changed(CLOUDEVENT, specversion="0.3"), None, 400, "the event is of version 0.3"),
        (changed(CLOUDEVENT, id=7), None, 400, "the event needs `id`"),
        (changed(CLOUDEVENT, data_base64="x"), None, 400, "the event has both `data` and `data_base64`"),
        (changed(CLOUDEVENT, **{"Not-A-Name": 1}), None, 400, "the event has an attribute 'Not-A-Name'"),
        ([CLOUDEVENT, {}], BATCH, 400, "event 1 of the batch needs `id`"),
        (CLOUDEVENT, {"content-type": "application/json"}, 415, "this is no CloudEvent"),
        (b"\xff", {**BINARY, "content-type": "application/avro"}, 415, "the data (application/avro) is neither"),
        (b"{", BINARY, 400, "the body is no JSON"),
    ],
)
def test_what_is_wrong_is_said(value, headers, status, why):
    refused = heard("cloudevents", value, headers)
    assert refused.status == status
    assert refused.why.startswith(why)


def test_wrong_base64_is_said():
    plain = {key: value for key, value in CLOUDEVENT.items() if key != "data"}
    assert heard("cloudevents", {**plain, "data_base64": "*"}).why == "the event: `data_base64` is not base64"


def test_without_a_word_for_a_status_it_is_firing():
    (one,) = heard("cloudevents", json.dumps(changed(CLOUDEVENT, type="disk")).encode())
    assert (one.status, one.name) == ("firing", "disk")
    (one,) = heard("cloudevents", changed(CLOUDEVENT, type="disk", data={"status": "resolved"}))
    assert one.status == "resolved"
