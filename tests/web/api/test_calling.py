"""Whatever is wrong with a request is told as the problem that it is: each status that is documented can be reached."""

from __future__ import annotations

import httpx
import pytest

from steadyhand.web.api.calling import BIGGEST
from steadyhand.web.problems import KINDS, URN

from .served import as_

JSON = {"Content-Type": "application/json"}


def kind(response: httpx.Response) -> str:
    body = response.json()
    found = body["type"].removeprefix(URN)
    assert response.headers["content-type"] == "application/problem+json"
    assert (body["title"], body["status"]) == (KINDS[found].title, response.status_code)
    assert body["detail"]
    return f"{response.status_code} {found}"


@pytest.mark.parametrize(
    ("method", "path", "more", "problem"),
    [
        ("GET", "runs", {"headers": {"Authorization": ""}}, "401 unknown-person"),
        ("GET", "runs", {"headers": {"Authorization": "Bearer test-?"}}, "401 unknown-person"),
        ("POST", "stop-all", {"headers": as_("commander"), "json": {}}, "403 denied"),
        ("POST", "runs", {"headers": as_("viewer"), "json": {"runbook": "asking"}}, "403 denied"),
        ("GET", "nowhere", {}, "404 not-found"),
        ("GET", "runs/r9", {}, "404 not-found"),
        ("GET", "runs/last", {}, "404 not-found"),
        ("GET", "runs/%2e%2e%2fetc/events", {}, "404 not-found"),
        ("GET", "runbooks/..%2Fasking", {}, "404 not-found"),
        ("GET", "alerts/am/none", {}, "404 not-found"),
        ("DELETE", "runs", {}, "405 method"),
        ("PUT", "leases/return", {"json": {}}, "405 method"),
        ("GET", "runs", {"headers": {"Accept": "image/png"}}, "406 not-acceptable"),
        ("GET", "runs?limit=0", {}, "400 unreadable"),
        ("GET", "runs?limit=many", {}, "400 unreadable"),
        ("GET", "runs?limit=5&limit=6", {}, "400 unreadable"),
        ("GET", "runs?page=2", {}, "400 unreadable"),
        ("GET", "runs?status=asleep", {}, "400 unreadable"),
        ("GET", "runs?cursor=", {}, "400 unreadable"),
        ("GET", "runs?cursor=abc", {}, "400 unreadable"),
        ("POST", "stop-all", {"content": b"{", "headers": JSON}, "400 unreadable"),
        ("POST", "stop-all", {"content": b"", "headers": JSON}, "400 unreadable"),
        ("POST", "stop-all", {"content": b"\xff", "headers": JSON}, "400 unreadable"),
        ("POST", "runs", {"content": b'{"runbook":"x","inputs":' + b'{"a":' * 50_000, "headers": JSON}, "400 unreadable"),
        ("POST", "stop-all", {"content": b"{}"}, "415 media-type"),
        ("POST", "stop-all", {"data": {"reason": "x"}}, "415 media-type"),
        ("POST", "stop-all", {"json": {"why": "x"}}, "422 unfit"),
        ("POST", "stop-all", {"json": []}, "422 unfit"),
        ("POST", "runs", {"json": {"runbook": "broken"}}, "422 invalid-document"),
        ("POST", "stop-all", {"content": b"x" * (BIGGEST + 1), "headers": JSON}, "413 too-large"),
        ("POST", "stop-all", {"content": iter([b"x" * 700_000] * 2), "headers": JSON}, "413 too-large"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(client, method, path, more, problem):
    assert kind(client.request(method, path, **more)) == problem


def test_whoever_takes_the_wrong_method_is_told_the_right_ones(client):
    assert set(client.delete("runs").headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_every_answer_is_for_whoever_asked_alone(client):
    for path in ("me", "runs", "nothing", "runs/r9"):
        found = client.get(path)
        assert found.headers.get("cache-control", "no-store") == "no-store"
    assert client.get("me").headers["x-content-type-options"] == "nosniff"
    assert "server" not in client.get("me").headers


def test_a_head_is_an_answer_without_its_body(client):
    found = client.head("runs")
    assert (found.status_code, found.content) == (200, b"")


def test_the_token_says_who_asks(client):
    assert client.get("me").json()["person"] == "admin"
    bob = client.get("me", headers=as_("bob")).json()
    assert bob == {"person": "bob", "how": "api", "rights": {"*": "commander"}, "groups": ["sre"], "token": "t1"}


def test_what_cannot_be_reached_is_told_as_that(client, server):
    server.draining.set()
    try:
        refused = client.post("runs", json={"runbook": "asking"})
        assert kind(refused) == "503 unavailable"
        assert refused.headers["retry-after"] == "5"
        assert kind(client.get("health")) == "503 unavailable"
    finally:
        server.draining.clear()
    assert client.get("health").json() == {"status": "ok"}
