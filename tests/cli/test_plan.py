"""`steady plan`: everything that could happen; nothing is contacted."""

import json

import jsonschema

from .documents import ASKS
from .steady import steady


def test_every_path_with_effects_and_gates(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    done = steady(tmp_path, "plan", "asks.yaml", "-i", "who=dev")
    assert done.stdout.splitlines()[:3] == [
        "asks: Something is asked",
        "  input who = dev",
        "act: Act  [shell, change]  asks anybody",
    ]
    assert "digest: " in done.stdout
    assert "nothing was contacted, and nothing was changed" in done.stdout
    assert not (tmp_path / "effect").exists()
    assert not (tmp_path / "store").exists(), "not even a store is made"


def test_json_has_rows_and_the_digest(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    said = json.loads(steady(tmp_path, "plan", "asks.yaml", "--json").stdout)
    assert said["runbook"] == "asks"
    assert len(said["digest"]) == 64
    assert said["rows"]
    jsonschema.validate(said, json.loads(steady(tmp_path, "schema", "plan").stdout))


def test_an_input_that_does_not_fit_is_said(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    done = steady(tmp_path, "plan", "asks.yaml", "-i", "whom=x")
    assert done.returncode == 2
    assert "whom: the runbook has no such input" in done.stderr
