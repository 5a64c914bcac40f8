"""What all readers share: JSON that cannot hurt, bounds, times, names."""

from __future__ import annotations

import json

import pytest

from steadyhand.alerts import reading
from steadyhand.schema.intakes import IntakeSpec

from .senders import ALERTMANAGER, changed, heard

SPEC = IntakeSpec("am", "alertmanager")


@pytest.mark.parametrize(
    ("body", "headers", "status", "why"),
    [
        (b"", {}, 400, "the body is empty"),
        (b" \n", {}, 400, "the body is empty"),
        (b"{", {}, 400, "the body is no JSON"),
        (b"\xff\xfe{}", {}, 400, "the body is no JSON"),
        (b'{"a": "\xff"}', {}, 400, "the body is no JSON"),
        (b'{"a": NaN}', {}, 400, "the body is no JSON"),
        (b"[" * 100_000, {}, 400, "the body is"),
        (b"[" * 500 + b"]" * 500, {}, 400, "the body is nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, {}, 400, "the body is nested too deeply"),
        (b"[]", {}, 400, "the body must be an object, and is a list"),
        (b"7", {}, 400, "the body must be an object, and is a number"),
        (b"{}", {"content-type": "text/html"}, 415, "Alertmanager sends JSON, and this says it is text/html"),
    ],
)
def test_what_is_no_message_is_refused_in_words(body, headers, status, why):
    refused = heard("alertmanager", body, headers)
    assert refused.status == status
    assert refused.why.startswith(why)


def test_an_unpaired_surrogate_hurts_nobody():
    came = heard("alertmanager", json.dumps(ALERTMANAGER).replace("DiskAlmostFull", "\\ud800").encode())
    assert isinstance(came, reading.Refusal) or came[0].name


@pytest.mark.parametrize(
    ("said", "micros"),
    [
        ("2026-11-23T15:32:06.728Z", 1795447926728000),
        ("2026-11-23T15:32:58.214355106Z", 1795447978214355),
        ("2026-11-23T16:32:06+01:00", 1795447926000000),
        ("2026-11-23 15:32:06", 1795447926000000),
        ("0001-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59-23:00", 253402383599000000),
        ("2026-13-23T15:32:06Z", 0),
        ("soon", 0),
        (None, 0),
        (True, 0),
        (1795447926, 1795447926000000),
        (1795447926.5, 1795447926500000),
        (1795447926000, 1795447926000000),
        (1795447926000000, 1795447926000000),
        (1795447926000000000, 1795447926000000),
        ("1795447926000", 1795447926000000),
        (-5, 0),
        (1e300, 0),
        (float("inf"), 0),
    ],
)
def test_times_as_senders_write_them(said, micros):
    assert reading.moment(said) == micros


def test_a_name_in_a_stream_is_one_short_word():
    assert reading.fingerprint_of("dd502de136d34c9a") == "dd502de136d34c9a"
    for odd in ("a b", "a:b", "", "é", "x" * 65, "../x", "-x", "\ud800"):
        assert len(reading.fingerprint_of(odd)) == 64
    assert reading.fingerprint_of("a", "b") != reading.fingerprint_of("a\nb", "")
    assert reading.identity_of("a", "b") == "a/b"
    assert len(reading.identity_of("x" * 300)) == len(reading.identity_of("é")) == 64


def test_what_is_too_long_is_cut_and_said():
    alert = ALERTMANAGER["alerts"][0]
    labels = {**alert["labels"], "long": "x" * 1_000_000, "k" * 5_000: "v", **{f"l{n}": "v" for n in range(500)}}
    (came,) = heard("alertmanager", changed(ALERTMANAGER, alerts=[changed(alert, labels=labels)]))
    assert came.labels["long"].endswith("… (cut: 1,000,000 characters)")
    assert len(came.labels["long"]) == reading.VALUE
    assert len(came.labels) == reading.LABELS
    assert max(map(len, came.labels)) == reading.KEY
    assert came.details["cut"][0] == "labels.long"
    assert came.details["cut"][-1].endswith(" more")


def test_an_alert_without_a_name_is_none():
    with pytest.raises(reading.Unfit, match="the alert has no name"):
        reading.alert(SPEC, fingerprint="a", identity="b", status="firing", name=" \n")


def test_only_addresses_of_pages_become_links():
    made = [
        reading.alert(SPEC, fingerprint="a", identity="b", status="firing", name="x", url=url).url
        for url in ("javascript:alert(1)", "https://x.example", "data:x", "")
    ]
    assert made == ["", "https://x.example", "", ""]


def test_a_name_becomes_the_label_that_routes_look_at():
    given = {"alertname": "mine"}
    named = [
        reading.alert(SPEC, fingerprint="a", identity="b", status="firing", name="x", labels=labels).labels["alertname"]
        for labels in (None, given)
    ]
    assert named == ["x", "mine"]
