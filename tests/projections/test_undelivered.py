"""Notifications that did not reach somebody are named, whatever their step expected, and no other step is."""

from __future__ import annotations

import pytest

from steadyhand.model import PASS
from steadyhand.projections.sections import Attempt, Section
from steadyhand.projections.undelivered import Undelivered, lost, of_notify, undelivered

FAILED = {"sent": ["a"], "failed": {"oncall": "slack: 503, after 4 tries"}}


@pytest.mark.parametrize(
    ("outcome", "reason", "values", "said"),
    [
        (PASS, "", {"sent": ["a"], "failed": {}}, []),
        ("", "", {}, []),
        (PASS, "as expected", FAILED, ["oncall (slack): 503, after 4 tries"]),
        ("fail", "failed: expected {}", FAILED, ["oncall (slack): 503, after 4 tries"]),
        ("fail", "", {"failed": {"a": "x: y", "b": "z"}}, ["a (x): y", "b: z"]),
        ("error", "a (webhook): gone; b (email): gone", {}, ["a (webhook): gone; b (email): gone"]),
        ("fail", "too large to keep", {"failed": None}, ["too large to keep"]),
        ("interrupted", "", {}, ["interrupted"]),
    ],
)
def test_what_was_lost(outcome, reason, values, said):
    assert list(lost(outcome, reason, values)) == said


def attempt(path="tell", kind="notify", number=1, **more):
    return Attempt(path, "", number, kind, "read", "", number * 10, **more)


def section(*attempts, kind="notify"):
    return Section("tell", "Tell", kind, 1, 0, attempts=list(attempts))


def test_the_last_attempt_counts():
    first, second = attempt(outcome="error", reason="gone"), attempt(number=2, outcome=PASS)
    assert list(undelivered(section(first, second))) == []
    assert list(undelivered(section(second, first))) == [Undelivered("tell", 10, "gone")]


def test_each_item_of_a_wave_counts():
    found = undelivered(section(attempt("tell[a]", outcome="error", reason="x"), attempt("tell[b]", outcome=PASS)))
    assert list(found) == [Undelivered("tell[a]", 10, "x")]


def test_one_that_never_started_counts():
    assert list(undelivered(section(attempt(kind="", outcome="error", reason="there is no channel x"))))
    assert not list(undelivered(section(attempt(kind="", outcome="error", reason="x"), kind="shell")))


def test_other_steps_and_dry_runs_do_not():
    assert not list(undelivered(section(attempt(kind="shell", outcome="error", reason="x"), kind="shell")))
    assert not list(undelivered(section(attempt(outcome="error", reason="x", simulated=True))))


def test_results_of_a_notification():
    assert of_notify({"sent": [], "failed": {}})
    assert not of_notify({"sent": 1})
