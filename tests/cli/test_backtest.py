"""`steady backtest`."""

from __future__ import annotations

import json

import jsonschema

from steadyhand.alerts.replayed import schema
from tests.app.alerts import desk
from tests.app.test_backtest import CAPTURED, SETTINGS

from .steady import steady


def test_for_people_and_for_programs(tmp_path):
    desk(tmp_path, SETTINGS)
    done = steady(tmp_path, "backtest", CAPTURED)
    assert done.returncode == 0, done.stderr
    assert "1 run, each taken to go on for 10m" in done.stdout
    assert "DiskAlmostFull on disk: host: '/var/lib/app' must match" in done.stdout
    done = steady(tmp_path, "backtest", CAPTURED, "--json", "--run-length", "5m", "--at-once", "2")
    printed = json.loads(done.stdout)
    jsonschema.validate(printed, schema())
    assert printed["assumed"] == {"run_length": 300, "at_once": 2}
    assert not (tmp_path / "store").exists()


def test_what_is_wrong_is_said(tmp_path):
    desk(tmp_path, SETTINGS)
    done = steady(tmp_path, "backtest", "nothing.jsonl")
    assert (done.returncode, "there is no file" in done.stderr) == (2, True)
    done = steady(tmp_path, "backtest", CAPTURED, "--run-length", "soon")
    assert (done.returncode, "'soon' is no duration: write 30s, 5m, 1h30m" in done.stderr) == (2, True)
    (tmp_path / "odd.jsonl").write_text("{}\n")
    done = steady(tmp_path, "backtest", "odd.jsonl")
    assert (done.returncode, "odd.jsonl:1: this is no body of" in done.stderr) == (2, True)
