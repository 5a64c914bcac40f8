"""Findings in the forms that people, editors and CI systems read; hostile text stays in its place."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.cli.reporters import FORMATS, render, text_of
from steadyhand.errors import Diagnostic, Severity, Span

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
