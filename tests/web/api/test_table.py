"""The table is in order: names, addresses, rights."""

from __future__ import annotations

from steadyhand.model.people import Role
from steadyhand.web.api.table import OPERATIONS
from steadyhand.web.problems import KINDS


def test_each_operation_is_one_of_its_kind():
    assert len({one.id for one in OPERATIONS}) == len(OPERATIONS)
    assert len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS)


def test_parameters_of_the_path_are_those_that_it_names():
    for one in OPERATIONS:
        named = {part[1:-1] for part in one.path.split("/") if part.startswith("{")}
        assert named == {p.name for p in one.params if p.where == "path"}, one.id


def test_who_posts_says_something_and_who_gets_says_nothing():
    assert all((one.body is not None) == (one.method == "POST") for one in OPERATIONS)
    assert {one.method for one in OPERATIONS} == {"GET", "POST"}


def test_problems_are_of_the_table():
    assert all(kind in KINDS for one in OPERATIONS for kind in one.all_problems)


def test_the_rights_are_these():
    rights = {one.id: one.right for one in OPERATIONS}
    assert [name for name, right in rights.items() if right is None] == ["getHealth"]
    assert {name for name, right in rights.items() if right is Role.ADMIN} == {"stopAll"}
    assert {name for name, right in rights.items() if right is Role.COMMANDER} == {"stopRun", "takeOverRun"}
    acting = {"preflightRunbook", "startRun", "answerGate", "noteInRun", "wakeRun", "takeLease", "returnLease"}
    assert {name for name, right in rights.items() if right is Role.RESPONDER} == acting
