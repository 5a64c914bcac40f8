"""Delivery to services that are slow, busy, broken or gone: at least once, within the time, and said when not."""

from __future__ import annotations

import hashlib
import hmac
import sys
import threading
import time

import pytest

from steadyhand.errors import BadInput, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers import notify
from steadyhand.handlers._deliver import FIRST, LONGEST, TRIES, retry_after, waits
from steadyhand.handlers._services import Again
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Literal, Secret, Target, Text, plain

from ..realparts import until
from ..realparts.mail import mail_server
from .servers import closed_port, raw, request_of
from .sink import sink

ENV = {"STEADY_RUN": "r1", "STEADY_STEP": "tell", "STEADY_VISIT": "1"}
KEY = Text((Secret("key"),))
SECRETS = {"key": "sekrit-12345"}


def hook(url, **more):
    return {"webhook": {"url": plain(url), **more}}


def tell(channels, timeout=20.0, hands=None, **params):
    plan = notify.plan({"message": plain("It is slow"), **params}, Target(",".join(channels), "channels", channels))
    return notify.perform(plan, hands or BenchHands(timeout=timeout, secrets=SECRETS, environment=ENV)).values


def test_everybody_is_told_at_once():
    with sink() as service, mail_server() as (port, box):
        mail = {"email": {"host": plain("127.0.0.1"), "port": port, "tls": plain("none"), "from": plain("a@example.com"),
                          "to": [plain("b@example.com")]}}  # fmt: skip
        found = tell({"oncall": hook(service.url), "post": mail, "console": {"console": {}}})
    assert found["sent"] == ["oncall", "post", "console"]
    assert (found["failed"], found["attempts"]) == ({}, {"oncall": 1, "post": 1, "console": 1})
    assert found["ids"]["oncall"] == "i1"
    assert found["ids"]["post"] == box.taken[0][2]["Message-ID"]
    assert found["duration"] > 0
    assert service.requests[0][3]["message"] == "It is slow"


@pytest.mark.parametrize(
    ("kind", "params", "reply", "path", "header", "said"),
    [
        ("slack", {"token": KEY, "channel": plain("#ops")}, {"ok": True, "ts": "1.2"}, "/chat.postMessage",
         ("authorization", "Bearer sekrit-12345"), "1.2"),
        ("pagerduty", {"routing_key": KEY}, {"status": "success", "dedup_key": "steadyhand/r1"}, "/v2/enqueue", None,
         "steadyhand/r1"),
        ("opsgenie", {"api_key": KEY}, {"requestId": "q"}, "/v2/alerts", ("authorization", "GenieKey sekrit-12345"), "q"),
        ("status", {"fields": {"m": plain("$message")}, "headers": {"X-Token": KEY}}, {"data": {"id": 5}}, "/",
         ("x-token", "sekrit-12345"), "5"),
    ],
)  # fmt: skip
def test_each_service_is_told_in_its_way(kind, params, reply, path, header, said):
    with sink((202, {}, reply)) as service:
        found = tell(
            {"c": {kind: {**params, "url": plain(service.url)}}},
            message={"customers": plain("x"), "responders": plain("y")},
        )
        ((method, target, headers, body),) = service.requests
    assert (method, target) == ("POST", path)
    assert headers["content-type"] == "application/json"
    assert header is None or headers[header[0]] == header[1]
    assert found["ids"] == {"c": said}
    assert body
    if kind == "pagerduty":
        assert body["routing_key"] == "sekrit-12345"


def test_webhooks_whose_address_is_a_secret():
    with sink((200, {}, "ok"), (202, {}, "")) as service:
        path = f"{service.url}/services/T0/B0/XX"
        hands = BenchHands(secrets={"all": path, "tail": "T0/B0/XX"}, environment=ENV)
        channels = {"a": {"slack": {"webhook": Text((Secret("all"),))}}}
        assert tell(channels, hands=hands)["sent"] == ["a"]
        hook = Text((Literal(f"{service.url}/services/"), Secret("tail")))
        assert tell({"b": {"teams": {"webhook": hook}}}, hands=hands)["sent"] == ["b"]
        assert [path for _, path, _, _ in service.requests] == ["/services/T0/B0/XX"] * 2


def test_a_signed_body():
    with sink() as service:
        tell({"c": hook(service.url, secret=KEY, signature=plain("X-Sig"))})
        ((_, _, headers, _),) = service.requests
        signed = hmac.new(b"sekrit-12345", service.raw[0], hashlib.sha256).hexdigest()
    assert headers["x-sig"] == f"sha256={signed}"


def test_busy_and_then_taken():
    with sink((429, {"Retry-After": "0"}, ""), (503, {}, "down"), (200, {}, {"id": "i1"})) as service:
        found = tell({"c": hook(service.url)})
        names = {headers["idempotency-key"] for _, _, headers, _ in service.requests}
    assert (found["sent"], found["attempts"], len(service.raw)) == (["c"], {"c": 3}, 3)
    assert len(names) == 1


def test_two_channels_to_one_service_are_two_messages():
    with sink() as service:
        tell({"a": hook(service.url), "b": hook(service.url)})
        assert len({headers["idempotency-key"] for _, _, headers, _ in service.requests}) == 2


def test_what_a_service_asks_for_is_waited_for():
    with sink((429, {"Retry-After": "1"}, "")) as service:
        start = time.monotonic()
        assert tell({"c": hook(service.url)})["attempts"] == {"c": 2}
    assert 1.0 <= time.monotonic() - start < 4


def test_a_pause_that_is_too_long_is_not_waited_for():
    with sink((429, {"Retry-After": "3600"}, {"message": "too many"})) as service:
        start = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            tell({"c": hook(service.url)})
        host = service.url.removeprefix("http://")
    assert time.monotonic() - start < 3
    assert caught.value.message == (
        f"c (webhook): {host} answered 429 Too Many Requests: too many "
        "(the step's time is over before the next try in 3.6e+03 s)"
    )


def test_a_refusal_is_final_and_told_in_the_services_own_words_without_the_key():
    with sink((403, {}, {"message": "the key sekrit-12345 is not known"})) as service:
        with pytest.raises(Refused) as caught:
            tell({"c": hook(service.url, headers={"X": KEY})})
        host = service.url.removeprefix("http://")
        assert len(service.raw) == 1
    assert caught.value.message == f"c (webhook): {host} answered 403 Forbidden: the key ••• is not known"
    assert caught.value.hint


def test_one_that_fails_keeps_nobody_else_away():
    with sink() as service, sink((404, {}, "no_service")) as gone:
        found = tell({"a": hook(gone.url), "b": hook(service.url)})
        host = gone.url.removeprefix("http://")
    assert found["sent"] == ["b"]
    assert found["failed"] == {"a": f"webhook: {host} answered 404 Not Found: no_service"}


def test_nobody_could_be_told():
    with sink((400, {}, "bad")) as service, pytest.raises(Refused) as caught:
        tell({"a": hook(service.url), "b": hook(f"http://{closed_port()}")}, timeout=1.5)
    assert "a (webhook): " in caught.value.message
    assert "; b (webhook): " in caught.value.message
    assert "refused the connection" in caught.value.message


def test_a_service_that_never_answers_is_left_in_time():
    with raw(lambda connection: request_of(connection) and connection.recv(1)) as address:
        start = time.monotonic()
        with pytest.raises(TimedOut, match="had not answered when the step's time was over") as caught:
            tell({"a": hook(f"http://{address}")}, timeout=0.5)
    assert time.monotonic() - start < 3
    assert caught.value.unsure


def test_a_cancellation_ends_the_waiting():
    hands = BenchHands(timeout=60, environment=ENV)
    with sink((429, {"Retry-After": "30"}, "")) as service, sink() as good:

        def stop():
            until(lambda: bool(service.raw and good.raw), "a request to both")
            hands.cancel()

        thread = threading.Thread(target=stop)
        thread.start()
        start = time.monotonic()
        with pytest.raises(Cancelled, match="told so far: "):
            tell({"a": hook(service.url), "b": hook(good.url)}, hands=hands)
        thread.join()
    assert time.monotonic() - start < 10


def test_no_time_left():
    with pytest.raises(TimedOut, match="before anything was sent"):
        tell({"console": {"console": {}}}, timeout=-1)


PAGE = {"page": plain("p1"), "api_key": KEY, "components": {"c1": plain("major_outage")}}


def statuspage(service, **params):
    return tell({"page": {"statuspage": {**PAGE, "url": plain(service.url)}}}, audience=plain("customers"), **params)


def test_an_incident_is_made_then_updated_then_resolved():
    with sink((200, {}, []), (201, {}, {"id": "i7"})) as service:
        assert statuspage(service)["ids"] == {"page": "i7"}
        made = service.requests[1][3]["incident"]
        for action in ("acknowledge", "resolve"):
            service.replies[:] = [(200, {}, [{"id": "i7", **made}]), (200, {}, {"id": "i7"})]
            assert statuspage(service, action=plain(action))["ids"] == {"page": "i7"}
        calls = [(method, path) for method, path, _, _ in service.requests]
        assert calls == [
            ("GET", "/v1/pages/p1/incidents/unresolved"), ("POST", "/v1/pages/p1/incidents"),
            ("GET", "/v1/pages/p1/incidents/unresolved"), ("PATCH", "/v1/pages/p1/incidents/i7"),
            ("GET", "/v1/pages/p1/incidents/unresolved"), ("PATCH", "/v1/pages/p1/incidents/i7"),
        ]  # fmt: skip
        assert service.requests[5][3]["incident"]["components"] == {"c1": "operational"}
        assert service.requests[5][2]["authorization"] == "OAuth sekrit-12345"


def test_an_incident_that_was_made_though_the_answer_was_lost_is_not_made_again():
    with sink((200, {}, []), (502, {}, "bad gateway")) as service:
        there = (200, {}, lambda: [{"id": "i7", **service.requests[1][3]["incident"]}])
        service.replies += [there, (200, {}, {"id": "i7"})]
        assert statuspage(service)["attempts"] == {"page": 2}
        assert [method for method, _, _, _ in service.requests] == ["GET", "POST", "GET", "PATCH"]


def test_there_is_nothing_to_resolve():
    with sink((200, {}, [])) as service, pytest.raises(Refused, match="there is no open incident to resolve"):
        statuspage(service, action=plain("resolve"))


apprise_imports = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""A library of apprise imports a module that Python 3.13 has no more, when it is there."""


@apprise_imports
def test_any_service_that_apprise_knows():
    pytest.importorskip("apprise", reason="the package apprise is not installed: its channel was not tried")
    with sink() as service:
        address = service.url.removeprefix("http://")
        hands = BenchHands(secrets={"key": f"json://{address}/x"}, environment=ENV)
        found = tell({"any": {"apprise": {"url": KEY}}}, hands=hands, title=plain("T"), severity=plain("SEV1"))
        ((_, path, _, body),) = service.requests
    assert (found["sent"], path) == (["any"], "/x")
    assert (body["title"], body["message"], body["type"]) == ("T", "It is slow", "failure")


@apprise_imports
def test_what_apprise_does_not_know_or_could_not_send():
    pytest.importorskip("apprise", reason="the package apprise is not installed: its channel was not tried")
    with pytest.raises(Refused, match="apprise does not know this address"):
        tell({"any": {"apprise": {"url": plain("nonsense://x")}}})
    with sink() as service:
        service.last[0] = (500, {}, "")
        url = plain(f"json://{service.url.removeprefix('http://')}/x")
        with pytest.raises(Unreachable, match="apprise could not send it: "):
            tell({"any": {"apprise": {"url": url}}}, timeout=1.0)


def test_without_apprise_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Refused) as caught:
        tell({"any": {"apprise": {"url": plain("json://x")}}})
    assert caught.value.message == "any (apprise): an `apprise` channel needs the package apprise"
    assert caught.value.hint == "pip install 'steadyhand[apprise]'"


def test_an_authority_that_is_not_there():
    with pytest.raises((BadInput, Refused)) as caught:
        tell({"c": hook("https://127.0.0.1:1", ca=plain("/no/such"))})
    assert "/no/such" in caught.value.message


def test_pauses_grow_and_are_the_same_for_the_same_step():
    lost = Unreachable("x")
    pauses = [waits(lost, number, "seed") for number in range(1, TRIES)]
    assert pauses == [waits(lost, number, "seed") for number in range(1, TRIES)]
    assert pauses != [waits(lost, number, "other") for number in range(1, TRIES)]
    assert all(FIRST * 2**n <= pause <= FIRST * 2**n * 1.5 for n, pause in enumerate(pauses))
    assert waits(lost, 50, "seed") <= LONGEST * 1.5
    assert waits(Refused("x"), 1, "seed") is None
    assert waits(BadInput("x"), 1, "seed") is None
    assert waits(Again("x", 7.0), 1, "seed") == 7.0
    assert waits(Again("x"), 1, "seed") == waits(lost, 1, "seed")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (" 0 ", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 60.0), ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),
     ("", None), ("soon", None), ("-5", None), ("1.5", None)],
)  # fmt: skip
def test_how_long_a_service_wants_to_be_left_alone(value, seconds):
    assert retry_after(value, 1_445_412_420.0) == seconds
