"""What a backtest prints, to the letter, and that the document keeps to its schema."""

from __future__ import annotations

import jsonschema

from steadyhand.alerts.replay import Assumed, replay
from steadyhand.alerts.replayed import FATES, document, schema, text, when
from steadyhand.model import SECOND

from .test_replay import changing, played
from .ways import said

BASE = 1_795_000_000


def one():
    alerts = [
        (BASE, said("a")), (BASE + 60, said("b", host="db2")), (BASE + 61, said("b", host="db2")), (BASE + 90, said("c", "resolved")),
        (BASE + 95, said("d", name="Other")),
    ]  # fmt: skip
    return played(", match: {alertname: Slow}, per_hour: 1", alerts, changing())


def test_the_text():
    assert (
        "\n".join(text(one(), Assumed()))
        == """\
5 deliveries from 2026-11-18T11:06:40Z to 2026-11-18T11:08:15Z
       2 started a run
       1 led nowhere
       1 were resolved or acknowledged
       1 had come before
       1 of those in a run had to wait for it

2 runs, each taken to go on for 10m; somebody is asked 2 times
  r: look (diagnose), 2 runs for 2 alerts, somebody is asked once in each; on db, orders

these led nowhere:
       1 Other: no route fits Other

runs:
  2026-11-18T11:06:40Z  run-1  look(host=db1)  1 alert
  2026-11-18T12:06:40Z  run-2  look(host=db2)  1 alert"""
    )


def test_collisions_and_much_of_it():
    alerts = [(BASE + n, said(f"f{n}", host=f"h{n}")) for n in range(30)]
    lines = list(text(played("", alerts, changing()), Assumed()))
    assert "29 while another run had the same target" in lines[4]
    assert lines[-1] == "  and 10 more: see --json"
    assert any("same target as run-1, run-2, run-3" in line for line in lines)


def test_nothing():
    assert list(text(replay((), {}, (), Assumed()), Assumed())) == ["the recording holds no alert"]


def test_the_document_keeps_to_its_schema():
    jsonschema.Draft202012Validator.check_schema(schema())
    printed = document(one(), Assumed(600 * SECOND, 3))
    jsonschema.validate(printed, schema())
    assert printed["assumed"] == {"run_length": 600, "at_once": 3}
    assert printed["totals"]["asks"] == {"least": 2, "most": 2}
    assert sum(printed["totals"][fate] for fate in FATES) == printed["totals"]["deliveries"] == 5
    assert printed["runs"][1]["started_at"] == "2026-11-18T12:06:40Z"
    assert [delivery["fate"] for delivery in printed["deliveries"]] == [
        "started",
        "started",
        "known",
        "quiet",
        "unrouted",
    ]


def test_times_are_utc():
    assert when(0) == "1970-01-01T00:00:00Z"
