"""The runbooks that are shipped: valid to the last warning, tested over every edge, and drilled on what is really broken.

`steady library prove` does all of this in one go; here each part is a test of its own, so that one that fails is named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.app import library
from steadyhand.rehearsal.drills import read_drills

from .cli.steady import steady

ROOT = Path(__file__).resolve().parent.parent
RUNBOOKS = sorted(library.documents(ROOT / "runbooks"))
WHOLE = "more than a hundred drills take half an hour: STEADY_DRILLS=1 carries them out, or `steady library prove`"
DRILLS = [
    (path, drill.name)
    for path in sorted((ROOT / "runbooks").rglob("*.drill.yaml"))
    for drill in (read_drills(path.read_bytes(), str(path))[0] or pytest.fail(f"{path} cannot be read")).drills
]


def name_of(value):
    return value.name.partition(".")[0] if isinstance(value, Path) else value


@pytest.mark.parametrize("path", RUNBOOKS, ids=name_of)
def test_nothing_is_found_about_it_and_its_tests_walk_every_edge(path):
    done = steady(ROOT, "validate", "--strict", str(path))
    assert done.returncode == 0, done.stdout
    done = steady(ROOT, "test", "--coverage-min", "100", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", RUNBOOKS, ids=name_of)
def test_it_says_what_people_want_to_know(path):
    found = json.loads(steady(ROOT, "library", "show", str(path), "--json").stdout)
    assert found["title"]
    assert found["owner"]
    assert found["updated"]
    assert found["symptoms"]
    assert found["tests"]
    if found["group"] != "parts":
        assert found["severity"] != "-"
        assert found["alerts"]
        assert found["drills"]
        assert len(found["causes"]) >= 3
        assert len(found["changes"]) >= 2


@pytest.mark.parametrize("path", sorted({path for path, _ in DRILLS}), ids=name_of)
def test_its_drills_are_more_than_the_easy_ones(path):
    """It is left well once, broken at least three ways, and once in a way that it does not know."""
    document, _ = read_drills(path.read_bytes(), str(path))
    assert document is not None
    ends = [drill.expect["conclusion"] for drill in document.drills]
    assert "healthy" in ends
    assert "escalated" in ends
    assert len({drill.expect["cause"] for drill in document.drills if drill.expect.get("cause")}) >= 3
    assert all(drill.repaired for drill in document.drills if drill.break_), (
        "whatever the run says, something else is asked"
    )


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("STEADY_DRILLS"), reason=WHOLE)
@pytest.mark.parametrize(("path", "drill"), DRILLS, ids=name_of)
def test_a_drill(path, drill):
    done = steady(ROOT, "drill", str(path), "--only", drill, "--json", timeout=115)
    outcomes = json.loads(done.stdout)["drills"] if done.stdout else []
    why = "; ".join(one["skipped"] for one in outcomes) if outcomes else done.stderr.strip()
    if done.returncode == 0 and (not outcomes or why):
        say = pytest.fail if os.environ.get("STEADY_REQUIRE_REAL") else pytest.skip
        say(f"it cannot be carried out here: {why}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pages_are_as_drawn():
    draw = [sys.executable, str(ROOT / "docs" / "library" / "draw.py"), "--check"]
    done = subprocess.run(draw, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
