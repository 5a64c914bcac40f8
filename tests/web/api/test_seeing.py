"""Whoever has a role for other services sees nothing of these; what cannot be told is for those who may everywhere."""

from __future__ import annotations

import msgspec

from steadyhand.model import wire
from steadyhand.projections.structured import summarise
from steadyhand.web.api.seeing import UNKNOWN, in_line, services_of, summary_of

from ...app.server import until
from .served import as_, waiting

PAYMENTS = as_("payments")


def test_another_services_runs_are_out_of_sight(client):
    run = waiting(client)
    assert run not in {one["id"] for one in client.get("runs", headers=PAYMENTS).json()["runs"]}
    assert client.get("gates", headers=PAYMENTS).json() == {"gates": []}
    for path in ("", "/events", "/transcript", f"/artifacts/{'0' * 64}"):
        assert client.get(f"runs/{run}{path}", headers=PAYMENTS).status_code == 403
    assert client.get(f"audit?run={run}", headers=PAYMENTS).status_code == 403
    for path in ("notes", "stop", "take-over", "wake"):
        body = {"text": "x"} if path == "notes" else {}
        assert client.post(f"runs/{run}/{path}", json=body, headers=PAYMENTS).status_code == 403
    assert client.post("runs", json={"runbook": "asking"}, headers=PAYMENTS).status_code == 403
    assert run in {one["id"] for one in client.get("runs", headers=as_("viewer")).json()["runs"]}


def test_the_services_of_a_run_that_is_not_known_by_heart(client, server):
    run = waiting(client)
    until(lambda: server.board.run(run))
    assert services_of(server, run) == ("orders",)
    server.board._runs.pop(run)
    server.board._about.pop(run)
    assert services_of(server, run) == ("orders",)
    assert summary_of(server, run) == summarise(server.services.journal.read(run))
    assert services_of(server, "r0") == UNKNOWN


def test_a_row_is_the_line_that_commands_print(client, server):
    run = waiting(client)
    row = until(lambda: (r := server.board.run(run)) and r.gates and r)
    del row
    line = in_line(server.board.run(run))
    assert isinstance(line, wire.Summary)
    assert msgspec.to_builtins(line) == msgspec.to_builtins(summarise(server.services.journal.read(run)))
