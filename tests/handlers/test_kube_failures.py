"""What a cluster answers, and what is lost on the way, by name."""

from __future__ import annotations

import pytest
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError, ReadTimeoutError

from steadyhand.errors import BadInput, BadResponse, Refused, TimedOut, Unreachable
from steadyhand.handlers._kube_failures import Answered, lost, named, said, status_of


@pytest.mark.parametrize(("code", "failure"), [
    (400, BadInput), (401, Refused), (403, Refused), (404, Refused), (409, Refused), (410, Refused), (413, BadInput),
    (415, BadInput), (422, BadInput), (429, Refused), (500, BadResponse), (503, Unreachable), (504, Unreachable), (418, BadResponse),
])  # fmt: skip
def test_each_answer_has_a_name_and_a_way_on(code, failure):
    found = named(Answered(code, {"message": "the server's words"}), unsure=code >= 500)
    assert type(found) is failure
    assert "the server's words" in found.message
    assert found.hint
    assert found.unsure is (code >= 500)


def test_answers_that_say_more():
    assert "it is there already" in named(Answered(409, {"reason": "AlreadyExists"}), unsure=False).message
    owned = {
        "message": "conflict",
        "details": {"causes": [{"reason": "FieldManagerConflict", "field": ".data", "message": "with x"}]},
    }
    assert "force: true" in named(Answered(409, owned), unsure=False).hint


def test_the_words_of_the_server():
    status = {
        "message": "it is\n invalid",
        "details": {"causes": [{"field": "spec.a", "message": "too small"}, {"message": "invalid"}, "x"]},
    }
    assert said(status) == "it is invalid; spec.a: too small"
    assert said({"message": "x" * 1000}).endswith("x...")
    assert said({}) == ""
    assert status_of(b"<html>") == {"message": "<html>"}
    assert status_of(b"[1]") == {"message": "[1]"}


def test_what_is_lost():
    refused = NewConnectionError(None, "x")
    refused.__cause__ = ConnectionRefusedError(111, "refused")
    assert "refused the connection" in lost(refused, "h:1", sent=False, unsure=False).message
    found = lost(ConnectTimeoutError(), "h:1", sent=False, unsure=False)
    assert isinstance(found, Unreachable)
    assert "could not be connected to in time" in found.message
    found = lost(ReadTimeoutError(None, "", ""), "h:1", sent=True, unsure=True)
    assert isinstance(found, TimedOut)
    assert found.unsure
    found = lost(ProtocolError("cut"), "h:1", sent=True, unsure=True)
    assert "was lost after the request had been sent: cut" in found.message
    assert found.unsure
