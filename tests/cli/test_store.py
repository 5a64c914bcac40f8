"""`steady store copy`, and runs whose store is a PostgreSQL."""

from __future__ import annotations

import json

import pytest

from ..journal.databases import name_of, new, server
from ..realparts import until
from .documents import HEALTHY
from .steady import start, steady

WAITS = """\
steadyhand: 1
name: waits
title: Waits
steps:
  ask:
    title: Go on?
    choose: {prompt: Go on?, options: {go: Yes, stay: No}}
    next: {go: end.healthy, stay: end.escalated}
"""
LONG = """\
steadyhand: 1
name: long
title: Long
steps:
  wait:
    title: Wait
    shell: until test -e enough; do sleep 0.05; done
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""


@pytest.fixture(scope="module")
def running():
    with server() as found:
        yield found


@pytest.fixture
def url(running):
    return new(running)


@pytest.fixture
def folder(tmp_path):
    for name, text in (("healthy", HEALTHY), ("waits", WAITS), ("long", LONG)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def runs_of(folder, *words, **more):
    return json.loads(steady(folder, *words, "runs", "--json", **more).stdout)["runs"]


def test_runs_move_from_a_file_to_a_database_and_back(folder, url):
    assert steady(folder, "run", "healthy.yaml").returncode == 0
    done = steady(folder, "store", "copy", "store/j.db", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("copied: 1 stream, ")
    assert done.stdout.endswith("; every chain holds\n")
    assert steady(folder, "store", "copy", "store/j.db", url).stdout == "nothing was new\n"
    back = json.loads(steady(folder, "store", "copy", url, "back.db", "--json").stdout)
    assert (back["holds"], back["streams"], back["faults"]) == (True, 1, [])
    shown = [
        steady(folder, *words, "show", "--json").stdout for words in ((), ("--store", url), ("--store", "back.db"))
    ]
    assert shown[0] == shown[1] == shown[2]


def test_what_cannot_be_copied_is_said(folder, url):
    done = steady(folder, "store", "copy", "no.db", url)
    assert (done.returncode, done.stderr) == (2, "steady: there is no store no.db\n  check the path\n")
    done = steady(folder, "store", "copy", url, "new.db")
    assert done.returncode == 2
    assert "there is no store in postgresql://steady@127.0.0.1" in done.stderr
    assert "opensesame" not in done.stderr
    assert not (folder / "new.db").exists()


def test_a_run_is_begun_answered_and_shown_over_a_database(folder, url):
    waits = steady(folder, "run", "waits.yaml", STEADY_STORE=url)
    assert waits.returncode == 4, waits.stderr
    assert "opensesame" not in waits.stdout + waits.stderr
    done = steady(folder, "answer", "last", "ask", "go", "--resume", STEADY_STORE=url)
    assert done.returncode == 0, done.stderr
    assert [run["runbook"] for run in runs_of(folder, STEADY_STORE=url)] == ["waits"]
    verified = steady(folder, "audit", "verify", STEADY_STORE=url)
    assert (verified.returncode, verified.stdout.partition(" ")[2]) == (0, "events, every chain holds\n")
    assert steady(folder, "audit", "export", "last", "-o", "run.tar.gz", STEADY_STORE=url).returncode == 0
    assert steady(folder, "audit", "verify", "--archive", "run.tar.gz").stdout == "the archive holds\n"


def test_no_message_holds_the_password(folder, url):
    for words in (("doctor",), ("show", "r0"), ("run", "waits.yaml"), ("runs",)):
        done = steady(folder, "--store", url, *words)
        assert "opensesame" not in done.stdout + done.stderr, words
    assert f"postgresql://steady@127.0.0.1:{url.rpartition(':')[2]}" in steady(folder, "--store", url, "doctor").stdout


def test_a_run_has_one_driver_and_goes_on_when_it_was_killed(folder, url, running):
    first = start(folder, "run", "long.yaml", STEADY_STORE=url)
    try:
        held = "select count(*) from pg_locks where locktype = 'advisory'"
        until(lambda: running.psql(held, name_of(url)) == "1", "the lease")
        second = steady(folder, "resume", "last", STEADY_STORE=url)
        assert second.returncode != 0
        assert "engine@" in second.stdout + second.stderr
        assert str(first.pid) in second.stdout + second.stderr
    finally:
        first.kill()
        first.communicate()
    (folder / "enough").touch()
    until(lambda: running.psql(held, name_of(url)) == "0", "the end of the lease")
    done = steady(folder, "resume", "last", STEADY_STORE=url)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_database_that_is_away_is_said_with_what_to_do(folder, running):
    done = steady(folder, "--store", "postgresql://steady:opensesame@127.0.0.1:9/x?patience=1", "runs")
    assert done.returncode == 3
    assert "steady: postgresql://steady@127.0.0.1:9/x?patience=1: " in done.stderr
    assert "the store was not opened" in done.stderr
    assert "see that the database runs" in done.stderr
    assert "opensesame" not in done.stderr
