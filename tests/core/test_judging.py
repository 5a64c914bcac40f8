"""What a result makes of an attempt, whoever says what the result is."""

from __future__ import annotations

import pytest

from steadyhand.core.judging import Judgement, judged
from steadyhand.handlers import shell
from steadyhand.model import Effect, Operation


def operation(expect=None, **facts):
    return Operation("shell", {"text": "x"}, Effect.READ, expect=expect, facts=facts)


@pytest.mark.parametrize(
    ("expect", "seen", "outcome"),
    [
        (None, {"exit_code": 0}, "pass"),
        (None, {"exit_code": 3}, "fail"),
        ({"stdout": {"equals": "a"}}, {"stdout": "a"}, "pass"),
        ({"stdout": {"equals": "a"}}, {"stdout": "b", "exit_code": 0}, "fail"),
        ({"stdout": {"equals": "a"}}, {"stdout": "a", "exit_code": 127}, "error"),
        ({"stdout": {"equals": "a"}}, {}, "error"),
        ("stdout | int > many", {"stdout": "5"}, "pass"),
    ],
)
def test_the_outcome_follows_from_the_expectation(expect, seen, outcome):
    assert judged(operation(expect), shell.spec, seen, {"many": 4}).outcome == outcome


def test_facts_are_taken_where_the_result_could_be_told():
    found = judged(
        operation({"exit_code": 1}, used="{{ stdout | int }}"), shell.spec, {"exit_code": 0, "stdout": "7"}, {}
    )
    assert (found.outcome, found.facts) == ("fail", {"used": 7})
    assert judged(operation(None, used="{{ stdout }}"), shell.spec, {}, {}).facts == {}


def test_a_fact_that_cannot_be_taken_is_an_error_that_keeps_what_was_found():
    found = judged(operation(None, used="{{ nothing }}"), shell.spec, {"exit_code": 0}, {})
    assert found.outcome == "error"
    assert found.reason.startswith("a fact cannot be taken: ")
    assert found.findings
    assert Judgement("pass").facts == {}
