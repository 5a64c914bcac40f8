"""`steady test`: scripted worlds from the command line."""

import json

import pytest

from .documents import ASKS
from .steady import steady

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
        "passed  asks: yes", "passed  asks: no", "        steps 2 of 2, edges 3 of 7 (42 %)",
    ]  # fmt: skip
    assert not (folder / "effect").exists(), "nothing is run"


def test_a_runbook_stands_for_its_test(folder):
    assert steady(folder, "test", "asks.yaml").stdout.startswith("passed  asks: yes")


def test_what_differs_is_said_and_fails(folder):
    (folder / "asks.test.yaml").write_text(TESTS.replace("conclusion: resolved", "conclusion: healthy"))
    done = steady(folder, "test", ".")
    assert done.returncode == 1
    assert "FAILED  asks: yes\n        conclusion: expected healthy, actual resolved\n" in done.stdout


def test_too_little_coverage_fails(folder):
    done = steady(folder, "test", "--coverage-min", "43", ".")
    assert (done.returncode, done.stderr) == (1, "asks.test.yaml: 42 % of the edges walked, 43 % wanted\n")


def test_json(folder):
    said = json.loads(steady(folder, "test", "--json", ".").stdout)
    assert "asks" in json.dumps(said)


def test_no_test_is_no_success(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    done = steady(tmp_path, "test", "asks.yaml")
    assert done.returncode != 0
    assert done.stderr == "steady: asks.yaml has no test\n  write asks.test.yaml beside it\n"
