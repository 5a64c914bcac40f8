"""Every runbook of the library is valid, is walked by its tests along every edge, and holds in its drills."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.rehearsal.drills import read_drills

LIBRARY = Path(__file__).resolve().parent.parent / "runbooks"
RUNBOOKS = sorted(p for p in LIBRARY.rglob("*.yaml") if "." not in p.stem)
WHOLE = [p for p in RUNBOOKS if p.parent.name != "parts"]
"""The parts are drilled by the runbooks that call them."""
NAMES = {path: path.relative_to(LIBRARY).with_suffix("").as_posix() for path in RUNBOOKS}


def _drills() -> list[tuple[Path, str]]:
    documents = {path: read_drills(path.read_bytes(), str(path))[0] for path in sorted(LIBRARY.rglob("*.drill.yaml"))}
    assert all(documents.values()), "a drill document cannot be read; `steady validate` says why"
    return [(path, drill.name) for path, document in documents.items() if document for drill in document.drills]


DRILLS = _drills()
LONG = "more than a hundred drills take half an hour: STEADY_DRILLS=1 carries them out, or `steady library prove`"


def steady(*words: str) -> subprocess.CompletedProcess[str]:
    """The command, where the library lies."""
    argv = [sys.executable, "-m", "steadyhand", *words]
    return subprocess.run(argv, cwd=LIBRARY, capture_output=True, text=True, timeout=300, check=False)


def test_the_library_is_valid():
    done = steady("validate", "--strict", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", RUNBOOKS, ids=NAMES.values())
def test_its_tests_walk_every_edge(path):
    done = steady("test", "--coverage-min", "100", str(path))
    assert done.returncode == 0, "\n".join(x for x in done.stdout.splitlines() if not x.startswith("passed"))


@pytest.mark.parametrize("path", WHOLE, ids=[NAMES[path] for path in WHOLE])
def test_it_says_what_one_must_know(path):
    said = path.read_text("utf-8")
    missing = [key for key in ("severity", "alerts", "owner", "updated", "symptoms", "impact", "escalation")
               if f"\n{key}:" not in said]  # fmt: skip
    assert not missing, f"{NAMES[path]} says nothing of {', '.join(missing)}"
    assert path.with_name(f"{path.stem}.drill.yaml").exists(), "it has no drill"


@pytest.mark.parametrize("path", sorted({path for path, _ in DRILLS}), ids=lambda path: path.name.partition(".")[0])
def test_its_drills_are_more_than_the_easy_ones(path):
    """It is left well once, broken in three ways that it knows, and once in one that it does not."""
    document, _ = read_drills(path.read_bytes(), str(path))
    assert document is not None
    assert {"healthy", "escalated"} <= {drill.expect["conclusion"] for drill in document.drills}
    assert len({drill.expect["cause"] for drill in document.drills if drill.expect.get("cause")}) >= 3
    unasked = [drill.name for drill in document.drills if drill.break_ and not drill.repaired]
    assert not unasked, f"{unasked}: whatever the run says, something else must be asked"


def test_its_pages_are_as_drawn():
    draw = [sys.executable, str(LIBRARY.parent / "docs" / "library" / "draw.py"), "--check"]
    done = subprocess.run(draw, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("STEADY_DRILLS"), reason=LONG)
@pytest.mark.parametrize(("path", "name"), DRILLS, ids=[f"{p.name.partition('.')[0]}-{name}" for p, name in DRILLS])
def test_drill(path, name):
    done = steady("drill", str(path), "--only", name, "--json")
    drills = json.loads(done.stdout)["drills"] if done.stdout else []
    (outcome,) = drills or [{"skipped": done.stderr.strip(), "problems": []}]
    if outcome["skipped"] and done.returncode == 0 and not os.environ.get("STEADY_REQUIRE_REAL"):
        pytest.skip(f"the drill was not carried out: {outcome['skipped']}")
    assert (outcome["skipped"], outcome["problems"]) == ("", []), outcome
    assert done.returncode == 0, done.stderr
