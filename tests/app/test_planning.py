"""What every operation would do, told before anything is contacted; and the digest is that of the real run."""

from __future__ import annotations

import json

import pytest

from steadyhand.app import library, planning, runs
from steadyhand.events import GateOpened
from steadyhand.model import Mode

from .desk import ENDS, desk, write

BODY = f"""\
inputs: {{host: {{type: string}}, port: {{type: integer, default: 80}}}}
secrets: {{key: {{env: KEY}}}}
steps:
  look:
    title: Look
    http: "http://{{{{ inputs.host }}}}:{{{{ inputs.port }}}}/"
    facts: {{seen: "{{{{ status }}}}"}}
    next: {{pass: act, fail: act, error: act}}
  act:
    title: Act
    shell: {{argv: [touch, "{{{{ inputs.host }}}}"], env: {{KEY: "{{{{ secrets.key }}}}"}}}}
    gate: Sure?
    verify: {{shell: "test {{{{ facts.seen }}}} = 200"}}
    undo: {{shell: "rm {{{{ inputs.host }}}} {{{{ run.id }}}}", effect: change}}
    next: {{pass: end.resolved, {ENDS}, rejected: end.stopped}}
"""


@pytest.fixture
def office(tmp_path):
    write(tmp_path, "plan", BODY)
    return desk(tmp_path, KEY="secret-value")


def planned(services, **inputs):
    runbook = library.load(services, "plan.yaml")
    known = {name: one.default for name, one in runbook.inputs.items() if not one.required}
    return planning.plans(services, runbook, {**known, **inputs})


def test_everything_that_is_known_is_shown_masked(office):
    plans = planned(office, host="db1")
    assert list(plans) == ["look", "act", "act:verify", "act:undo"]
    assert plans["look"].preview == "GET http://db1:80/"
    assert "touch db1" in plans["act"].preview
    assert "•••" in plans["act"].preview
    assert "secret-value" not in str(plans)
    assert (plans["act"].effect, plans["act"].unknown, plans["act"].problem) == ("change", (), "")
    assert len(plans["act"].digest) == 64


def test_what_is_not_known_yet_is_named_and_binds_nothing(office):
    plans = planned(office, host="db1")
    assert (plans["act:verify"].unknown, plans["act:verify"].digest) == (("facts.seen",), "")
    assert (plans["act:undo"].unknown, plans["act:undo"].digest) == (("run.id",), "")
    missing = planned(office)
    assert missing["act"].unknown == ("inputs.host",)
    assert missing["act"].digest == ""
    assert "⟨inputs.host⟩" in missing["act"].preview


def test_the_digest_is_the_one_that_the_gate_of_a_real_run_binds(office, tmp_path):
    digest = planned(office, host="db1")["act"].digest
    runbook = library.load(office, "plan.yaml")
    driver = runs.start(office, runbook, {"host": "db1", "port": 80}, Mode.GUIDED)
    driver.drive()
    (gate,) = [one.event for one in office.journal.read(driver.stream) if isinstance(one.event, GateOpened)]
    assert gate.plans == {"act": digest}


def test_a_plan_that_cannot_be_made_says_why(tmp_path):
    write(tmp_path, "plan", f"steps:\n  a: {{title: A, http: 'ftp{{{{ inputs.x }}}}', next: {{pass: end.healthy, {ENDS}}}}}\n".replace(
        "steps:", "inputs: {x: {type: string, default: '://h'}}\nsteps:"))  # fmt: skip
    (one,) = planned(desk(tmp_path)).values()
    assert (one.preview, one.digest) == ("", "")
    assert "is no http or https address" in one.problem


def test_nothing_is_kept(office, tmp_path):
    planned(office, host="db1")
    assert not (tmp_path / "store").exists()
    assert json.dumps(sorted(p.name for p in tmp_path.iterdir())) == '["plan.yaml"]'
