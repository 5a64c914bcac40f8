"""The plan as text and as JSON."""

from __future__ import annotations

import json

import jsonschema

from steadyhand.graph.outline import Row
from steadyhand.projections import planned
from steadyhand.projections.planned import Action, Asked, Planned, PlannedStep

ROW = Row(0, "", "act", "Act", "shell", "change", ("raw",), "dba")
ASKED = Asked("act", "Sure?", ("dba", "lead"), 2, 600.0, True, True, True)


def plan(*actions, says=(), asks=ASKED, calls=()):
    step = PlannedStep("act", "Act", "shell", "change", asks, ("db", "cache"), actions, says)
    return Planned(
        "x", "X", "d" * 64, "", (ROW, Row(1, "pass", "end.resolved", "", "", "", (), "")), {"act": step}, calls
    )


def do(path="act", **more):
    return Action(path, "do", "shell", "change", **{"does": "echo 1", "digest": "a" * 64, **more})


def test_a_change_that_is_known_has_a_digest():
    assert (
        planned.text(plan(do(targets=("h1",))))
        == """\
act: Act  [shell, change]  asks dba
    $ echo 1  on h1
      digest: aaaaaaaaaaaa (to which a yes is bound)
    asks 2 x dba or lead, within 10m, not by whoever started the run, unasked in mode auto: Sure?
    locks db, cache
  pass -> end.resolved
"""
    )


def test_what_is_unknown_or_cannot_be_rendered_is_said_instead():
    assert "not known yet: facts.a, facts.b" in planned.text(plan(do(digest="", unknown=("facts.a", "facts.b"))))
    assert "    cannot be rendered: no such input" not in planned.text(plan(do()))
    assert "cannot be rendered: no such input" in planned.text(plan(do(problem="no such input")))


def test_long_actions_and_long_waves_are_cut():
    text = planned.text(plan(do(does="\n".join("abcdefg"))))
    assert "... (2 more lines)" in text
    many = planned.text(
        plan(*(do(f"act[{n}]") for n in range(9)), Action("act:verify", "verify", "shell", "read", "v"))
    )
    assert many.count("$ echo 1") == 5
    assert "... and 4 more items\n    verifies: $ v" in many


def test_it_fits_its_schema_with_a_called_runbook_in_it():
    inner = Planned("y", "Y", "e" * 64, "act", (ROW,), {"act/act": PlannedStep("act/act", "A", "shell", "read")})
    found = planned.document(plan(do(digest="", unknown=("facts.a",)), calls=(inner,)), {"app": "web"})
    jsonschema.validate(json.loads(json.dumps(found)), planned.schema())
    assert found["unknown"] == ["facts.a"]
    assert [call["at"] for call in found["calls"]] == ["act"]
    assert [step["path"] for step in found["steps"]] == ["act", "act/act"]
    assert "called at act: y: Y" in planned.text(plan(do(), calls=(inner,)))


def test_nobody_is_asked_for_what_only_reads():
    assert "asks anybody" not in planned.text(plan(do(), asks=None))
