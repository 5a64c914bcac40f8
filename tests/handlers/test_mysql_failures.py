"""What MySQL says, by the name of the failure."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused, TimedOut, Unreachable
from steadyhand.handlers import _mysql_failures as failures
from steadyhand.handlers._place import place_of
from steadyhand.handlers.bench import BenchHands

PLACE = place_of({"kind": "mysql", "name": "db"}, BenchHands())


def named(code, *, committing=False):
    return failures.named(Exception(code, "it said so"), PLACE, committing=committing)


@pytest.mark.parametrize(
    ("code", "failure"),
    [(1064, BadInput), (1792, Refused), (1205, TimedOut), (1213, Refused), (1142, Refused), (1062, Refused), (1317, TimedOut),
     (1969, TimedOut), (2013, Unreachable), (1927, Unreachable), (1290, Refused), (9999, Refused)],
)  # fmt: skip
def test_every_number_has_a_name_and_a_hint(code, failure):
    found = named(code)
    assert type(found) is failure
    assert "localhost:3306" in found.message
    assert "it said so" in found.message
    assert found.hint
    assert not found.unsure


@pytest.mark.parametrize(("code", "unsure"), [(2013, True), (1213, False), (1180, True), (3101, False)])
def test_a_commit(code, unsure):
    assert named(code, committing=True).unsure is unsure


def test_a_socket_that_breaks_is_a_connection_lost():
    found = failures.named(ConnectionResetError(104, "reset"), PLACE, committing=True)
    assert type(found) is Unreachable
    assert found.unsure


@pytest.mark.parametrize(
    ("problem", "failure", "what"),
    [
        (Exception(1040, "Too many connections"), Refused, "has no connection left"),
        (Exception(1045, "Access denied"), Refused, "rejects the user or the password"),
        (Exception(1049, "Unknown database"), Refused, "has no such database"),
        (Exception(2003, "Can't connect ([Errno 111] Connection refused)"), Unreachable, "refused the connection"),
        (Exception(2003, "Can't connect (timed out)"), Unreachable, "did not answer"),
        (Exception(2003, "certificate verify failed: Hostname mismatch"), Refused, "has a certificate for another name"),
        (Exception(2003, "certificate verify failed: self-signed"), Refused, "has a certificate that is not trusted here"),
        (RuntimeError("'cryptography' package is required for sha256_password"), Refused, "wants the password encrypted"),
        (Exception(2003, "who knows"), Unreachable, "cannot be connected to: who knows"),
    ],
)  # fmt: skip
def test_why_there_was_no_connection(problem, failure, what):
    found = failures.connecting(problem, PLACE)
    assert type(found) is failure
    assert found.message == f"localhost:3306 {what}"
    assert found.hint
