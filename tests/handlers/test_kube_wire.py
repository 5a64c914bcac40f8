"""Requests: what is sent again, what is not, and what is known when no answer comes. On the fake, which can be told to fail."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand.errors import BadInput, BadResponse, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers import kubectl

SCALE = {"patch": "deployment/orders", "type": "merge", "body": {"spec": {"replicas": 5}}}


@pytest.fixture
def deployed(fake):
    fake.deploy(wait=False)
    fake.do(get="deploy/orders")
    return fake


def sent(here, method="PATCH"):
    return len(
        [
            1
            for m, path, _ in here.fake.requests
            if m == method and path.startswith(here.path("deployments", "orders", "apps/v1"))
        ]
    )


def test_too_many_requests_are_asked_again_when_it_is_time(deployed):
    deployed.fake.fault("PATCH", "deployments/orders", 429, headers={"Retry-After": "1"}, times=2)
    deployed.fake.fault("GET", "deployments/orders", 429, headers={"Retry-After": "0"})
    before, start = sent(deployed), time.monotonic()
    assert deployed.do(**SCALE)["done"]
    assert time.monotonic() - start > 2
    assert sent(deployed) - before == 3


def test_too_many_requests_until_the_time_is_over(deployed):
    deployed.fake.fault("PATCH", "deployments/orders", 429, headers={"Retry-After": "30"})
    with pytest.raises(Refused, match="429") as caught:
        deployed.do(timeout=5, **SCALE)
    assert not caught.value.unsure


def test_a_server_that_is_busy_is_asked_again_for_a_read_only(deployed):
    deployed.fake.fault("GET", "deployments/orders", 503, headers={"Retry-After": "1"})
    assert deployed.do(get="deploy/orders")["found"]
    deployed.fake.fault("PATCH", "deployments/orders", 503, headers={"Retry-After": "1"})
    with pytest.raises(Unreachable, match="503") as caught:
        deployed.do(**SCALE)
    assert caught.value.unsure, "nobody knows whether it was done"


@pytest.mark.parametrize(("what", "failure", "unsure"), [
    (500, BadResponse, True), (504, Unreachable, True), ("drop", Unreachable, True), ("lost", Unreachable, True),
    (403, Refused, False), (409, Refused, False), (422, BadInput, False), (401, Refused, False), (410, Refused, False),
])  # fmt: skip
def test_a_change_is_sent_once_and_it_is_known_when_it_was_refused(deployed, what, failure, unsure):
    before = sent(deployed)
    deployed.fake.fault("PATCH", "deployments/orders", what)
    with pytest.raises(failure) as caught:
        deployed.do(**SCALE)
    assert caught.value.unsure is unsure
    assert sent(deployed) - before == 1


def test_a_read_whose_connection_is_lost_is_asked_once_more(deployed):
    deployed.fake.fault("GET", "deployments/orders", "drop")
    assert deployed.do(get="deploy/orders")["found"]
    deployed.fake.fault("GET", "deployments/orders", "drop", times=2)
    with pytest.raises(Unreachable) as caught:
        deployed.do(get="deploy/orders")
    assert not caught.value.unsure


def test_what_fails_after_the_change_was_done_is_unsure(deployed):
    deployed.fake.fault("GET", "watch=true", 403)
    with pytest.raises(Refused, match="403") as caught:
        deployed.do(rollout="restart", resource="deployment/orders", wait="5s")
    assert caught.value.unsure, "the restart itself has happened"


@pytest.mark.parametrize(("method", "unsure"), [("PATCH", True), ("GET", False)])
def test_an_answer_that_does_not_come(deployed, method, unsure):
    deployed.fake.fault(method, "deployments/orders", "hang")
    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        deployed.do(timeout=0.6, **SCALE)
    assert caught.value.unsure is unsure
    assert time.monotonic() - start < 3


def test_what_was_told_to_stop_sends_nothing_any_more(deployed):
    deployed.fake.fault("GET", "deployments/orders", "hang")
    before = sent(deployed)
    hands = deployed.hands()
    threading.Timer(0.3, hands.cancel).start()
    with pytest.raises(Cancelled) as caught:
        kubectl.perform(deployed.plan(**SCALE), hands)
    assert not caught.value.unsure
    time.sleep(0.5)
    assert sent(deployed) == before


def test_an_answer_that_is_none(deployed):
    deployed.fake.fault("GET", "deployments/orders", 200)
    assert deployed.do(get="deploy/orders")["object"]["message"] == "told to fail"
    deployed.fake.fault("GET", "deployments/orders", 302, headers={"Location": "http://127.0.0.1:1/"})
    with pytest.raises(BadResponse, match="the cluster answered 302"):
        deployed.do(get="deploy/orders")


def test_an_answer_that_is_too_large(deployed, monkeypatch):
    monkeypatch.setattr("steadyhand.handlers._kube_wire.MOST", 100)
    with pytest.raises(BadResponse, match="more than 100 bytes"):
        deployed.do(get="deploy/orders")
