"""Whole runs over SSH, with the installed program: waves over machines, and a change whose end nobody saw."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from ..cli.steady import start, steady
from ..realparts import until
from ..realparts.sshd import sshd
from ..snippets import ROOT, blocks

ENDS = "fail: end.escalated, error: end.escalated"


@pytest.fixture
def server(tmp_path):
    with sshd(tmp_path / "sshd") as started:
        started.configure(tmp_path / "ssh_config", "app1", "app2", "app3", "app4")
        yield started


def write(folder, steps, hosts="app1, app2, app3, app4"):
    text = f"""\
steadyhand: 1
name: r
title: R
targets:
  all: {{ssh: {{hosts: [{hosts}], config: ./ssh_config}}}}
  one: {{ssh: {{hosts: [app1], config: ./ssh_config}}}}
steps:
{steps}"""
    (folder / "r.yaml").write_text(text)


def shown(folder):
    (run,) = json.loads(steady(folder, "runs", "--json").stdout)["runs"]
    return json.loads(steady(folder, "show", run["id"], "--json").stdout)


def test_a_wave_over_machines_is_bounded_and_stops_after_a_failure(tmp_path, server):
    write(
        tmp_path,
        f"""\
  each:
    title: Each
    each: {{target: all, as: host, batch: 2, max_failures: 0}}
    ssh: 'echo {{{{ host }}}} >> {tmp_path}/seen; test {{{{ host }}}} != app2'
    effect: read
    next: {{pass: end.healthy, {ENDS}}}
""",
    )
    done = steady(tmp_path, "run", "r.yaml")
    assert done.returncode == 1, done.stderr
    assert sorted((tmp_path / "seen").read_text().split()) == ["app1", "app2"]
    assert server.log.count("Accepted publickey") == 2


CHANGE = f"""\
  change:
    title: Change
    ssh: {{{{text: 'echo x >> {{folder}}/times; touch {{folder}}/began; sleep {{seconds}}', target: one}}}}
    effect: change
    gate: {{{{prompt: "Change it?", auto: true}}}}
    undo: {{{{none: there is nothing to take back}}}}
    next: {{{{pass: check, {ENDS}, rejected: end.escalated}}}}
  check:
    title: Check
    purpose: verification
    ssh: {{{{text: 'test -e {{folder}}/began', target: one}}}}
    effect: read
    next: {{{{pass: end.resolved, {ENDS}}}}}
"""


def test_a_change_whose_connection_is_lost_is_asked_about_and_never_made_again(tmp_path, server):
    write(tmp_path, CHANGE.format(folder=tmp_path, seconds=30))
    child = start(tmp_path, "run", "r.yaml", "--mode", "auto")
    until((tmp_path / "began").exists, "the change")
    server.cut()
    out, err = child.communicate(timeout=30)
    assert child.returncode == 4, out + err
    assert "was lost while the command ran" in out + err
    found = shown(tmp_path)
    (gate,) = found["open_gates"] if "open_gates" in found else found["gates"]
    assert "happen" in json.dumps(gate)
    again = steady(tmp_path, "resume", "last")
    assert again.returncode == 4, again.stderr
    assert (tmp_path / "times").read_text() == "x\n"
    done = steady(tmp_path, "answer", "last", gate["id"], "happened", "--resume")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "times").read_text() == "x\n"


def test_an_engine_that_is_interrupted_ends_what_it_started_there(tmp_path, server):
    write(tmp_path, CHANGE.format(folder=tmp_path, seconds=f"306 & echo $! > {tmp_path}/pid; wait"))
    child = start(tmp_path, "run", "r.yaml", "--mode", "auto")
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "the change")
    child.send_signal(2)
    child.communicate(timeout=30)
    assert child.returncode == 130
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the command")


def test_preflight_logs_in_and_run_does_not(tmp_path, server):
    write(tmp_path, f"  a:\n    title: A\n    ssh: {{text: uptime, target: one}}\n    effect: read\n    next: {{pass: end.healthy, {ENDS}}}\n")  # fmt: skip
    found = steady(tmp_path, "preflight", "r.yaml", "--json")
    rows = {row["what"]: row["holds"] for row in json.loads(found.stdout)["rows"]}
    assert rows["login to app1 as " + server.user]
    assert rows["program uptime on app1"]
    (tmp_path / "known_hosts").write_text("")
    found = steady(tmp_path, "preflight", "r.yaml")
    assert found.returncode == 1
    assert "the host key of app1" in found.stdout + found.stderr
    assert "ssh-ed25519 AAAA" in found.stdout + found.stderr


def test_the_page_about_it_is_true(tmp_path, server):
    """Its runbook is run on real servers, under the names that it uses."""
    page = ROOT / "docs" / "how-to" / "ssh.md"
    body = next(block.body for block in blocks(page) if block.body.startswith("# restart.yaml\n"))
    (tmp_path / "restart.yaml").write_text(body)
    (tmp_path / "unit.sh").write_text("echo active > state")
    os.makedirs(tmp_path / "home")
    done = steady(tmp_path, "run", "restart.yaml", "-i", f"folder={tmp_path}")
    assert done.returncode == 4, done.stdout + done.stderr
    for _ in range(4):
        if done.returncode == 4:
            (gate, *_) = shown(tmp_path)["gates"] if "gates" in shown(tmp_path) else shown(tmp_path)["open_gates"]
            done = steady(tmp_path, "answer", "last", gate["id"], "approve", "--resume")
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path(tmp_path / "restarted").read_text().count("done") == 2


def test_a_run_leaves_quickly(tmp_path, server):
    write(tmp_path, f"  a:\n    title: A\n    ssh: {{text: 'true', target: one}}\n    effect: read\n    next: {{pass: end.healthy, {ENDS}}}\n")  # fmt: skip
    begun = time.monotonic()
    assert steady(tmp_path, "run", "r.yaml").returncode == 0
    assert time.monotonic() - begun < 10
