"""The database of a team's server is gone for a while and comes back: what is promised meanwhile and afterwards."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from steadyhand import events as e

from ..journal.databases import new, server
from ..realparts import until
from .place import PASSWORD, Place, place

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
        browser.close()
        assert again.runs()[gate["run"]]["conclusion"] == "resolved"
        kinds = database.psql("select string_agg(distinct kind, ' ' order by kind) from steadyhand_access.cells",
                              team.store.rpartition("/")[2])  # fmt: skip
        print(kinds)
        assert {"session", "token"} <= set(kinds.split())
        assert PASSWORD not in database.psql("select string_agg(encode(value, 'escape'), ' ') from steadyhand_access.cells",
                                             team.store.rpartition("/")[2])  # fmt: skip
        assert team.holds()
        assert not list(tmp_path.glob("*.db*")), "nothing lies beside the database"


def test_a_database_that_is_gone_for_a_while(database, tmp_path):
    with place(tmp_path, {"STEADY_STORE": new(database)}) as team:
        door = team.serve()
        browser = door.sign_in()
        assert door.post("before").status_code == 202
        (gate,) = door.waiting()
        before = (door.threads(), door.memory())
        database.stop()
        gone = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            posted = {threads.submit(door.post, f"during{n}"): f"during{n}" for n in range(4)}
            answered = threads.submit(door.answer, gate, "once")
            looked = threads.submit(browser.get, "/")
            t = time.monotonic()
            r = door.ready()
            print("READY", r, time.monotonic() - t)
            time.sleep(max(0, gone + GONE - time.monotonic()))
            print("HEALTH", door.client.get("/healthz").status_code)
            t = time.monotonic(); print("READY", door.ready(), time.monotonic() - t)
            t0 = time.monotonic()
            database.start()
            until(door.is_ready, "ready again")
            print("ready again after", time.monotonic() - t0)
            for f, n in posted.items():
                print(n, f.result().status_code, f.result().headers, f.result().elapsed)
            print(answered.result().status_code, answered.result().text, answered.result().elapsed)
            print(looked.result().status_code, looked.result().text[-600:], looked.result().elapsed)
        print(before, door.threads(), door.memory())
        print(door.said()[-3000:])
        assert 0
