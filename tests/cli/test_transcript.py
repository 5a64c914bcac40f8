"""`steady transcript`: what a person pastes into a post-mortem."""

import hashlib
import json

import jsonschema
import pytest

from .documents import ASKS
from .steady import steady

PRINTS = """\
steadyhand: 1
name: prints
title: Much is printed
steps:
  look:
    title: Look
    shell: seq 1 20000
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""


@pytest.fixture
def fixed(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    assert steady(tmp_path, "answer", "last", "act", "approve", "--comment", "it is safe", "--resume").returncode == 0
    return tmp_path


def test_it_tells_who_did_what_with_what_was_approved(fixed):
    text = steady(fixed, "transcript").stdout
    for part in (
        "# Something is asked", "Changed: Act (pass, approved by ", "**resolved: it was changed and verified**",
        "1. `act` Act: **pass** → `check`", "A yes was a yes to exactly this (change, `", "echo 'ops' >> effect",
        ": approve: it is safe, after ", "Step `check` (shell): **pass**", "| ✓ | `exit_code` | 0 | `0` |", "Times are UTC.",
    ):  # fmt: skip
        assert part in text, part


def test_its_last_line_names_the_end_of_the_chain(fixed):
    head = steady(fixed, "transcript").stdout.rstrip().rpartition("Their chain ends with `")[2].rstrip("`.")
    rows = steady(fixed, "watch", "--json", "--no-wait").stdout.splitlines()
    assert len(bytes.fromhex(head)) == 32
    assert f"{len(rows)} events" in steady(fixed, "transcript").stdout
    assert json.loads(steady(fixed, "transcript", "--json").stdout)["head"] == head


def test_json_fits_the_published_schema(fixed):
    schema = json.loads(steady(fixed, "schema", "transcript").stdout)
    document = json.loads(steady(fixed, "transcript", "--json").stdout)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document == json.loads(steady(fixed, "transcript", "--format", "json").stdout)


@pytest.mark.parametrize("form", ["md", "html"])
def test_artifacts_lie_beside_it_and_are_linked(tmp_path, form):
    (tmp_path / "prints.yaml").write_text(PRINTS)
    steady(tmp_path, "run", "prints.yaml")
    done = steady(tmp_path, "transcript", "--format", form, "-o", f"report.{form}", "--artifacts")
    assert (done.returncode, done.stdout) == (0, "")
    (file,) = (tmp_path / "report.artifacts").iterdir()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name
    assert f"report.artifacts/{file.name}" in (tmp_path / f"report.{form}").read_text()


def test_a_run_that_goes_on_has_a_transcript_too(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    text = steady(tmp_path, "transcript").stdout
    assert "The run waits for people at: act." in text
    assert "**not concluded**" in text


def test_a_transcript_before_there_is_a_run(tmp_path):
    done = steady(tmp_path, "transcript")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "steady: there is no run yet")


def test_artifacts_need_a_file_to_lie_beside(fixed):
    done = steady(fixed, "transcript", "--artifacts")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "steady: the artifacts lie beside a file")


def test_a_place_that_cannot_be_written_is_said(fixed):
    done = steady(fixed, "transcript", "-o", "no/such/folder/t.md")
    assert done.returncode == 2
    assert "no/such/folder/t.md" in done.stderr
