"""Every sender has a reader, and no body makes one fail in any other way than by refusing it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.alerts.reading import Refusal
from steadyhand.alerts.sources import READERS, read
from steadyhand.schema.incoming import SOURCES, STATUSES

from .senders import BODIES, spec

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("firing"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["alerts", "status", "labels", "event", "data", "id", "type", "action", "alert", "alertId", "cycle", "tags"]
    ) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def test_every_sender_of_the_settings_has_a_reader():
    assert tuple(READERS) == SOURCES


@pytest.mark.parametrize("source", SOURCES)
def test_one_alert_of_each(source):
    body, headers = BODIES[source]
    (one,) = read(body, headers, spec(source))
    assert isinstance(one, e.AlertReceived)
    assert (one.intake, one.source, one.status) == (source, source, "firing")
    assert read(body, headers, spec(source)) == (one,)
    assert e.decode("alert.received", e.encode(one)) == one


def places(value, path=()):
    """Every place in a value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        yield from places(held, (*path, key))


def put(value, path, new):
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        return {**value, key: put(value[key], rest, new)}
    return [put(held, rest, new) if number == key else held for number, held in enumerate(value)]


@settings(max_examples=150, deadline=None)
@given(source=st.sampled_from(SOURCES), where=st.integers(0, 80), odd=ODD)
def test_a_body_that_is_wrong_somewhere_is_read_or_refused(source, where, odd):
    body, headers = BODIES[source]
    whole = json.loads(body)
    all_places = list(places(whole))
    changed = put(whole, all_places[where % len(all_places)], odd)
    came = read(json.dumps(changed).encode("utf-8", "surrogatepass"), headers, spec(source))
    if isinstance(came, Refusal):
        assert came.status in {202, 400, 413, 415}
        assert came.why
        return
    for one in came:
        assert one.status in STATUSES
        assert e.decode("alert.received", e.encode(one)) == one
        assert 0 < len(one.fingerprint) <= 64


@settings(max_examples=100, deadline=None)
@given(source=st.sampled_from(SOURCES), body=st.binary(max_size=200), kind=st.sampled_from(
    ["", "application/json", "application/cloudevents+json", "application/cloudevents-batch+json", "text/plain",
     "application/x-www-form-urlencoded"]))  # fmt: skip
def test_bytes_of_any_kind_are_refused_or_read(source, body, kind):
    came = read(body, {"content-type": kind}, spec(source))
    assert isinstance(came, Refusal | tuple)
