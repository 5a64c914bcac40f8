"""`steady runs` and how a run is named."""

import json

from .documents import ASKS, HEALTHY
from .steady import steady


def test_newest_first_with_what_they_wait_for(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    (tmp_path / "asks.yaml").write_text(ASKS)
    assert steady(tmp_path, "runs").stdout == "no runs yet; start one with `steady run RUNBOOK`\n"
    steady(tmp_path, "run", "healthy.yaml")
    steady(tmp_path, "run", "asks.yaml")
    found = json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"]
    assert [(run["runbook"], run["conclusion"], run["waiting_for"]) for run in found] == [
        ("asks", None, ["act"]),
        ("healthy", "healthy", []),
    ]
    lines = steady(tmp_path, "runs", "--limit", "1").stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("guided    waits at act")


def test_a_run_is_named_by_any_beginning_that_fits_only_one(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    steady(tmp_path, "run", "healthy.yaml")
    name = json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"][0]["id"]
    assert steady(tmp_path, "show", name[:8]).returncode == 0
    missing = steady(tmp_path, "show", "rzzz")
    assert missing.returncode == 2
    assert missing.stderr.startswith("steady: there is no run rzzz in ")
