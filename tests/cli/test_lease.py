"""`steady lease`, and what locks, leases, bounds and freezes do to real runs."""

from __future__ import annotations

import json
import time

import pytest

from .steady import as_person, start, steady

BODY = """\
steadyhand: 1
name: fix
title: Fix
steps:
  fix:
    title: Fix it
    shell: echo $STEADY_RUN >> done; sleep {sleep}; {ends}
    lock: [db]
    gate: {{prompt: Fix it?, auto: true}}
    verify: {{shell: "test ! -e broken"}}
    undo: {{none: nothing to take back}}
    next: {{pass: end.resolved, fail: end.escalated, error: end.escalated, rejected: end.stopped}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fix.yaml").write_text(BODY.format(sleep=0, ends="true"))
    return tmp_path


def done(folder):
    path = folder / "done"
    return path.read_text().splitlines() if path.exists() else []


def over(run, seconds=60):
    """A process has ended; what it printed."""
    out, _ = run.communicate(timeout=seconds)
    return out


def until(there, seconds=30.0):
    over = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < over
        time.sleep(0.02)


def said(folder, run="last"):
    return [json.loads(line) for line in steady(folder, "watch", run, "--json", "--no-wait").stdout.splitlines()]


def of_kind(folder, kind, run="last"):
    return [one["event"] for one in said(folder, run) if one["type"] == kind]


def lease_as(folder, somebody, *words):
    return steady(folder, "lease", *words, **as_person(somebody))


def test_taken_listed_and_handed_back(folder):
    taken = steady(folder, "lease", "orders-db", "--reason", "index rebuild", "--for", "2h")
    assert taken.returncode == 0
    assert "orders-db is yours until" in taken.stdout
    (row,) = json.loads(steady(folder, "lease", "--json").stdout)["leases"]
    assert (row["target"], row["reason"]) == ("orders-db", "index rebuild")
    assert "index rebuild" in steady(folder, "lease").stdout
    assert steady(folder, "lease", "orders-db", "--return").returncode == 0
    assert steady(folder, "lease").stderr == "nothing is leased\n"
    assert steady(folder, "audit", "verify").returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["db"], "say why you take it"), (["db", "--reason", "x", "--for", "soon"], "'soon' is no time"),
        (["--return"], "name the target to hand back"), (["db", "--return"], "db is not leased"),
        (["two words", "--reason", "x"], "'two words' is no name of a target"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(folder, words, message):
    refused = steady(folder, "lease", *words)
    assert refused.returncode == 2
    assert message in refused.stderr


def test_a_lease_keeps_automation_off_until_it_is_handed_back(folder):
    assert lease_as(folder, "kim", "db", "--reason", "index rebuild").returncode == 0
    run = start(folder, "run", "fix.yaml", "--mode", "auto", **as_person("sam"))
    # What is known before the change makes it a question, though it could have run unasked.
    over(run)
    assert run.returncode == 4
    (gate,) = of_kind(folder, "gate.opened")
    assert gate["notices"][0].startswith("db is leased by kim until")
    answering = start(folder, "answer", "last", "fix", "approve", "--resume", **as_person("sam"))
    until(lambda: of_kind(folder, "locks.refused"))
    assert done(folder) == []
    assert of_kind(folder, "locks.refused")[0]["reason"].startswith("db is leased by kim until")
    assert lease_as(folder, "kim", "db", "--return").returncode == 0
    over(answering)
    assert answering.returncode == 0
    assert len(done(folder)) == 1


def test_whoever_has_the_lease_may_act(folder):
    assert lease_as(folder, "kim", "db", "--reason", "index rebuild").returncode == 0
    assert steady(folder, "run", "fix.yaml", "--mode", "auto", **as_person("kim")).returncode == 4
    steady(folder, "answer", "last", "fix", "approve", "--resume", **as_person("kim"))
    assert len(done(folder)) == 1


def test_two_runs_never_change_one_target_at_once(folder):
    body = BODY.format(sleep=0.3, ends="echo end >> done").replace("echo $STEADY_RUN", "echo begin")
    (folder / "fix.yaml").write_text(body)
    runs = [start(folder, "run", "fix.yaml", "--mode", "auto") for _ in range(3)]
    for run in runs:
        over(run)
    heads = json.loads(steady(folder, "runs", "--json").stdout)["runs"]
    for head in heads:  # whoever saw that it was locked asks first
        if head["status"] == "waiting":
            steady(folder, "answer", head["id"], "fix", "approve", "--resume")
    assert done(folder) == ["begin", "end"] * 3


def test_what_did_not_help_is_asked_for_the_next_time(folder):
    (folder / "broken").write_text("")
    assert steady(folder, "run", "fix.yaml", "--mode", "auto").returncode == 1
    again = steady(folder, "run", "fix.yaml", "--mode", "auto")
    assert again.returncode == 4
    assert "the same change to db did not help at" in again.stdout
    (caution,) = of_kind(folder, "caution.raised")
    assert "did not help" in caution["notices"][0]
    assert "did not help" in steady(folder, "transcript").stdout
    assert "did not help" in steady(folder, "transcript", "--format", "html").stdout
    assert len(done(folder)) == 1


def test_a_bound_per_hour_escalates_instead_of_repeating(folder):
    (folder / "steady.yaml").write_text("changes: {per_hour: 2}\n")
    codes = [steady(folder, "run", "fix.yaml", "--mode", "auto").returncode for _ in range(3)]
    assert codes == [0, 0, 1]
    assert len(done(folder)) == 2
    (settled,) = of_kind(folder, "step.settled")
    assert settled["reason"] == "the same change was made to db 2 times within an hour, and the settings allow no more"


def test_a_freeze_holds_and_names_who_may_approve(folder):
    (folder / "steady.yaml").write_text("changes: {freezes: [{from: 2020-01-01T00:00:00Z, reason: Holidays}]}\n")
    assert steady(folder, "run", "fix.yaml").returncode == 1
    assert of_kind(folder, "step.settled")[0]["reason"] == "changes are frozen: Holidays"
    me = as_person("me")["SUDO_USER"]
    (folder / "steady.yaml").write_text(
        "roles: {commander: [boss]}\n"
        "changes: {freezes: [{from: 2020-01-01T00:00:00Z, reason: Holidays, roles: [commander]}]}\n"
    )
    assert steady(folder, "run", "fix.yaml", "--mode", "auto").returncode == 4
    refused = steady(folder, "answer", "last", "fix", "approve", **as_person("me"))
    assert refused.returncode == 1
    assert f"{me} has none of the roles" in refused.stderr
    assert done(folder) == []
    steady(folder, "answer", "last", "fix", "approve", "--resume", **as_person("boss"))
    assert len(done(folder)) == 1


def test_the_kill_switch_holds_under_load(folder):
    """Many runs, some at work, some at a question, some starting: none changes anything once `stop --all` is back."""
    loop = BODY.format(sleep=0.05, ends="true").replace("pass: end.resolved", "pass: again")
    loop = loop.replace("    lock: [db]\n", "") + "  again:\n    title: Again\n    wait: 50ms\n    next: fix\n"
    (folder / "fix.yaml").write_text(
        loop.replace("title: Fix it\n", "title: Fix it\n    max_visits: 500\n").replace(
            "title: Again\n", "title: Again\n    max_visits: 500\n"
        )
    )
    running = [start(folder, "run", "fix.yaml", "--mode", "auto") for _ in range(4)]
    waiting = [steady(folder, "run", "fix.yaml").returncode for _ in range(2)]
    assert waiting == [4, 4]
    until(lambda: len(done(folder)) >= 8)
    running.append(start(folder, "run", "fix.yaml", "--mode", "auto"))
    until(lambda: len(json.loads(steady(folder, "runs", "--json").stdout)["runs"]) == 7)
    assert steady(folder, "stop", "--all", "--reason", "enough").returncode == 0
    for run in running:
        over(run)
    made = len(done(folder))
    assert {r["conclusion"] for r in json.loads(steady(folder, "runs", "--json").stdout)["runs"]} == {"stopped"}
    time.sleep(0.3)
    assert len(done(folder)) == made
    assert steady(folder, "audit", "verify").returncode == 0
