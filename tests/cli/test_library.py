"""`steady library`: what there is, what one of them is, a copy of it, and everything that can be shown of them."""

from __future__ import annotations

import json

import jsonschema
import pytest

from .steady import steady
from .test_drill import BOOK, DRILL

SHIPPED = {"service-down", "disk-full", "high-cpu-memory", "tls-certificate", "restart-service"}


@pytest.fixture
def folder(tmp_path):
    books = tmp_path / "runbooks" / "application"
    books.mkdir(parents=True)
    (books / "web.yaml").write_text(BOOK)
    (books / "web.drill.yaml").write_text(DRILL)
    done = steady(tmp_path, "test", "--explore", str(books / "web.yaml"), "--write", str(books / "web.test.yaml"))
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_list(folder):
    done = steady(folder, "library", "list")
    assert done.returncode == 0, done.stderr
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    assert head == ["group", "name", "severity", "proved", "by", "title"]
    names = [row[1] for row in rows]
    assert {"web", *SHIPPED} <= set(names)
    assert next(row for row in rows if row[1] == "disk-full")[2:6] == ["SEV3", "tests", "and", "drills"]


def test_the_list_for_programs(folder):
    found = {one["name"]: one for one in json.loads(steady(folder, "library", "list", "--json").stdout)["runbooks"]}
    assert found["web"]["causes"] == {"dead": "The server is dead", "gone": "The page is gone"}
    assert found["web"]["changes"] == {"start": "Start the server", "write": "Write the page"}
    assert found["service-down"]["changes"]["restart/restart"] == "Restart the service"
    assert found["disk-full"]["inputs"][0] == {"name": "instance", "required": True, "from": "alert.labels.instance"}


def test_one_of_them(folder):
    shown = steady(folder, "library", "show", "disk-full").stdout
    for part in (
        "disk-full: A file system is nearly full",
        "  deleted: A file that was deleted is still open",
        "  clean: Remove the old files from the caches",
        "  instance (required, from alert.labels.instance)",
        "usage  How full is it?  (disk)",
    ):
        assert part in shown
    assert json.loads(steady(folder, "library", "show", "disk-full", "--json").stdout)["name"] == "disk-full"
    done = steady(folder, "library", "show", "disk-ful")
    assert done.returncode == 2
    assert "did you mean disk-full?" in done.stderr


def test_a_copy_is_valid_and_overwrites_nothing(folder):
    done = steady(folder, "library", "copy", "service-down", "ours")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["written", f"ours/{name}"]
        for name in (
            "infrastructure/service-down.yaml", "infrastructure/service-down.test.yaml",
            "infrastructure/service-down.drill.yaml", "parts/drill-machine.sh", "parts/restart-service.yaml",
            "parts/restart-service.test.yaml",
        )
    ]  # fmt: skip
    assert steady(folder, "validate", "--strict", "ours").returncode == 0
    assert steady(folder, "test", "--coverage-min", "100", "ours").returncode == 0
    again = steady(folder, "library", "copy", "service-down", "ours")
    assert {line.split()[0] for line in again.stdout.splitlines()} == {"kept"}


def test_all_of_it_is_proved_in_one_go(folder):
    done = steady(folder, "library", "prove", "runbooks", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    jsonschema.Draft202012Validator(json.loads(steady(folder, "schema", "proved").stdout)).validate(found)
    (book,) = found["runbooks"]
    assert (book["runbook"], book["passed"], book["edges"], book["findings"], book["failed"]) == (
        "web",
        True,
        100,
        [],
        [],
    )
    assert {one["drill"]: (one["injected"], one["found"], one["repaired"], one["path"]) for one in book["drills"]} == {
        "dead": ("dead", "dead", True, ["look", "causes", "start", "confirm"]),
        "gone": ("gone", "gone", True, ["look", "causes", "write", "confirm"]),
        "well": ("none", "none", None, ["look"]),
    }


def test_a_wrong_cause_and_a_repair_that_did_not_hold_fail(folder):
    drill = folder / "runbooks" / "application" / "web.drill.yaml"
    wrong = DRILL.replace("cause: gone", "cause: dead").replace(
        "repaired: kill -0 $(cat server.pid)", "repaired: 'false'"
    )
    drill.write_text(wrong)
    done = steady(folder, "library", "prove", "runbooks")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["runbook", "drill", "injected", "found", "repaired", "took", "path"]
    assert "    WRONG: it found gone, and the fault is dead" in lines
    assert "    WRONG: the service is not well afterwards, whatever the run says" in lines
    assert any(line.startswith("FAILED  web: nothing found") for line in lines)
    assert lines[-1] == "0 runbooks passed, 1 failed; 3 drills carried out"


def test_what_is_not_there_is_said(folder):
    (folder / "empty").mkdir()
    done = steady(folder, "library", "prove", "empty")
    assert done.returncode == 2
    assert "there is no runbook in" in done.stderr
