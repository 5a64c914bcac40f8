"""`prometheus` keeps the promises of the seam on a real Prometheus."""

from __future__ import annotations

import base64
import json
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, BadResponse, Refused, TimedOut, Unreachable
from steadyhand.expressions.quoting import as_json
from steadyhand.handlers import prometheus
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, Value, plain, unknown_in

from ..realparts.prometheus import prometheus as prometheus_server
from .servers import closed_port, raw, request_of, web
from .test_exchange import no_proxies

__all__ = ["no_proxies"]

POINT = json.dumps({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}}).encode()


@pytest.fixture(scope="module")
def server():
    with prometheus_server() as address:
        yield address


def target(url, **params):
    return Target("metrics", "prometheus", {"url": plain(url), **params})


def see(url, query, secrets=None, place=None, **params):
    given = {"query": plain(query) if isinstance(query, str) else query, **params}
    plan = prometheus.plan(given, place or target(url))
    return prometheus.perform(plan, BenchHands(timeout=10, secrets=secrets)).values


class TestContract(HandlerContract):
    handler = prometheus
    stream = "body"
    changes: ClassVar = {
        "query": plain("down"), "url": plain("http://127.0.0.1:1"), "last": 60_000_000,
        "range": {"from": plain("1"), "to": plain("2"), "step": 1_000_000},
    }  # fmt: skip

    @pytest.fixture
    def ordinary(self, server):
        return Case({"query": plain("up"), "url": plain(server)})

    @pytest.fixture
    def failing(self, server):
        return Case({"query": plain("up{")}, target(server))

    @pytest.fixture
    def slow(self):
        with raw(lambda connection: request_of(connection) and connection.recv(1)) as address:
            yield Case({"query": plain("up")}, target(f"http://{address}"))

    @pytest.fixture
    def big(self, server):
        query = " or ".join(f'label_replace(vector({n}), "n", "{n}", "", "")' for n in range(9))
        span = {"from": plain("1700000000"), "to": plain("1700010000"), "step": 1_000_000}
        return Case({"query": plain(query), "range": span}, target(server))

    @pytest.fixture
    def secret(self):
        with web(lambda path, body: (200, [], POINT)) as (address, _):
            place = target(f"http://{address}", bearer=Text((Secret("token"),)))
            yield Case({"query": plain("up")}, place, {"token": "xyzzyxyzzy"})


def test_values(server):
    one = see(server, 'orders{status="error"}')
    assert (one["value"], one["count"], one["series"], one["warnings"]) == (2, 1, [], [])
    assert one["vector"][0]["labels"]["app"] == "shop"
    several = see(server, 'orders{app="shop"}')
    assert (several["value"], several["count"]) == (None, 2)
    assert see(server, "nothing")["count"] == 0
    assert see(server, "nothing")["value"] is None
    assert see(server, "scalar(vector(0.5))")["value"] == 0.5
    assert see(server, '"words"')["value"] == "words"


def test_what_is_no_finite_number_is_a_text(server):
    assert see(server, "odd")["value"] == "NaN"
    assert see(server, "endless")["value"] == "+Inf"


def test_a_stretch_of_time(server):
    found = see(server, "vector(2)", last=60_000_000)
    (series,) = found["series"]
    assert (found["value"], found["vector"], found["count"]) == (None, [], 1)
    assert len(series["values"]) == 61
    assert series["values"][0][1] == 2
    span = {"from": plain("2023-11-14T22:13:20Z"), "to": plain("1700000010"), "step": 5_000_000}
    assert [when for when, _ in see(server, "vector(1)", range=span)["series"][0]["values"]] == [
        1700000000, 1700000005, 1700000010,
    ]  # fmt: skip


def test_a_value_arrives_as_it_is(server):
    text = 'it\'s "quoted" \\ here'
    query = Text((Literal("orders{app="), Value(text, as_json(text)), Literal("}")))
    assert see(server, query)["value"] == 7
    evil = '"} or vector(99) #'
    assert see(server, Text((Literal("orders{app="), Value(evil, as_json(evil)), Literal("}"))))["count"] == 0


def test_an_error_of_the_query_says_where(server):
    with pytest.raises(BadInput, match=r"1:4: parse error: unexpected end of input") as caught:
        see(server, "up{")
    assert "line:column" in caught.value.hint
    with pytest.raises(BadInput, match=r"many-to-many|multiple matches"):
        see(server, "orders * on(app) orders")


def answering(status, body):
    return web(lambda path, _: (status, [("Content-Type", "application/json")], body))


@pytest.mark.parametrize(
    ("status", "body", "failure", "message"),
    [
        (401, b"", Refused, "wants to know who asks"),
        (403, b"no", Refused, "does not let us ask"),
        (404, b"", BadResponse, "has no query API"),
        (200, b"<html>", BadResponse, "does not answer as a Prometheus"),
        (200, b"[]", BadResponse, "does not answer as a Prometheus"),
        (502, b"bad gateway", BadResponse, "does not answer as a Prometheus"),
        (503, b'{"status":"error","errorType":"timeout","error":"x"}', TimedOut, "in time"),
        (200, b'{"status":"error","errorType":"canceled","error":"x"}', TimedOut, "in time"),
        (500, b'{"status":"error","errorType":"internal","error":"x"}', Refused, "internal: x"),
    ],
)
def test_what_a_server_says_instead(status, body, failure, message):
    with answering(status, body) as (address, _), pytest.raises(failure, match=message) as caught:
        see(f"http://{address}", "up")
    assert caught.value.hint


def test_where_nobody_listens():
    with pytest.raises(Unreachable):
        see(f"http://{closed_port()}", "up")


def test_who_asks():
    with answering(200, POINT) as (address, seen):
        url = f"http://{address}/prom/"
        see(url, "up", place=target(url, bearer=plain("t"), headers={"X-Scope-OrgID": plain("shop")}))
        method, path, headers, _ = seen.last
        assert (method, path) == ("GET", "/prom/api/v1/query?query=up")
        assert (headers["authorization"], headers["x-scope-orgid"]) == ("Bearer t", "shop")
        see(url, "up", place=target(url, basic={"username": plain("u"), "password": plain("p")}))
        assert seen.last[2]["authorization"] == f"Basic {base64.b64encode(b'u:p').decode()}"


@pytest.mark.parametrize(
    ("params", "place", "message"),
    [
        ({}, None, "this `prometheus` step has neither a target nor `url`"),
        ({"url": plain("http://a")}, target("http://b"), "this `prometheus` step has both a target and `url`"),
        ({"url": plain("prometheus:9090")}, None, "'prometheus:9090' is no address of a Prometheus"),
        ({"url": plain("http://u:p@a")}, None, "'http://u:p@a' is no address of a Prometheus"),
        ({"url": Text((Secret("u"),))}, None, "`url` cannot hold a secret: where a step looks is shown to people"),
        ({"last": 1, "range": {"from": plain("1"), "step": 1}}, target("http://b"), "`last` and `range` are both given"),
        ({"last": 0}, target("http://b"), "a stretch of time must be above 0"),
        ({}, target("http://b", bearer=plain("a"), basic={}), "`bearer` and `basic` are both given"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned(params, place, message):
    with pytest.raises(BadInput) as caught:
        prometheus.plan({"query": plain("up"), **params}, place)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_preview():
    span = {"from": plain("10:00"), "step": 60_000_000}
    assert prometheus.plan({"query": plain("up"), "range": span}, target("http://b")).preview == (
        "up\n# from 10:00 to now, every 60 s\n# at http://b"
    )
    plan = prometheus.plan({"query": plain("up"), "last": 900_000_000}, target("http://b"))
    assert plan.preview == "up\n# over the last 900 s\n# at http://b"
    assert plan.targets == ("metrics/http://b",)


def test_preflight(server):
    (need,) = prometheus.preflight(prometheus.plan({"query": plain("up{")}, target(server)), BenchHands())
    assert need.holds
    plan = prometheus.plan({"query": plain("up")}, target(f"http://{closed_port()}"))
    (need,) = prometheus.preflight(plan, BenchHands())
    assert need.holds is False


def test_what_is_not_known_yet_stays_so():
    query = Text((Literal("up{a="), Value("<facts.a>", "<facts.a>", known=False), Literal("}")))
    assert unknown_in(prometheus.plan({"query": query}, target("http://b")).request)


def test_it_is_a_read():
    assert prometheus.effect_of({"query": "{{ x }}"}) is Effect.READ
    assert prometheus.spec.effect_known
