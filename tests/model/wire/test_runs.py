"""What a client sends is refused when it is unfit; what it gets may grow."""

from __future__ import annotations

import msgspec
import pytest

from steadyhand.model import Mode
from steadyhand.model.wire import AnswerGate, Note, Nothing, Reason, StartRun, Summary


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        (StartRun, b"{}", "missing required field `runbook`"),
        (StartRun, b'{"runbook": "x", "more": 1}', "unknown field `more`"),
        (StartRun, b'{"runbook": "../x"}', "regex"),
        (StartRun, b'{"runbook": "x", "mode": "wild"}', "Invalid enum value"),
        (StartRun, b'{"runbook": "x", "inputs": []}', "Expected `object`"),
        (AnswerGate, b'{"answer": ""}', "length >= 1"),
        (AnswerGate, b'{"answer": "x", "digest": null}', "Expected `str`"),
        (Note, b'{"text": ""}', "length >= 1"),
        (Reason, b'{"reason": "%s"}' % (b"x" * 4001), "length <= 4000"),
        (Nothing, b'{"a": 1}', "unknown field `a`"),
    ],
)
def test_what_is_unfit_is_refused(kind, body, why):
    with pytest.raises(msgspec.ValidationError, match=why):
        msgspec.json.decode(body, type=kind)


def test_every_mode_may_be_asked_for():
    for mode in Mode:
        assert (
            msgspec.json.decode(msgspec.json.encode({"runbook": "x", "mode": mode.value}), type=StartRun).mode
            == mode.value
        )


def test_an_answer_may_have_more_fields_than_a_client_knows():
    assert msgspec.json.decode(b'{"id": "r1", "later": [1]}', type=Summary) == Summary("r1")
