"""Secrets that a run has used are known to every process that takes it up, or that writes into it."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.driver.recall import recall, used
from steadyhand.errors import Refused, UsageError
from steadyhand.model import Runbook

INNER = Runbook("inner", "Inner", {})
OUTER = Runbook("outer", "Outer", {}, calls={"inner": INNER})


def recorded(*events):
    return [e.Recorded("r1", number, 0, "", 1, event) for number, event in enumerate(events, 1)]


def intended(path, *uses):
    return e.StepIntended(path, 1, 1, "shell", "read", False, "", "", uses=uses)


def test_a_secret_belongs_to_the_runbook_whose_step_was_handed_it():
    found = used(
        OUTER,
        recorded(
            intended("first"),
            intended("look", "one", "settings.chat"),
            e.CallStarted("go", "inner", {}),
            intended("go/look", "one"),
            intended("gone", "two"),
            intended("go/look", "one"),
        ),
    )
    assert found == ((OUTER, "one"), (OUTER, "settings.chat"), (INNER, "one"), (OUTER, "two"))


def test_all_are_fetched_and_the_first_that_cannot_be_had_is_told_with_what_to_do():
    asked = []

    def reveal(runbook, name):
        asked.append((runbook.name, name))
        if name == "two":
            raise Refused("secret two: the variable TWO is not set", "set it")

    recall(OUTER, recorded(intended("look", "one")), reveal)
    assert asked == [("outer", "one")]
    with pytest.raises(UsageError, match="TWO is not set; the run has used it") as caught:
        recall(OUTER, recorded(intended("look", "one", "two", "three")), reveal)
    assert caught.value.hint == "set it"
    assert asked[1:] == [("outer", "one"), ("outer", "two")]
