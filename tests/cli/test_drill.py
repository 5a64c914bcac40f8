"""`steady drill`, on a service that is started and broken for real."""

from __future__ import annotations

import json
import os
import sys

import pytest

from steadyhand.app.services import Services

from .steady import steady

BOOK = """\
steadyhand: 1
name: web
title: The page is gone
inputs: {port: {type: integer}, folder: {type: string}}
steps:
  look:
    title: Is it there?
    http: {url: "http://127.0.0.1:{{ inputs.port }}/page"}
    next: {pass: end.healthy, fail: causes, error: causes}
  causes:
    title: Why not?
    diagnose:
      dead: {cause: The server is dead, shell: "kill -0 $(cat server.pid)", confine: false, fix: start}
      gone: {cause: The page is gone, shell: test -e page, fix: write}
    otherwise: end.escalated
    next: {error: end.escalated}
  start:
    title: Start the server
    shell: "PYTHON -m http.server {{ inputs.port }} --bind 127.0.0.1 >/dev/null 2>&1 & echo $! > server.pid"
    gate: Start it?
    undo: {shell: "kill $(cat server.pid)", effect: change}
    next: {pass: confirm, fail: end.escalated, error: end.escalated, rejected: end.escalated}
  write:
    title: Write the page
    shell: echo page > page
    gate: Write it?
    undo: {shell: rm page, effect: change}
    next: {pass: confirm, fail: end.escalated, error: end.escalated, rejected: end.escalated}
  confirm:
    title: Is it well?
    purpose: verification
    http: {url: "http://127.0.0.1:{{ inputs.port }}/page"}
    retry: {times: 50, every: 100ms}
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated}
""".replace("PYTHON", sys.executable)
DRILL = """\
needs: [sh]
start: |
  echo page > page
  PYTHON -m http.server $PORT --bind 127.0.0.1 >/dev/null 2>&1 &
  echo $! > server.pid
ready: PYTHON -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$PORT/page')"
drills:
  dead:
    break: kill $(cat server.pid); sleep 0.2
    broken: "! kill -0 $(cat server.pid)"
    inputs: {port: "{{ drill.port }}", folder: "{{ drill.folder }}"}
    answers: {start: approve}
    repaired: kill -0 $(cat server.pid)
    expect: {cause: dead, conclusion: resolved, path: [look, causes, start, confirm]}
  gone:
    break: rm page
    broken: test ! -e page
    inputs: {port: "{{ drill.port }}", folder: "{{ drill.folder }}"}
    answers: {write: approve}
    repaired: test -e page
    expect: {cause: gone, conclusion: resolved}
  well:
    inputs: {port: "{{ drill.port }}", folder: "{{ drill.folder }}"}
    expect: {cause: '', conclusion: healthy, path: [look]}
""".replace("PYTHON", sys.executable)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "web.yaml").write_text(BOOK)
    (tmp_path / "web.drill.yaml").write_text(DRILL)
    return tmp_path


def drilled(folder, *words):
    (folder / "places").mkdir(exist_ok=True)
    done = steady(folder, "drill", "web.yaml", *words, "--json", TMPDIR=str(folder / "places"))
    return done, {one["drill"]: one for one in json.loads(done.stdout)["drills"]}


def test_each_fault_is_found_repaired_and_nothing_is_left(folder):
    done, found = drilled(folder)
    assert done.returncode == 0, done.stdout
    assert {name: (one["cause"], one["conclusion"], one["repaired"]) for name, one in found.items()} == {
        "dead": ("dead", "resolved", True), "gone": ("gone", "resolved", True), "well": ("", "healthy", None),
    }  # fmt: skip
    assert all(one["passed"] and one["took"] > 0 for one in found.values())
    assert 0 < found["dead"]["diagnosed"] <= found["dead"]["took"]
    assert os.listdir(folder / "places") == []
    assert [pid for pid in os.listdir("/proc") if pid.isdigit() and where(pid).startswith(str(folder))] == []


def where(pid):
    """The folder that a process runs in; other drills on this machine run in others."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def test_a_table_for_people(folder):
    done = steady(folder, "drill", "web.yaml")
    assert "3 passed, 0 failed" in done.stdout
    assert "path: look causes start confirm" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "cause: gone, conclusion: resolved",
            "cause: dead, conclusion: resolved",
            "it found gone, and the fault is dead",
        ),
        ("repaired: test -e page", "repaired: 'false'", "the service is not well afterwards, whatever the run says"),
        (
            "answers: {write: approve}",
            "answers: {write: reject}",
            "the run ended escalated, and should have ended resolved",
        ),
        ("break: rm page", "break: rm page; exit 4", "`break` exited with 4"),
    ],
)
def test_a_wrong_cause_or_a_repair_that_did_not_hold_fails(folder, old, new, problem):
    (folder / "web.drill.yaml").write_text(DRILL.replace(old, new))
    done, found = drilled(folder, "--only", "gone")
    assert done.returncode == 1
    assert any(problem in one for one in found["gone"]["problems"]), found


def test_a_question_that_nobody_answers_ends_with_the_time_of_the_drill(folder):
    (folder / "web.drill.yaml").write_text(DRILL.replace("answers: {write: approve}", "within: 2s"))
    done, found = drilled(folder, "--only", "gone")
    assert done.returncode == 1
    assert "the run ended nowhere, and should have ended resolved" in found["gone"]["problems"]


def test_what_is_missing_is_said_and_fails_nothing(folder):
    (folder / "web.drill.yaml").write_text(DRILL.replace("needs: [sh]", "needs: [no-such-server]"))
    done, found = drilled(folder, "--only", "well")
    assert done.returncode == 0
    assert found["well"]["skipped"] == "no-such-server is not on this machine"
    assert not found["well"]["passed"]


def test_stores_and_transcripts_may_be_kept(folder):
    done, found = drilled(folder, "--only", "gone", "--keep", "kept")
    assert done.returncode == 0
    page = folder / found["gone"]["transcript"]
    assert "The page is gone" in page.read_text()
    assert steady(folder, "--store", str(page.parent / "store" / "journal.db"), "audit", "verify").returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.yaml"], "there is no runbook nothing.yaml"),
        (["web.yaml", "--only", "x"], "has no drill x"),
        (["."], ""),
    ],
)
def test_what_cannot_be_drilled_is_said(folder, words, message):
    if not message:
        (folder / "web.drill.yaml").unlink()
        message = "there is no drill in ."
    done = steady(folder, "drill", *words)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_drill_that_is_wrong_is_told_where(folder):
    (folder / "web.drill.yaml").write_text(DRILL.replace("break: rm page", "brake: rm page"))
    done = steady(folder, "drill", "web.yaml")
    assert done.returncode != 0
    assert "drill `gone` has no key `brake`" in done.stderr
    assert "web.drill.yaml:" in done.stderr


def test_what_came_of_drills_may_be_written_down(folder):
    done, _ = drilled(folder, "--only", "gone", "--record")
    assert done.returncode == 0
    services = Services(store=str(folder / "store" / "j.db"), cwd=str(folder))
    (one,) = services.journal.read("drill:web")
    assert (one.event.drill, one.event.cause, one.event.repaired, one.event.problems) == ("gone", "gone", True, ())
    services.close()
