"""What came of tests, in the forms that people and CI systems read; hostile text stays in its place."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.app import rehearsing
from steadyhand.app.rehearsing import Walked
from steadyhand.cli import tested as shown
from steadyhand.errors import Diagnostic, Span
from steadyhand.rehearsal import published
from steadyhand.rehearsal.coverage import coverage
from steadyhand.rehearsal.explore import Unwalked
from steadyhand.rehearsal.rehearse import Report, rehearse
from steadyhand.rehearsal.world import planner

from ..rehearsal.documents import SPECS, case, wide
from ..rehearsal.test_rehearse import REPAIR

BAD = Diagnostic(
    "ST002", "the runbook has no step `x`", Span("a.test.yaml", 3, 5, 6), "why", "did you mean `y`?", "  x: pass"
)


def done(*texts, name="a.test.yaml"):
    reports = tuple(rehearse(wide(), case(text), SPECS, planner) for text in texts)
    one = rehearsing.Tested(name, "a.yaml", wide(), reports)
    return one, Walked("a.yaml", wide(), coverage(wide(), [(r.path, r.walked) for r in reports]))


def test_people_see_each_case_what_differs_and_three_numbers():
    one, walked = done(REPAIR, REPAIR + "expect: {conclusion: escalated}\n")
    lines = list(shown.text_lines([one], [walked]))
    assert lines[:4] == [
        "passed  x: t",
        "FAILED  x: t",
        "        conclusion: expected escalated, actual resolved",
        "        steps 7 of 7, edges 7 of 22 (31 %), conclusions 1 of 3",
    ]
    assert lines[4] == "        never walked: tell -fail-> end.escalated"


def test_coverage_stands_below_the_last_document_of_a_runbook():
    one, walked = done(REPAIR)
    two, _ = done(REPAIR, name="a.more.test.yaml")
    lines = list(shown.text_lines([one, two], [walked]))
    assert [line[:14] for line in lines[:3]] == ["passed  x: t", "passed  x: t", "        steps "]


def test_a_document_that_is_not_valid_is_told_with_its_findings():
    lines = list(shown.text_lines([rehearsing.Tested("a.test.yaml", "a.yaml", None, findings=(BAD,))], []))
    assert lines[0] == "FAILED  a.test.yaml: the document is not valid, and none of its tests was run"
    assert lines[1].startswith("a.test.yaml:3:5: error ST002: the runbook has no step `x`")


def test_programs_read_json_that_fits_its_schema():
    one, walked = done(REPAIR, "inputs: {app: shop}\nsteps: {}\n")
    broken = rehearsing.Tested("b.test.yaml", "b.yaml", None, findings=(BAD,))
    unwalked = [Unwalked(wide(), ("a -pass-> b",), ("a",), "healthy", None, "why")]
    document = json.loads(shown.json_of([one, broken], [walked], unwalked))
    jsonschema.validate(document, published.tested_schema())
    first, second = document["tests"][0]["cases"]
    assert first["sent"][0]["text"] == "shop is slow"
    assert first["asked"] == ["pick", "number", "repair", "by_hand"]
    assert second["problems"] == ["the test does not say what comes of tell"]
    assert [t["passed"] for t in document["tests"]] == [False, False]
    assert document["unwalked"][0]["reachable"] is False
    assert "unwalked" not in json.loads(shown.json_of([one], [walked]))


def suites(text):
    return ET.fromstring(text.partition("\n")[2])


def test_junit_counts_what_it_holds():
    one, walked = done(REPAIR, REPAIR + "expect: {conclusion: escalated}\n")
    broken = rehearsing.Tested("b.test.yaml", "b.yaml", None, findings=(BAD,))
    root = suites(shown.junit_of([one, broken], [(walked, 100)]))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "2", "1")
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
    assert root[0][1][0].get("message") == "conclusion: expected escalated, actual resolved"
    assert root[2][0][0].text.startswith("never walked: ")


@given(st.text(), st.text())
def test_any_text_can_be_reported(name, problem):
    report = Report(name, (problem,))
    one = rehearsing.Tested(name, name, wide(), (report,), (Diagnostic("ST001", problem, Span(name, 1, 1, 2)),))
    assert suites(shown.junit_of([one], []).encode("utf-8", "replace").decode()).get("failures") == "1"
    assert json.loads(shown.json_of([one], []))["tests"][0]["cases"][0]["problems"] == [problem]


@pytest.mark.parametrize(("form", "sign"), [("text", "(never walked)"), ("mermaid", "-.->"), ("svg", "∅")])
def test_a_picture_marks_what_no_test_walks(form, sign):
    _, walked = done("inputs: {app: shop}\nsteps: {tell: fail}\n")
    drawn = shown.picture(form, walked)
    assert sign in drawn
    assert "∅" in drawn


def test_paths_that_no_test_walks_are_listed():
    found = [
        Unwalked(wide(), ("a -pass-> b", "b -pass-> end.healthy"), ("a", "b"), "healthy", case("steps: {}")),
        Unwalked(wide(), ("a -fail-> end.escalated",), ("a",), "escalated", None, "it leads elsewhere"),
    ]
    assert list(shown.unwalked_lines(found, 3)) == [
        "x: a -> b -> end.healthy",
        "        walks a -pass-> b",
        "        walks b -pass-> end.healthy",
        "x: a -> end.escalated",
        "        walks a -fail-> end.escalated",
        "        no script was found that takes it: it leads elsewhere",
        "and 3 more: cover these first",
    ]
    assert list(shown.unwalked_lines([], 0)) == ["every edge is walked"]
