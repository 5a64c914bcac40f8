"""Leases are bounded, and a problem says no more than there is to say."""

from __future__ import annotations

import msgspec
import pytest

from steadyhand.model.wire import Problem, ReturnLease, TakeLease


@pytest.mark.parametrize(
    "body",
    [
        {"target": "a b", "reason": "x"},
        {"target": "", "reason": "x"},
        {"target": "a", "reason": ""},
        {"target": "a", "reason": "x", "term": "soon"},
        {"target": "a", "reason": "x", "term": "0h"},
        {"target": "a", "reason": "x", "force": True},
    ],
)
def test_a_lease_that_makes_no_sense_is_refused(body):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, TakeLease)


def test_leases_that_do():
    assert msgspec.convert({"target": "orders-db", "reason": "x"}, TakeLease).term == "1h"
    assert msgspec.convert({"target": "orders-db"}, ReturnLease).reason == ""


def test_a_problem_leaves_out_what_it_does_not_say():
    assert msgspec.to_builtins(Problem("urn:x", "title", 404)) == {"type": "urn:x", "title": "title", "status": 404}
