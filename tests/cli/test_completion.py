"""Completion as a shell asks for it."""

from __future__ import annotations

import subprocess

import pytest

from .documents import ASKS, HEALTHY
from .steady import STEADY, environment, steady


def offered(folder, *words):
    """What bash is offered for the last of the words."""
    done = subprocess.run(
        STEADY, cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env=environment(
            folder, _STEADY_COMPLETE="bash_complete", COMP_WORDS=" ".join(["steady", *words]), COMP_CWORD=str(len(words))
        ),
    )  # fmt: skip
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "library").mkdir()
    (tmp_path / "asks.yaml").write_text(ASKS)
    (tmp_path / "library" / "healthy.yaml").write_text(HEALTHY)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "steady.yaml").write_text("library: [library]\ntargets: {web: {ssh: {hosts: [a]}}}\n")
    return tmp_path


def test_runbooks_are_completed_by_file_and_by_name(folder):
    assert offered(folder, "run", "as") == ["asks.yaml"]
    assert offered(folder, "plan", "health") == ["healthy"]
    assert offered(folder, "validate", "library/") == ["library/healthy.yaml"]
    assert "notes.txt" not in offered(folder, "graph", "")
    assert not (folder / "store").exists()


def test_runs_gates_answers_and_targets_are_completed(folder):
    steady(folder, "run", "asks.yaml")
    run = offered(folder, "resume", "r")[0]
    for command in ("show", "stop", "note", "watch", "transcript", "answer"):
        assert offered(folder, command, "") == ["last", run]
    assert offered(folder, "audit", "export", "la") == ["last"]
    assert offered(folder, "answer", "last", "") == ["act"]
    assert offered(folder, "answer", "last", "act", "") == ["approve", "reject"]
    assert offered(folder, "lease", "w") == ["web"]


def test_what_goes_wrong_offers_nothing(folder):
    (folder / "store").mkdir()
    (folder / "store" / "j.db").write_bytes(b"junk" * 500)
    (folder / "steady.yaml").write_text("library: [\n")
    for words in (("show", ""), ("answer", "last", ""), ("lease", ""), ("run", "no/such/")):
        assert offered(folder, *words) == []
