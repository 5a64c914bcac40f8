"""What programs read of a run: it fits the published schema, and says how the run stands."""

from __future__ import annotations

import json

import jsonschema
import pytest

from steadyhand import events as e
from steadyhand.projections.structured import detail, render, schema, summarise
from steadyhand.projections.transcript import draw

from ..core.playbook import Play
from ..golden.make import HERE, load, read
from .test_transcript import FIX


@pytest.fixture(scope="module")
def golden():
    _, recorded = load(HERE / "1.jsonl")
    return recorded, read(recorded[0].event.texts)


def test_any_beginning_of_a_run_fits_the_schema(golden):
    recorded, book = golden
    validator = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    for end in range(1, len(recorded) + 1):
        validator.validate(json.loads(json.dumps(render(draw(recorded[:end], book)))))


def test_times_are_for_programs(golden):
    recorded, book = golden
    document = render(draw(recorded, book))
    assert document["started"] == "2026-11-23T02:13:20.000000Z"
    assert document["sections"][0]["attempts"][4]["duration"] == 0.031
    assert document["sections"][-1]["left"] is None
    assert document["path"][0] == {"from": "look", "by": "The disk is full", "to": "pick", "times": 1}


def test_a_run_is_running_waiting_or_concluded():
    play = Play(FIX)
    assert summarise(play.recorded).status == "running"
    play.came("look.first", "fail")
    play.came("look.second", "pass")
    waiting = summarise(play.recorded)
    assert (waiting.status, waiting.waiting_for) == ("waiting", ["fix"])
    (gate,) = detail(play.recorded, play.runbook)["gates"]
    assert (gate["id"], gate["kind"], list(gate["options"])) == ("fix", "confirm", ["approve", "reject"])
    assert gate["digest"] == play.state.gates["fix"].opened.digest
    play.says("fix", "reject")
    done = summarise(play.recorded)
    assert (done.status, done.conclusion, done.waiting_for) == ("concluded", "escalated", [])
    assert detail(play.recorded, play.runbook)["gates"] == []


def test_a_stop_leaves_no_question_open():
    play = Play(FIX)
    play.came("look.first", "fail")
    play.came("look.second", "pass")
    play.tell(e.StopRequested("anna"))
    assert summarise(play.recorded).waiting_for == []


def test_who_said_what_through_which_door_and_how_the_alert_stands():
    play = Play(FIX, via="web", origin="10.0.0.9", alert={"name": "Slow"})
    play.came("look.first", "fail")
    play.came("look.second", "pass")
    play.tell(e.NoteAdded("anna", "seen", "web", "10.0.0.9"))
    play.tell(e.AnswerRefused("fix", "eve", "approve", "no role", "", "web", "", "10.0.0.8"))
    play.tell(e.AlertChanged("resolved", "am"))
    play.tell(e.StopRequested("anna", "over", "web", "10.0.0.9"))
    found = detail(play.recorded, play.runbook)
    assert (found["via"], found["origin"]) == ("web", "10.0.0.9")
    assert found["alert"] == {"name": "Slow", "now": "resolved"}
    rows = [(row["what"], row["by"], row["via"], row["origin"], row["text"]) for row in found["said"]]
    assert rows == [
        ("note", "anna", "web", "10.0.0.9", "seen"), ("refused", "eve", "web", "10.0.0.8", ""),
        ("stop", "anna", "web", "10.0.0.9", "over"),
    ]  # fmt: skip
    assert detail(Play(FIX).recorded, play.runbook)["alert"] is None


def test_every_attempt_is_in_the_detail(golden):
    recorded, book = golden
    found = detail(recorded, book)
    assert [a["outcome"] for a in found["steps"]["restart"]["attempts"]] == ["interrupted", "pass", "pass"]
    assert found["steps"]["last"]["attempts"][0]["expected"] == ["200", "< 2s"]
    assert found["path"][0] == {"step": "look", "outcome": "fail", "to": "pick"}
    assert json.loads(json.dumps(found)) == found | {"in_doubt": []}
