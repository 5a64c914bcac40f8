"""The unit for systemd, the container file and the compose file: checked by the tools of those who read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ..realparts import missing

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "steadyhand.service"
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")
EXPOSED = 30
"""Tenths of systemd's own figure for how much a service may; 100 is everything."""


@pytest.fixture
def unit(tmp_path):
    """The unit as it is, but for the program and the user, which are not on this machine."""
    text = UNIT.read_text("utf-8").replace("/opt/steadyhand/bin/steady", f"{sys.executable} -m steadyhand", 1)
    path = tmp_path / "steadyhand.service"
    path.write_text(re.sub(r"^(User|Group)=steadyhand$", r"\1=root", text, flags=re.MULTILINE))
    return path


def analyze(*words):
    program = shutil.which("systemd-analyze")
    if program is None:
        missing("systemd", "systemd-analyze")
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False, timeout=60)


def test_systemd_finds_nothing_to_say(unit):
    told = analyze("verify", unit)
    about = [line for line in told.stderr.splitlines() if "steadyhand.service" in line]
    assert (told.returncode, about) == (0, [])


def test_the_service_may_little(unit):
    told = analyze("security", "--offline=yes", f"--threshold={EXPOSED}", unit, "--no-pager")
    assert told.returncode == 0, told.stdout


def test_the_unit_waits_longer_than_the_server_takes():
    from steadyhand.model import SECOND
    from steadyhand.schema import Serving

    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)[1])
    assert stop > Serving().grace / SECOND + 15
    assert "stop_grace_period: 60s" in (DEPLOY / "compose.yaml").read_text()


def test_what_the_unit_starts_is_a_command_of_ours():
    from click.testing import CliRunner

    from steadyhand.cli.main import steady

    line = re.search(r"^ExecStart=\S+ (.*)$", UNIT.read_text(), re.MULTILINE)[1]
    words = [word for word in line.split() if not word.startswith(("/etc", "/var"))]
    assert words == ["--config", "--store", "serve", "--log-format", "json"]
    assert "--log-format" in CliRunner().invoke(steady, ["serve", "--help"]).output


def test_the_image_is_nobody_in_particular():
    stages = re.split(r"^FROM ", CONTAINER, flags=re.MULTILINE)
    assert len(stages) == 3, "built in one stage, run in another"
    last = stages[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert "pip install" not in last
    assert not re.search(r"^ADD |curl |wget |:latest", CONTAINER, re.MULTILINE)
    assert "runAsUser: 10001" in (DEPLOY / "helm" / "steadyhand" / "templates" / "_helpers.tpl").read_text()


def test_the_image_copies_what_is_there():
    ignored = {line.rstrip("/") for line in (ROOT / ".containerignore").read_text().split()}
    for words in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER, re.MULTILINE):
        for word in words.split():
            assert (ROOT / word).exists(), word
            assert word not in ignored
    extras = set(re.search(r"^ARG EXTRAS=(.+)$", CONTAINER, re.MULTILINE)[1].split(","))
    import tomllib

    assert extras <= set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def test_the_lines_that_a_shell_runs_are_sound(tmp_path):
    program = shutil.which("shellcheck")
    if program is None:
        missing("shellcheck", "shellcheck")
    lines = re.findall(r"^RUN ((?:.*\\\n)*.*)$", CONTAINER, re.MULTILINE)
    assert lines
    (tmp_path / "run.sh").write_text("#!/bin/sh\nset -eu\nEXTRAS=server\n" + "\n".join(lines) + "\n")
    told = subprocess.run([program, tmp_path / "run.sh"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_compose_says_what_it_should():
    told = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    server = told["services"]["steadyhand"]
    assert (DEPLOY / server["build"]["context"]).resolve() == ROOT
    assert (ROOT / server["build"]["dockerfile"]).is_file()
    assert server["read_only"] is True
    assert server["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    named = {volume.partition(":")[0] for volume in server["volumes"] if not volume.startswith(".")}
    assert named == set(told["volumes"])
