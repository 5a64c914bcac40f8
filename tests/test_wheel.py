"""The wheel alone, in an empty environment: schemas and library runbooks are found, and a run works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    """Runs the `steady` that a wheel brought, in a folder of its own, far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", ROOT], check=True, capture_output=True
    )
    (wheel,) = (folder / "dist").glob("steadyhand-*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel], check=True)
    work = folder / "work"
    work.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STEADY_", "PYTHON", "VIRTUAL_ENV"))}
    environment = {**kept, "HOME": str(work), "STEADY_STORE": str(work / "j.db"), "NO_COLOR": "1"}

    def run(*words):
        command = [folder / "venv" / "bin" / "steady", *words]
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)

    run.work = work
    run.files = set(zipfile.ZipFile(wheel).namelist())
    return run


@pytest.mark.slow
def test_the_pages_of_the_server_are_in_it(steady):
    web = ROOT / "engine" / "steadyhand" / "web"
    wanted = {
        str(path.relative_to(ROOT / "engine")) for path in web.rglob("*") if path.suffix in {".html", ".css", ".js"}
    }
    assert wanted
    assert wanted <= steady.files


@pytest.mark.slow
def test_schemas_and_runbooks_are_found(steady):
    assert json.loads(steady("schema").stdout) == json.loads((ROOT / "schemas" / "runbook.schema.json").read_text())
    plan = steady("plan", "disk-full")
    assert plan.returncode == 0, plan.stderr
    assert "steadyhand" in steady("doctor").stdout


@pytest.mark.slow
def test_a_library_is_begun_tested_and_run(steady):
    assert steady("init").returncode == 0
    assert steady("validate", "--strict", ".").returncode == 0
    assert steady("test", "--coverage-min", "100", ".").returncode == 0
    done = steady("run", "disk-full", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert steady("audit", "verify").returncode == 0


@pytest.mark.slow
def test_a_run_with_http_and_a_transcript(steady):
    (steady.work / "asks.yaml").write_text(
        "steadyhand: 1\nname: asks\ntitle: Asks\nsteps:\n"
        "  look: {title: Look, http: 'http://127.0.0.1:1/', effect: read, "
        "next: {pass: end.healthy, fail: end.escalated, error: end.escalated}}\n"
    )
    assert steady("run", "asks.yaml").returncode == 1
    page = steady("transcript", "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "connection" in page.lower()
