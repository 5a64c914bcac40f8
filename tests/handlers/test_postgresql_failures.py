"""What PostgreSQL says, by the name of the failure."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused, TimedOut, Unreachable
from steadyhand.handlers import _postgresql_failures as failures
from steadyhand.handlers._place import place_of
from steadyhand.handlers.bench import BenchHands

PLACE = place_of({"kind": "postgresql", "name": "db"}, BenchHands())


def named(state, text="it said so", *, committing=False, remaining=9.0, **given):
    return failures.named(failures.Said(state, text, **given), PLACE, committing=committing, remaining=remaining)


@pytest.mark.parametrize(
    ("state", "failure"),
    [
        ("25006", Refused), ("55P03", TimedOut), ("40001", Refused), ("40P01", Refused), ("42501", Refused), ("42601", BadInput),
        ("22P02", BadInput), ("23505", Refused), ("53300", Refused), ("53100", Refused), ("57P01", Unreachable),
        ("08006", Unreachable), ("28P01", Refused), ("XX000", Refused), ("P0001", Refused), ("42883", BadInput),
    ],
)  # fmt: skip
def test_every_state_has_a_name_and_a_hint(state, failure):
    found = named(state)
    assert type(found) is failure
    assert found.message.startswith("localhost:5432: ")
    assert found.message.endswith(": it said so")
    assert found.hint
    assert not found.unsure


def test_a_statement_that_is_cancelled():
    assert type(named("57014", remaining=0.0)) is TimedOut
    assert type(named("57014")) is Refused


@pytest.mark.parametrize(
    ("state", "severity", "unsure"),
    [("40001", "ERROR", False), ("23503", "ERROR", False), ("57P01", "FATAL", True), ("53100", "PANIC", True),
     ("57014", "ERROR", True), ("40003", "FATAL", True)],
)  # fmt: skip
def test_a_commit_that_was_refused_is_sure_and_one_that_broke_off_is_not(state, severity, unsure):
    assert named(state, committing=True, severity=severity).unsure is unsure


def test_the_details_are_told():
    found = named("23505", "duplicate key", detail="Key (id)=(1) already exists.")
    assert found.message.endswith("rolled back: duplicate key; Key (id)=(1) already exists.")
    assert named("42703", "no column", hint="Perhaps you meant x.").hint == "perhaps you meant x."


def test_the_place_of_a_mistake_is_marked():
    assert failures.marked("select 1\nform x", "10") == "line 2: ►form x"
    assert failures.marked("select " + "a" * 100 + " b", "109") == f"line 1: {'a' * 39} ►b"
    assert failures.marked("select 1", "") == ""


def test_a_connection_that_is_lost():
    found = failures.lost("consuming input failed: SSL\n error", PLACE, committing=False)
    assert found.message == "the connection to localhost:5432 was lost, nothing was changed: SSL error"
    assert not found.unsure
    assert failures.lost("", PLACE, committing=True).unsure
    assert not failures.rolled_back(PLACE).unsure


@pytest.mark.parametrize(("pattern", "failure", "what", "hint"), failures.CONNECTING)
def test_the_way_there(pattern, failure, what, hint):
    assert what
    assert hint
    assert failure in {Refused, Unreachable}


@pytest.mark.parametrize(
    ("text", "failure", "what"),
    [
        ("FATAL:  sorry, too many clients already", Refused, "has no connection left"),
        ("FATAL:  remaining connection slots are reserved for non-replication superuser connections", Refused, "has only reserved connections left"),
        ("FATAL:  no pg_hba.conf entry for host", Refused, "does not let us in from here"),
        ("FATAL:  the database system is starting up", Unreachable, "is still starting"),
        ("connection timeout expired", Unreachable, "did not answer"),
        ("connection failed: FATAL:  something\n else", Unreachable, "cannot be connected to: something else"),
    ],
)  # fmt: skip
def test_why_there_was_no_connection(text, failure, what):
    found = failures.connecting(Exception(text), PLACE)
    assert type(found) is failure
    assert found.message == f"localhost:5432 {what}"
