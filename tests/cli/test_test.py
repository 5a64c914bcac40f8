"""`steady test`: scripted worlds from the command line."""

import json
import time
import xml.etree.ElementTree as ET

import jsonschema
import pytest

from .documents import ASKS
from .steady import start, steady

TESTS = """\
runbook: asks.yaml
tests:
  yes:
    steps: {act: pass, check: pass}
    answers: {act: approve}
    expect: {conclusion: resolved, path: [act, check]}
  no:
    answers: {act: reject}
    expect: {conclusion: escalated}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    (tmp_path / "asks.test.yaml").write_text(TESTS)
    return tmp_path


def test_cases_and_coverage(folder):
    done = steady(folder, "test", ".")
    assert done.returncode == 0
    assert done.stdout.splitlines()[:3] == [
        "passed  asks: yes", "passed  asks: no", "        steps 2 of 2, edges 3 of 7 (42 %), conclusions 2 of 2",
    ]  # fmt: skip
    assert not (folder / "effect").exists(), "nothing is run"


def test_a_runbook_stands_for_its_test(folder):
    assert steady(folder, "test", "asks.yaml").stdout.startswith("passed  asks: yes")


def test_what_differs_is_said_and_fails(folder):
    (folder / "asks.test.yaml").write_text(TESTS.replace("conclusion: resolved", "conclusion: escalated"))
    done = steady(folder, "test", ".")
    assert done.returncode == 1
    assert "FAILED  asks: yes\n        conclusion: expected escalated, actual resolved\n" in done.stdout


def test_too_little_coverage_fails(folder):
    done = steady(folder, "test", "--coverage-min", "43", ".")
    assert (done.returncode, done.stderr) == (1, "asks.yaml: 42 % of the edges walked, 43 % wanted\n")


def test_json_fits_its_published_schema(folder):
    said = json.loads(steady(folder, "test", "--json", ".").stdout)
    jsonschema.validate(said, json.loads(steady(folder, "schema", "tested").stdout))
    assert said["tests"][0]["runbook"] == "asks"
    assert said["coverage"][0]["conclusions"] == {"walked": 2, "of": 2, "missing": []}
    assert steady(folder, "test", "--format", "json", ".").stdout == steady(folder, "test", "--json", ".").stdout


def test_junit_tells_too_little_coverage_as_a_failure(folder):
    done = steady(folder, "test", "--format", "junit", "--coverage-min", "100", ".")
    root = ET.fromstring(done.stdout.partition("\n")[2])
    assert (done.returncode, root.get("tests"), root.get("failures")) == (1, "3", "1")


def test_one_bad_document_does_not_keep_the_others_from_running(folder):
    (folder / "bad.test.yaml").write_text(TESTS.replace("check: pass", "chek: pass"))
    done = steady(folder, "test", ".")
    assert done.returncode == 1
    assert "passed  asks: yes" in done.stdout
    assert "bad.test.yaml:4:24: error ST002: the runbook has no step `chek`" in done.stdout
    assert "did you mean `check`?" in done.stdout


@pytest.mark.parametrize(("form", "sign"), [("text", "(never walked)"), ("mermaid", "flowchart TD"), ("svg", "<svg ")])
def test_a_picture_of_what_was_never_walked(folder, form, sign):
    done = steady(folder, "test", "asks.yaml", "--picture", form)
    assert (done.returncode, done.stderr) == (0, "")
    assert sign in done.stdout
    assert "∅" in done.stdout or form == "text"


def test_a_picture_is_of_one_runbook(folder):
    (folder / "other.yaml").write_text(ASKS.replace("name: asks", "name: other"))
    (folder / "other.test.yaml").write_text(TESTS.replace("asks.yaml", "other.yaml"))
    done = steady(folder, "test", ".", "--picture", "svg")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a picture shows one runbook, and these are 2" in done.stderr


def test_what_no_test_walks_is_listed_and_written_down(folder):
    listed = steady(folder, "test", "--explore", "asks.yaml").stdout
    assert "walks check -fail-> end.escalated" in listed
    assert "act -rejected->" not in listed, "a test walks it"
    written = steady(folder, "test", "--explore", "asks.yaml", "--write", "asks.more.test.yaml")
    assert written.stdout == "written  asks.more.test.yaml: 4 tests\n"
    assert steady(folder, "validate", "--strict", "asks.more.test.yaml").returncode == 0
    assert "edges 7 of 7 (100 %)" in steady(folder, "test", "--coverage-min", "100", "asks.yaml").stdout
    assert steady(folder, "test", "--explore", "asks.yaml").stdout == "every edge is walked\n"
    again = steady(folder, "test", "--explore", "asks.yaml", "--write", "asks.more.test.yaml")
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        2,
        "steady: there is nothing to write: every edge is walked",
    )


def test_a_runbook_without_any_test_is_explored(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    assert steady(tmp_path, "test", "--explore", ".").stdout.count("walks ") == 7
    said = json.loads(steady(tmp_path, "test", "--explore", ".", "--json").stdout)
    assert sum(len(one["edges"]) for one in said["unwalked"]) == 7
    assert all(one["reachable"] for one in said["unwalked"])
    jsonschema.validate(said, json.loads(steady(tmp_path, "schema", "tested").stdout))


def test_a_past_run_becomes_a_test_that_passes(folder):
    assert steady(folder, "run", "asks.yaml").returncode == 4
    steady(folder, "answer", "last", "act", "approve", "--resume")
    assert (folder / "effect").exists()
    written = steady(folder, "test", "--record", "last", "asks.yaml", "--write", "asks.past.test.yaml")
    assert written.stdout == "written  asks.past.test.yaml: 1 test\n"
    done = steady(folder, "test", "asks.past.test.yaml")
    assert done.returncode == 0, done.stdout
    assert "passed  asks: as in r" in done.stdout
    assert steady(folder, "test", "--record", "last").stdout == (folder / "asks.past.test.yaml").read_text()


LIVES = """\
steadyhand: 1
name: lives
title: Lives
steps:
  look:
    title: Look
    shell: touch began; test -e go || sleep 20
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""


def test_a_run_that_survived_its_engine_becomes_a_test_in_which_it_dies(tmp_path):
    (tmp_path / "lives.yaml").write_text(LIVES)
    with start(tmp_path, "run", "lives.yaml") as engine:
        deadline = time.monotonic() + 30
        while not (tmp_path / "began").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        engine.kill()
        engine.communicate()
    (tmp_path / "go").touch()
    assert steady(tmp_path, "resume", "last").returncode == 0
    text = steady(tmp_path, "test", "--record", "last").stdout
    assert "look: [crash, {exit_code: 0}]" in text
    (tmp_path / "lives.test.yaml").write_text(text)
    assert steady(tmp_path, "test", "lives.yaml").returncode == 0


def test_a_run_of_another_version_is_not_recorded(folder):
    steady(folder, "run", "asks.yaml")
    (folder / "asks.yaml").write_text(ASKS + "\n# newer\n")
    done = steady(folder, "test", "--record", "last")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is of another version of asks: " in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name what is to be tested"),
        ([".", "--write", "x.test.yaml"], "--write needs --record RUN or --explore"),
        (["--record", "last"], "there is no run yet"),
        (["--record", "last", "a", "b"], "a run is of one runbook"),
        (["gone.yaml"], "there is no file or folder gone.yaml"),
    ],
)
def test_what_cannot_be_done_is_said(folder, words, said):
    done = steady(folder, "test", *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_no_test_is_no_success(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    done = steady(tmp_path, "test", "asks.yaml")
    assert done.returncode != 0
    assert done.stderr == "steady: asks.yaml has no test\n  write asks.test.yaml beside it\n"
