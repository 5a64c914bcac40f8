"""Each kind of problem is told with its status, its words, and the headers that belong to it."""

from __future__ import annotations

import pytest

from steadyhand.errors import Diagnostic, InvalidDocument, JournalError, NotFound, Span, SteadyError, UsageError
from steadyhand.web.problems import KINDS, OF_STATUS, URN, Refusal, plain, told
from steadyhand.web.requests import Denied


@pytest.mark.parametrize(
    ("problem", "kind", "status", "headers"),
    [
        (Denied("sign in", unknown=True), "unknown-person", 401, {"WWW-Authenticate": "Bearer"}),
        (Denied("no"), "denied", 403, {}),
        (NotFound("x"), "not-found", 404, {}),
        (UsageError("x"), "unfit", 422, {}),
        (JournalError("x"), "unavailable", 503, {"Retry-After": "5"}),
        (SteadyError("x"), "unreadable", 400, {}),
        (Refusal("in-progress", "x", headers={"Retry-After": "1"}), "in-progress", 409, {"Retry-After": "1"}),
    ],
)
def test_an_error_becomes_a_problem(problem, kind, status, headers):
    body, found = told(problem)
    assert (body.type, body.status, body.title, found) == (URN + kind, status, KINDS[kind].title, headers)
    assert body.detail == problem.message


def test_findings_and_needs_are_told():
    body, _ = told(InvalidDocument((Diagnostic("SG001", "what", Span("a", 1, 2, 3)),)))
    assert [one.code for one in body.findings] == ["SG001"]
    body, _ = told(Refusal("unfinishable", "x", needs=["tool psql: not on PATH"]))
    assert body.needs == ["tool psql: not on PATH"]


def test_a_status_alone_finds_its_kind():
    assert OF_STATUS[409] == "conflict"
    assert OF_STATUS[422] == "unfit"
    assert plain(404, "there is no /x here").type == URN + "not-found"
    assert plain(418, "short and stout").type == "about:blank"


def test_every_status_that_was_asked_for_is_in_the_table():
    assert {kind.status for kind in KINDS.values()} == {400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 500, 503}
