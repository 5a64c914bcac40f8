"""The database of a team's server is gone for a while and comes back: what is promised meanwhile and afterwards."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from steadyhand import events as e

from ..journal.databases import name_of, new, server
from ..realparts import until
from .place import PASSWORD, place

GONE = 60.0 if os.environ.get("STEADY_DEEP") else 5.0
"""Seconds without a database."""


@pytest.fixture(scope="module")
def database():
    with server() as running:
        yield running


def test_from_the_alert_to_the_end_on_postgresql(database, tmp_path):
    with place(tmp_path, {"STEADY_STORE": new(database)}) as team:
        door = team.serve()
        browser = door.sign_in()
        assert "ana" in browser.get("/").text
        assert door.post("db1").status_code == 202
        (gate,) = door.waiting()
        assert team.changes() == []
        assert door.answer(gate).status_code == 200
        assert door.concluded(gate["run"]) == "resolved"
        assert team.changes() == ["db1"]
        door.stop()
        again = team.serve()
        assert again.client.get("/api/v1/me").json()["person"] == "ana"
        browser.base_url = httpx.URL(again.url)
        assert browser.get("/").status_code == 200, "the session outlives the server"
        assert again.runs()[gate["run"]]["conclusion"] == "resolved"
        in_cells = "select string_agg({}, ' ') from steadyhand_access.cells"
        kinds = database.psql(in_cells.format("distinct kind"), name_of(team.store)).split()
        assert {"account", "session", "token"} <= set(kinds)
        held = database.psql(in_cells.format("encode(value, 'escape')"), name_of(team.store))
        assert PASSWORD not in held
        assert team.token not in held
        assert team.holds()
        assert not list(tmp_path.glob("*.db*")), "nothing lies beside the database"


def test_a_database_that_is_gone_for_a_while(database, tmp_path):
    with place(tmp_path, {"STEADY_STORE": f"{new(database)}?patience=2"}) as team:
        door = team.serve()
        browser = door.sign_in()
        assert door.post("before").status_code == 202
        (gate,) = door.waiting()
        threads = door.threads()
        database.stop()
        gone = time.monotonic()
        with ThreadPoolExecutor(8) as together:
            posting = [together.submit(door.post, f"during{n}") for n in range(4)]
            assert door.client.get("/healthz").status_code == 200
            begun = time.monotonic()
            ready = door.ready()
            assert ready[0] == 503
            assert time.monotonic() - begun < 3, "a probe does not wait as long as a store is waited for"
            for answer in (door.answer(gate, "once"), browser.get("/"), door.client.get("/api/v1/me")):
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert "the store cannot be reached" in answer.text
                assert str(database.port) not in answer.text, "a stranger is not told where the database is"
            told = [one.result() for one in posting]
        assert {one.status_code for one in told} == {503}
        assert all(int(one.headers["retry-after"]) > 0 for one in told)
        for path in ("/login", "/static/steady.css"):
            assert httpx.get(f"{door.url}{path}").status_code == 200, "what needs no store is there"
        time.sleep(max(0.0, gone + GONE - time.monotonic()))
        assert door.process.poll() is None
        assert door.threads() < threads + 40
        database.start()
        back = time.monotonic()
        until(lambda: door.answer(gate, "once").status_code == 200, "the same answer, with the same key")
        ready_after = time.monotonic() - back
        assert door.concluded(gate["run"]) == "resolved"
        assert {door.post(f"during{n}").status_code for n in range(4)} == {202}, "senders come again"
        assert len(door.waiting(4)) == 4
        until(door.is_ready, "ready again")
        assert len(door.runs()) == 5, "one run for each alert"
        assert team.changes() == ["before"]
        assert sum(isinstance(one.event, e.GateAnswered) for one in team.events(gate["run"])) == 1
        assert browser.get("/").status_code == 200, "nobody has to sign in again"
        assert team.holds()
        print(f"gone for {back - gone:.1f} s, at work again after {ready_after:.1f} s")


def test_a_change_that_is_under_way_while_the_database_goes(database, tmp_path):
    """What came of it is recorded when the database is back, or it is asked for: it is never made again by itself."""
    with place(tmp_path, {"STEADY_STORE": new(database)}, lasts="sleep 1") as team:
        door = team.serve()
        assert door.post("db1").status_code == 202
        (gate,) = door.waiting()
        assert door.answer(gate).status_code == 200
        until(lambda: under_way(team.events(gate["run"])), "the change")
        database.stop()
        until(lambda: team.changes() == ["db1"], "the change, without a database")
        time.sleep(0.5)
        database.start()
        assert door.concluded(gate["run"], 30) == "resolved"
        assert team.changes() == ["db1"]
        assert team.holds()


def under_way(recorded):
    """Whether the change has begun."""
    return any(isinstance(one.event, e.StepIntended) and one.event.effect != "read" for one in recorded)
