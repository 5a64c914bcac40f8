"""`steady watch`: from another process, while it goes on."""

import json

from .documents import ASKS, HEALTHY
from .steady import start, steady


def test_json_lines_from_any_event_on(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    steady(tmp_path, "run", "healthy.yaml")
    rows = [json.loads(line) for line in steady(tmp_path, "watch", "--json").stdout.splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert (rows[0]["type"], rows[-1]["type"]) == ("run.started", "run.concluded")
    later = steady(tmp_path, "watch", "--json", "--after", rows[-2]["seq"]).stdout.splitlines()
    assert [json.loads(line)["seq"] for line in later] == [rows[-1]["seq"]]


def test_it_follows_until_the_end_and_has_the_exit_code_of_the_run(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    with start(tmp_path, "watch", "last") as watcher:
        steady(tmp_path, "answer", "last", "act", "reject", "--resume")
        out, _ = watcher.communicate(timeout=30)
    assert watcher.returncode == 1
    assert "rejected" in out
