"""Probes tell everybody a word, figures tell few."""

from __future__ import annotations

import pytest

from steadyhand.app import readiness
from steadyhand.web.health import ROUTES

from .doors import open_door

NOBODY = {"X-Test-Person": ""}


@pytest.fixture
def door(tmp_path, monkeypatch):
    monkeypatch.setattr(readiness, "FRESH", 0.0)
    with open_door(tmp_path, list(ROUTES)) as (client, server):
        yield client, server, tmp_path


def settings(folder, server, text):
    (folder / "steady.yaml").write_text(f"store: journal.db\n{text}\n")
    server.services.adopt_settings(server.services.fresh_settings())


def test_probes_ask_nobody_who_they_are(door):
    client, server, _ = door
    for path in ("/healthz", "/readyz"):
        answer = client.get(path, headers=NOBODY)
        assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ok\n", "no-store")
    server.draining.set()
    assert client.get("/healthz", headers=NOBODY).status_code == 200
    answer = client.get("/readyz", headers=NOBODY)
    assert (answer.status_code, answer.text) == (503, "the server is about to end\n")
    assert answer.headers["retry-after"] == "5"
    server.draining.clear()


def test_what_is_wrong_is_told_without_a_path(door):
    client, server, folder = door
    server.hub.stop()
    answer = client.get("/readyz", headers=NOBODY)
    assert (answer.status_code, answer.text) == (503, "nobody follows the journal\n")
    assert str(folder) not in answer.text


def test_figures_are_for_this_machine_unless_said(door):
    client, server, folder = door
    answer = client.get("/metrics", headers=NOBODY)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE steady_build_info gauge" in answer.text
    settings(folder, server, "server: {metrics: {from: [192.0.2.0/24]}}")
    assert client.get("/metrics", headers=NOBODY).status_code == 401
    assert client.get("/metrics", headers={"X-Test-Person": "viewer"}).status_code == 200
    settings(folder, server, "server: {metrics: {from: [127.0.0.0/8]}}")
    assert client.get("/metrics", headers=NOBODY).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_on_this_machine_is_not_this_machine(door, header):
    client, *_ = door
    answer = client.get("/metrics", headers={**NOBODY, header: "127.0.0.1"})
    assert answer.status_code == 401
    assert "server.metrics.from" in answer.text


def test_nothing_else_can_be_asked(door):
    client, *_ = door
    assert client.post("/readyz").status_code == 405
