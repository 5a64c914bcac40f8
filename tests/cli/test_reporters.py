"""Findings in the forms that people, editors and CI systems read; hostile text stays in its place."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.cli.reporters import FORMATS, render, text_of, titles
from steadyhand.errors import Diagnostic, Severity, Span

ROOT = Path(__file__).resolve().parents[2]
ERROR = Diagnostic(
    "SH101", "no key `titel`", Span("a.yaml", 4, 3, 8), "nothing reads it", "did you mean `title`?", "  titel: X"
)
WARNING = Diagnostic("SG200", "quiet", Span("a.yaml", 5, 1, 2), severity=Severity.WARNING)
FILES = [("a.yaml", (ERROR, WARNING)), ("b.yaml", ())]


def test_people_see_the_line_and_a_caret_below_the_word():
    assert text_of([ERROR]).splitlines() == [
        "a.yaml:4:3: error SH101: no key `titel`", "    titel: X", "    ^^^^^", "  why: nothing reads it", "  did you mean `title`?",
    ]  # fmt: skip


def test_a_long_line_is_shown_around_the_word():
    far = Diagnostic("SH101", "m", Span("a", 1, 501, 504), text="x" * 500 + "bad" + "y" * 500)
    _, line, caret = text_of([far]).splitlines()
    assert len(line) < 200
    assert line[caret.index("^") : caret.rindex("^") + 1] == "bad"


def test_programs_read_json_and_sarif():
    document = json.loads(render("json", FILES))
    assert [len(f["findings"]) for f in document["files"]] == [2, 0]
    assert document["files"][0]["findings"][0]["column"] == 3
    (run,) = json.loads(render("sarif", FILES))["runs"]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["SG200", "SH101"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 4,
        "startColumn": 3,
        "endColumn": 8,
    }


def test_a_warning_is_no_failure():
    suite = ET.fromstring(render("junit", [("a.yaml", (WARNING,)), ("b.yaml", (ERROR,))]).partition("\n")[2])
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [bool(case.findall("failure")) for case in suite] == [False, True]


def test_annotations_stay_on_one_line():
    lines = render("github", FILES).splitlines()
    assert lines[0] == "::error file=a.yaml,line=4,col=3,title=SH101::no key `titel`. did you mean `title`?"
    assert lines[1].startswith("::warning ")


def test_with_strict_a_warning_is_a_failure_and_otherwise_it_is_told_beside():
    files = [("a.yaml", (WARNING,))]
    (case,) = ET.fromstring(render("junit", files, strict=True).partition("\n")[2])
    assert case.find("failure").get("type") == "SG200"
    (case,) = ET.fromstring(render("junit", files).partition("\n")[2])
    assert "warning SG200: quiet" in case.find("system-out").text


def test_what_would_end_a_value_of_an_annotation_is_written_by_its_number():
    odd = Diagnostic("SH101", "50 %: a,\r\nb", Span("a:b,c%.yaml", 4, 3, 8))
    assert render("github", [("x", (odd,))]) == (
        "::error file=a%3Ab%2Cc%25.yaml,line=4,col=3,title=SH101::50 %25: a,%0D%0Ab"
    )


MINIMAL = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id", "shortDescription", "helpUri"],
                                            "properties": {
                                                "shortDescription": {"required": ["text"]},
                                                "fullDescription": {"required": ["text"]},
                                                "help": {"required": ["text"]},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {
                                    "required": ["text"],
                                    "properties": {"text": {"type": "string", "minLength": 1}},
                                },
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                                "locations": {
                                    "minItems": 1,
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation", "region"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {"uri": {"pattern": "^(?!/)[!-~]*$"}}
                                                    },
                                                    "region": {
                                                        "properties": {
                                                            "startLine": {"minimum": 1},
                                                            "startColumn": {"minimum": 1},
                                                            "endColumn": {"minimum": 1},
                                                        }
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of what we write, in short."""


def sarif(*diagnostics):
    log = json.loads(render("sarif", [("a.yaml", diagnostics)]))
    jsonschema.validate(log, MINIMAL)
    (run,) = log["runs"]
    return run


def test_sarif_names_the_rule_of_each_result_and_says_what_it_is():
    run = sarif(ERROR, WARNING, ERROR)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert rules[1]["shortDescription"]["text"] == "unknown key"
    assert (ROOT / rules[1]["helpUri"]).is_file()
    assert set(titles()) >= {"SH101", "SA001", "ST001"}


def test_a_fingerprint_stays_when_lines_move_and_differs_between_findings():
    moved = Diagnostic(ERROR.code, ERROR.message, Span("a.yaml", 40, 9, 14), text="        titel: X")
    other = Diagnostic(ERROR.code, "no key `titl`", Span("a.yaml", 4, 3, 8), text="  titl: X")

    def marks(*found):
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in sarif(*found)["results"]]

    assert marks(moved) == marks(ERROR)
    assert marks(other) != marks(ERROR)
    first, second = marks(ERROR, ERROR)
    assert first != second, "the same twice on equal lines are two findings"


def test_addresses_are_relative_and_escaped():
    odd = Diagnostic("SH101", "m", Span("run books/ä:1.yaml", 0, 0, 0))
    (result,) = sarif(odd)["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "run%20books/%C3%A4%3A1.yaml"
    assert place["region"] == {"startLine": 1, "startColumn": 1, "endColumn": 1}
    outside = Diagnostic("SH101", "m", Span("/srv/x.yaml", 1, 1, 2))
    (result,) = sarif(outside)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///srv/x.yaml"


@pytest.mark.parametrize("form", FORMATS)
@given(st.text(), st.text())
def test_any_text_can_be_reported(form, message, source):
    hostile = Diagnostic("SH101", message, Span(source, 1, 1, 3), message, message, source)
    said = render(form, [(source, (hostile,))])
    if form in {"json", "sarif"}:
        json.loads(said)
    elif form == "junit":
        ET.fromstring(said.encode("utf-8", "replace").partition(b"\n")[2])
    elif form == "github":
        assert said.count("::error file=") >= 1
        assert len([line for line in said.split("\n") if line.startswith("::")]) == 1
