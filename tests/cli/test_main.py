"""The one place that decides how the program dies."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.cli import main
from steadyhand.cli.bug import report

from .documents import HEALTHY
from .steady import environment, steady


def test_help_lists_every_command_without_importing_any(tmp_path):
    code = "import sys; from steadyhand.cli.main import run; run(['--help']); print([m for m in sys.modules if '.commands.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert all(any(line.split()[:1] == [name] for line in lines) for name in main.COMMANDS)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help(name, capsys):
    assert main.run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: steady {name}")


def test_a_misspelt_command_is_told_the_right_one(tmp_path):
    done = steady(tmp_path, "valdate", ".")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "Error: There is no command 'valdate'. Did you mean validate?",
    )


def test_the_version(tmp_path):
    assert steady(tmp_path, "--version").stdout.startswith("steady, version ")


def test_a_pipe_that_was_closed_is_no_error(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    steady(tmp_path, "run", "healthy.yaml")
    done = subprocess.run(
        f"{sys.executable} -m steadyhand transcript | head -n 1", shell=True, cwd=tmp_path, env=environment(tmp_path),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("# All is well\n", "")


def test_output_that_cannot_be_written_is_no_success(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "steadyhand", "validate", "healthy.yaml"], cwd=tmp_path, env=environment(tmp_path),
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode != 0


def test_a_bug_of_ours_is_reported_as_one_without_values(monkeypatch, capsys):
    def broken(*args, **more):
        secret = "correct-horse"  # noqa: F841 it must not be in the report
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(main.steady, "main", broken)
    assert main.run([]) == 3
    said = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in said
    assert "Please report these lines." in said
    assert "correct-horse" not in said


def test_the_report_has_the_whole_trace_only_when_asked_for(monkeypatch):
    with pytest.raises(ValueError, match="x") as caught:
        int("x")
    monkeypatch.delenv("STEADY_DEBUG", raising=False)
    assert "Traceback" not in report(caught.value)
    monkeypatch.setenv("STEADY_DEBUG", "1")
    assert "Traceback" in report(caught.value)


def test_a_store_that_is_none_is_a_matter_of_words(tmp_path):
    (tmp_path / "junk.db").write_bytes(b"junk" * 500)
    (tmp_path / "file").touch()
    for store, said in (
        (".", "is a folder"), ("junk.db", "not a database"), ("file/j.db", "the store was not opened"),
        ("file:j.db", "write the path alone: j.db"),
    ):  # fmt: skip
        done = steady(tmp_path, "--store", store, "runs")
        assert (done.returncode, said in done.stderr) == (2, True), (store, done.stderr)
        assert "bug" not in done.stderr
