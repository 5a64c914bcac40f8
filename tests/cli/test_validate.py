"""`steady validate`: findings for people, for editors and for CI."""

import json
import xml.etree.ElementTree as ET

import pytest

from .documents import ASKS, HEALTHY, WRONG
from .steady import steady

UNGUARDED = ASKS.replace("    gate: {prompt: 'Act for {{ inputs.who }}?'}\n", "").replace(
    ", rejected: end.escalated", ""
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    (tmp_path / "sub" / "wrong.yml").write_text(WRONG)
    (tmp_path / "healthy.test.yaml").write_text("tests: {}\n")
    (tmp_path / "steady.yaml").write_text("library: [.]\n")
    (tmp_path / "pipeline.yml").write_text("on: push\njobs: {}\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.yaml").write_text("nonsense: [")
    return tmp_path


def test_a_folder_is_looked_through_and_other_files_are_left_out(folder):
    done = steady(folder, "validate", ".")
    assert done.returncode == 1
    assert done.stdout == (
        "sub/wrong.yml:9:18: error SH301: there is no step `lok`\n"
        "      next: {pass: lok, fail: end.escalated, error: end.escalated}\n"
        "                   ^^^\n"
        "  did you mean `look`?\n"
        "2 runbooks, 1 error, 0 warnings\n"
    )


def test_warnings_fail_only_when_strict(tmp_path):
    (tmp_path / "asks.yaml").write_text(UNGUARDED)
    lenient, strict = steady(tmp_path, "validate", "asks.yaml"), steady(tmp_path, "validate", "--strict", "asks.yaml")
    assert (lenient.returncode, strict.returncode) == (0, 1)
    assert "warning SG004" in lenient.stdout


def test_json_lists_every_file(folder):
    said = json.loads(steady(folder, "validate", "--json", ".").stdout)
    assert [(f["path"], [d["code"] for d in f["findings"]]) for f in said["files"]] == [
        ("healthy.yaml", []),
        ("sub/wrong.yml", ["SH301"]),
    ]


def test_sarif_names_rule_and_place(folder):
    said = json.loads(steady(folder, "validate", "--format", "sarif", ".").stdout)
    result = said["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (said["version"], result["ruleId"], result["level"]) == ("2.1.0", "SH301", "error")
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("sub/wrong.yml", 9)


def test_junit_is_xml_with_a_failure(folder):
    suite = ET.fromstring(steady(folder, "validate", "--format", "junit", ".").stdout)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert "SH301" in "".join(suite.itertext())


def test_github_annotates_the_line(folder):
    said = steady(folder, "validate", "--format", "github", ".").stdout
    assert said.startswith("::error file=sub/wrong.yml,line=9,")


def test_findings_of_hostile_names_stay_on_their_line(tmp_path):
    (tmp_path / "a,b%\n::error::x.yaml").write_text(WRONG)
    said = steady(tmp_path, "validate", "--format", "github", ".").stdout.strip().splitlines()
    assert len(said) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.yaml"], "steady: there is no file or folder nowhere.yaml\n  check the path\n"),
        ([], "Missing argument 'PATHS...'"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, words, message):
    done = steady(tmp_path, "validate", *words)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_folder_without_runbooks_is_no_success(tmp_path):
    done = steady(tmp_path, "validate", ".")
    assert (done.returncode, done.stderr) == (
        2, "steady: there is no runbook in .\n  name a file, or a folder with *.yaml files\n",
    )  # fmt: skip


def test_a_test_document_that_is_named_is_held_against_its_runbook(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    test = "tests:\n  yes:\n    steps: {act: pass, check: pass}\n    answers: {act: approve}\n"
    (tmp_path / "asks.test.yaml").write_text(test)
    done = steady(tmp_path, "validate", "asks.yaml", "asks.test.yaml")
    assert done.stdout.splitlines()[-1].startswith("1 runbook, 1 test document, 0 errors")
    (tmp_path / "asks.test.yaml").write_text(test.replace("act: approve", "act: aprove"))
    done = steady(tmp_path, "validate", "asks.test.yaml")
    assert done.returncode == 1
    assert "asks.test.yaml:4:15: error ST003: `act` cannot be answered with 'aprove'" in done.stdout
    assert steady(tmp_path, "validate", ".").returncode == 0, "a folder is searched for runbooks alone"


def test_settings_that_are_named_are_checked_with_their_routes(tmp_path):
    from tests.app.alerts import desk

    desk(tmp_path, "routes: [{name: a, match: {alertname: Slow}, runbook: look}]\n")
    done = steady(tmp_path, "validate", "steady.yaml", "runbooks")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 runbooks, 1 settings file, 0 errors, 0 warnings")
    desk(tmp_path, "routes: [{name: a, match: {alertname: Slow}, runbook: lok}]\n")
    done = steady(tmp_path, "validate", "steady.yaml", "--json")
    assert done.returncode == 1
    assert "there is no runbook lok" in done.stdout
