"""API tokens: never above the person's own rights, shown once."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.access.records import TOKEN
from steadyhand.app import accounts, tokens
from steadyhand.errors import JournalError, NotFound, UsageError
from steadyhand.model.people import Role

from .door import CLI, DAY, ORIGIN, door, told


@pytest.fixture
def access(tmp_path):
    return door(tmp_path)


def issue(access, person="ana", role=Role.APPROVER, services=("orders",), term=30 * DAY, label="ci"):
    return tokens.issue(access, person, role, services, term, label, CLI)


def test_it_is_shown_once_and_only_its_digest_is_kept(access):
    text, token = issue(access)
    assert text.startswith("steady_")
    assert text not in repr(access.cells.list(TOKEN)) + repr(told(access))
    assert text.rpartition("_")[2] not in repr(access.cells.list(TOKEN))
    assert told(access) == [
        e.TokenIssued(token.id, "ana", "ci", "approver", ("orders",), access.now + 30 * DAY, "kim", "cli")
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"person": "zoe"}, "zoe has no role on this server"),
        ({"role": Role.ADMIN}, "ana is no admin for orders, so no token of theirs can be"),
        ({"services": ("shop",)}, "ana is no approver for shop, so no token of theirs can be"),
        ({"role": Role.COMMANDER, "services": ()}, "ana is no commander, so no token of theirs can be"),
        ({"term": 0}, "a token holds for a year at most"),
        ({"term": 367 * DAY}, "a token holds for a year at most"),
    ],
)
def test_it_is_never_above_the_person(access, asked, words):
    with pytest.raises(UsageError) as refused:
        issue(access, **asked)
    assert refused.value.message == words
    assert access.cells.list(TOKEN) == ()


def test_without_services_it_is_for_all_that_the_person_has(access):
    text, _ = issue(access, services=())
    assert access.identify_token(text, ORIGIN).rights == {"orders": Role.APPROVER, "*": Role.VIEWER}


def test_groups_of_the_provider_count_while_they_are_fresh(tmp_path):
    from steadyhand.access import records
    from steadyhand.access.records import VOUCHED, Vouched

    access = door(tmp_path, more="login: {oidc: {issuer: https://id.example, client_id: x, groups: groups}}\n")
    access.cells.put(VOUCHED, "zoe", records.dump(Vouched(("sre",), access.now)), access.now + 30 * DAY)
    text, _ = issue(access, person="zoe", role=Role.COMMANDER, term=60 * DAY)
    assert access.identify_token(text, ORIGIN).rights == {"orders": Role.COMMANDER}
    access.services.clock.at += 30 * DAY
    assert access.identify_token(text, ORIGIN) is None


def test_they_are_listed_and_revoked(access):
    _, mine = issue(access)
    _, bens = issue(access, "ben", Role.VIEWER)
    assert [token.id for token in tokens.listed(access)] == [mine.id, bens.id]
    assert [token.id for token in tokens.listed(access, "ben")] == [bens.id]
    with pytest.raises(NotFound):
        tokens.revoke(access, bens.id, CLI, of="ana")
    assert tokens.revoke(access, bens.id, CLI, why="lost").id == bens.id
    assert told(access)[-1] == e.TokenRevoked(bens.id, "ben", "kim", "cli", "", "lost")
    with pytest.raises(NotFound):
        tokens.revoke(access, bens.id, CLI)
    access.services.clock.at += 31 * DAY
    assert tokens.listed(access) == ()


def test_there_is_a_bound(access):
    for _ in range(tokens.MOST):
        issue(access)
    with pytest.raises(UsageError, match="ana has 50 tokens already"):
        issue(access)


def test_a_label_is_one_line(access):
    _, token = issue(access, label="a\n\x1b[31mb" + "c" * 200)
    assert token.label == "a [31mb" + "c" * 73


def test_nobody_who_is_disabled_gets_one(access):
    accounts.disable(access, "ana", CLI)
    with pytest.raises(UsageError, match="ana is disabled"):
        issue(access)


def test_there_is_none_that_the_journal_does_not_know(access):
    def full(event):
        raise JournalError("the disk is full")

    access.record = full
    with pytest.raises(JournalError):
        issue(access)
    assert access.cells.list(TOKEN) == ()
