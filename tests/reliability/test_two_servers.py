"""Two servers on one PostgreSQL store; one is killed while it drives a run, and another run waits at a gate."""

from __future__ import annotations

import time

import pytest

from steadyhand import events as e

from ..journal.databases import new, server
from ..realparts import until
from .place import place


@pytest.fixture(scope="module")
def database():
    with server() as running:
        yield running


def test_the_other_takes_over_what_a_killed_one_left(database, tmp_path):
    with place(tmp_path, {"STEADY_STORE": new(database)}, lasts="sleep 2") as team:
        one = team.serve()
        for host in ("driven", "waiting"):
            assert one.post(host).status_code == 202
        gates = {one.runs()[gate["run"]]["id"]: gate for gate in one.waiting(2)}
        by_host = {started(team, run).inputs["host"]: gate for run, gate in gates.items()}
        other = team.serve()
        assert one.answer(by_host["driven"]).status_code == 200
        driven, waiting = by_host["driven"]["run"], by_host["waiting"]["run"]
        until(lambda: any(isinstance(x.event, e.StepIntended) and x.event.effect != "read" for x in team.events(driven)),
              "the change")  # fmt: skip
        drivers = {x.actor for x in team.events(driven) if x.actor.startswith("server@")}
        one.kill()
        killed = time.monotonic()
        # The change was cut off in the middle: whether it was made is a question to a person, never a guess.
        until(lambda: gate_of(other, driven, "doubt") is not None, "the question", 40)
        asked = time.monotonic() - killed
        assert other.answer(by_host["waiting"]).status_code == 200
        assert other.concluded(waiting, 40) == "resolved"
        print(f"taken over {asked:.1f} s after the kill; the other run over after {time.monotonic() - killed:.1f} s")
        assert {x.actor for x in team.events(driven) if x.actor.startswith("server@")} - drivers
        assert team.changes().count("waiting") == 1
        assert team.changes().count("driven") <= 1
        made = [
            x.event for x in team.events(driven) if isinstance(x.event, e.StepIntended) and x.event.effect != "read"
        ]
        assert len(made) == 1
        assert asked < 20
        assert other.is_ready()
        assert other.client.post(f"/api/v1/runs/{driven}/stop", json={"reason": "seen"}).status_code in {200, 202}
        assert other.concluded(driven) == "stopped"
        assert team.holds()


def test_of_two_servers_each_alert_is_taken_by_one(database, tmp_path):
    """The same alerts, posted to both at once, as two Alertmanagers of a cluster do: one run for each."""
    with place(tmp_path, {"STEADY_STORE": new(database)}) as team:
        doors = [team.serve(), team.serve()]
        for number in range(5):
            assert {door.post(f"db{number}").status_code for door in doors} == {202}
        gates = doors[0].waiting(5)
        assert len(doors[1].waiting(5)) == 5
        for number, gate in enumerate(gates):
            assert doors[number % 2].answer(gate).status_code == 200
        for number, gate in enumerate(gates):
            assert doors[number % 2].concluded(gate["run"]) == "resolved"
        assert len(doors[0].runs()) == 5
        assert sorted(team.changes()) == [f"db{number}" for number in range(5)]
        assert team.holds()


def started(team, run):
    """The first event of a run."""
    return team.events(run)[0].event


def gate_of(door, run, kind):
    """An open gate of a run, of this kind."""
    found = [
        one for one in door.client.get("/api/v1/gates").json()["gates"] if one["run"] == run and one["kind"] == kind
    ]
    return found[0] if found else None
