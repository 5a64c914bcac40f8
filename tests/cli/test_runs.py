"""`steady runs` and how a run is named."""

import json

from .documents import ASKS, HEALTHY
from .steady import start, steady
from .test_run import await_file


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


def test_a_run_that_nobody_drives_is_interrupted_and_says_how_it_goes_on(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY.replace("echo fine", "touch started; sleep 20"))
    engine = start(tmp_path, "run", "healthy.yaml")
    await_file(tmp_path / "started")
    assert steady(tmp_path, "runs").stdout.endswith("running\n")
    engine.kill()
    engine.communicate(timeout=30)
    run = json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"][0]
    assert run["status"] == "running", "what programs read is as it was"
    for command in ("runs", "show"):
        first = steady(tmp_path, command).stdout.splitlines()[0]
        assert first.endswith(f"interrupted; go on with: steady resume {run['id']}")
    assert steady(tmp_path, "stop", "last").returncode == 0


def test_what_is_no_limit_and_what_are_no_settings(tmp_path):
    for words in (
        ("runs", "--limit", "0"),
        ("runs", "--limit", "-1"),
        ("--config", "no.yaml", "runs"),
        ("--config", "no.yaml", "init"),
    ):
        done = steady(tmp_path, *words)
        assert (done.returncode, done.stdout) == (2, ""), words
    assert not (tmp_path / "runbooks").exists()
