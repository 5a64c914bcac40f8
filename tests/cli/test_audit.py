"""`steady audit verify` and `steady audit export`."""

import json
import sqlite3
import subprocess
import sys
import tarfile

import pytest

from .documents import HEALTHY
from .steady import steady


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    assert steady(tmp_path, "run", "healthy.yaml").returncode == 0
    return tmp_path


def test_every_chain_holds(folder):
    steady(folder, "run", "healthy.yaml")
    done = steady(folder, "audit", "verify")
    count = sum(len(steady(folder, "watch", run, "--json", "--no-wait").stdout.splitlines())
                for run in (r["id"] for r in json.loads(steady(folder, "runs", "--json").stdout)["runs"]))  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"{count} events, every chain holds\n")


def test_the_first_bad_event_is_named(folder):
    with sqlite3.connect(folder / "store" / "j.db") as store:
        store.execute("DROP TRIGGER events_are_final")
        store.execute("UPDATE events SET body = replace(body, 'fine', 'bad ') WHERE type = 'step.settled'")
        (seq, run), *_ = store.execute("SELECT seq, stream FROM events WHERE type = 'step.settled'")
    store.close()
    done = steady(folder, "audit", "verify", run)
    assert (done.returncode, done.stdout) == (1, f"{run}, event {seq}: was changed: its hash does not fit\n")
    whole = json.loads(steady(folder, "audit", "verify", "--json").stdout)
    assert whole["holds"] is False
    assert {"stream": "", "seq": 0, "problem": "trigger events_are_final was removed"} in whole["faults"]
    assert {"stream": run, "seq": seq, "problem": "was changed: its hash does not fit"} in whole["faults"]


def test_an_archive_holds_here_and_with_python_alone(folder):
    done = steady(folder, "audit", "export", "last", "-o", "run.tar.gz")
    assert done.returncode == 0
    assert steady(folder, "audit", "verify", "--archive", "run.tar.gz").stdout == "the archive holds\n"
    with tarfile.open(folder / "run.tar.gz") as tar:
        tar.extractall(folder / "out", filter="data")
    (script,) = (folder / "out").rglob("verify.py")
    alone = subprocess.run(
        [sys.executable, "-I", script.name], cwd=script.parent, capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stdout + alone.stderr


def test_a_damaged_archive_is_said(folder):
    (folder / "run.tar.gz").write_bytes(b"no archive")
    done = steady(folder, "audit", "verify", "--archive", "run.tar.gz")
    assert done.returncode == 1
    assert "this is no archive of a run, or it is damaged" in done.stdout + done.stderr


def test_a_run_that_is_not_there(folder):
    done = steady(folder, "audit", "verify", "r0")
    assert (done.returncode, done.stderr.splitlines()[0].partition(" in ")[0]) == (2, "steady: there is no run r0")


def test_an_archive_that_cannot_be_written_is_said_and_leaves_nothing(folder):
    done = steady(folder, "audit", "export", "last", "-o", "no/such/run.tar.gz")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "steady: no/such/run.tar.gz cannot be written: No such file or directory",
    )  # fmt: skip


def test_what_happened_at_the_door_is_listed(tmp_path):
    assert "nothing happened at the door" in steady(tmp_path, "audit", "access").stderr
    (tmp_path / "steady.yaml").write_text("people: {ana: {roles: {viewer: ['*']}}}\n")
    steady(tmp_path, "person", "disable", "ana")
    assert "account of ana disabled by " in steady(tmp_path, "audit", "access").stdout
    (row,) = json.loads(steady(tmp_path, "audit", "access", "--since", "1h", "--json").stdout)["events"]
    assert (row["event"], row["person"], row["change"], row["seq"]) == ("access.account", "ana", "disabled", 1)
    assert row["stream"].startswith("access:")
    assert steady(tmp_path, "audit", "access", "--since", "soon").returncode == 2
    assert "every chain holds" in steady(tmp_path, "audit", "verify").stdout
