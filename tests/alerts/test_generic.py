"""Any JSON, read as the settings say."""

from __future__ import annotations

from .senders import GENERIC, changed, heard


def test_a_body_as_the_mapping_says():
    (one,) = heard("generic", GENERIC)
    assert (one.name, one.status, one.fingerprint) == ("Orders are slow", "firing", "alarm-7")
    assert one.labels == {"alertname": "Orders are slow", "host": "web1"}
    assert one.starts_at == 1795447926000000
    assert heard("generic", changed(GENERIC, state="OK"))[0].status == "resolved"


def test_it_must_be_json():
    assert heard("generic", b"<x/>", {"content-type": "text/xml"}).status == 415
