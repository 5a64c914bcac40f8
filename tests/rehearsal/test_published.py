"""The JSON Schemas accept what is read and what is printed, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from steadyhand.rehearsal import published
from steadyhand.rehearsal.documents import SPECIAL
from steadyhand.rehearsal.drills import read_drills
from steadyhand.source import builtin, parse

from .test_documents import GOOD

ROOT = Path(__file__).resolve().parents[2]

MORE = """\
tests:
  t:
    stop: 2m
    roles: {oncall: [anna]}
    steps: {a: [{error: Unreachable, unsure: true}, {crash: true, after: 3s}, {values: {reason: OK}, status: 200}]}
    answers: {a: [[approve, {answer: approve, by: bo}], reject]}
    expect: {asks: [a, {gate: b, prompt: {contains: x}}], sends: [{text: x}], refused: {a: bo}, undone: a, in_doubt: [b]}
"""


def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", [GOOD, MORE])
def test_a_document_that_can_be_read_is_accepted(text):
    validator(published.test_schema()).validate(json.loads(json.dumps(builtin(parse(text, "x")[0]))))


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"tests": {}},
        {"tests": {"a": {"stepps": {}}}},
        {"tests": {"a": {"steps": {"x": "passed"}}}},
        {"tests": {"a": {"steps": {"x": {"error": "Gone"}}}}},
        {"tests": {"a": {"expect": {"asks": [{"prompt": "x"}]}}}},
        {"tests": {"a": {"stop": {"bye": "x"}}}},
    ],
)
def test_what_cannot_be_read_is_not_accepted(bad):
    assert not validator(published.test_schema()).is_valid(bad)


def test_every_word_for_an_outcome_is_accepted():
    judge = validator(published.test_schema())
    assert all(judge.is_valid({"tests": {"a": {"steps": {"x": word}}}}) for word in SPECIAL)


def test_results_name_all_that_they_hold():
    judge = validator(published.tested_schema())
    part = {"walked": 1, "of": 2, "missing": ["a -pass-> b"]}
    covered = {"runbook": "x", "percent": 50, "steps": part, "edges": part, "conclusions": part}
    assert judge.is_valid({"tests": [], "coverage": [covered]})
    assert not judge.is_valid({"tests": [], "coverage": [{**covered, "percent": 101}]})
    assert not judge.is_valid({"tests": [{}], "coverage": []})


def test_the_schema_of_drills_holds_for_those_that_are_shipped_and_refuses_others():
    schema = published.drill_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    shipped = sorted((ROOT / "runbooks").rglob("*.drill.yaml"))
    assert shipped
    for path in shipped:
        root, found = parse(path.read_bytes(), path.name)
        assert found == ()
        assert judge.is_valid(builtin(root)), path
        assert read_drills(path.read_bytes(), path.name)[1] == ()
    assert not judge.is_valid({"drills": {"a": {"brake": "x"}}})
    assert not judge.is_valid({"start": "x"})
