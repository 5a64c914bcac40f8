"""Accounts: added, disabled, given another password."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.access.records import ACCOUNT
from steadyhand.app import accounts
from steadyhand.app.access import NotAdmitted
from steadyhand.app.accounts import Doing
from steadyhand.errors import NotFound, UsageError
from steadyhand.model.people import Role

from .door import CLI, ORIGIN, OTHER, PASSWORD, door, names, told, with_password


@pytest.fixture
def access(tmp_path):
    return with_password(tmp_path)


def test_an_account_is_added_and_lets_in(access):
    accounts.add(access, "ben", OTHER, CLI)
    assert told(access) == [e.AccountChanged("ben", "added", "kim", "cli")]
    assert access.identify_session(access.sign_in("ben", OTHER, ORIGIN), ORIGIN).person == "ben"


def test_the_password_stands_nowhere(access):
    accounts.add(access, "ben", OTHER, CLI)
    assert OTHER not in repr(access.cells.list(ACCOUNT)) + repr(told(access))


@pytest.mark.parametrize(
    ("person", "password", "failure", "words"),
    [
        ("zoe", OTHER, NotFound, "steady.yaml names nobody 'zoe' under `people:`"),
        ("ana", OTHER, UsageError, "ana has a password already"),
        ("ben", "short", UsageError, "the password is too easy to guess: it has 5 characters, and needs 12"),
        ("ben", "steadyhand-ben-1", UsageError, "the password is too easy to guess: it is made of words"),
    ],
)
def test_what_cannot_be_is_said(access, person, password, failure, words):
    with pytest.raises(failure) as refused:
        accounts.add(access, person, password, CLI)
    assert refused.value.message.startswith(words)
    assert refused.value.hint
    assert told(access) == []


def test_another_password_ends_all_sessions(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    access.services.clock.at += 1
    accounts.set_password(access, "ana", OTHER, CLI)
    assert access.identify_session(cookie, ORIGIN) is None
    with pytest.raises(NotAdmitted):
        access.sign_in("ana", PASSWORD, ORIGIN)
    assert access.sign_in("ana", OTHER, ORIGIN)
    assert names(access) == ["SignedIn", "AccountChanged", "SignedOut", "SignInRefused", "SignedIn"]


def test_ones_own_password_is_changed_with_the_old_one(access):
    mine, other = access.sign_in("ana", PASSWORD, ORIGIN), access.sign_in("ana", PASSWORD, "192.0.2.9")
    access.services.clock.at += 1
    with pytest.raises(NotAdmitted, match="the old password is not right"):
        accounts.change_own(access, mine, OTHER, OTHER, ORIGIN)
    with pytest.raises(UsageError, match="the new password is the old one"):
        accounts.change_own(access, mine, PASSWORD, PASSWORD, ORIGIN)
    with pytest.raises(UsageError, match="too easy"):
        accounts.change_own(access, mine, PASSWORD, "ana", ORIGIN)
    assert access.identify_session(other, ORIGIN)
    new = accounts.change_own(access, mine, PASSWORD, OTHER, ORIGIN)
    assert access.identify_session(new, ORIGIN).person == "ana"
    assert access.identify_session(mine, ORIGIN) is None
    assert access.identify_session(other, ORIGIN) is None


def test_guessing_the_old_password_in_a_browser_left_open_locks(access):
    mine = access.sign_in("ana", PASSWORD, ORIGIN)
    for _ in range(10):
        with pytest.raises(NotAdmitted, match="not right"):
            accounts.change_own(access, mine, OTHER, "x", ORIGIN)
    with pytest.raises(NotAdmitted, match="too many attempts"):
        accounts.change_own(access, mine, PASSWORD, OTHER, ORIGIN)


def test_nobody_without_a_password_session_changes_one(access):
    with pytest.raises(UsageError, match="only somebody who signed in with a password"):
        accounts.change_own(access, "", PASSWORD, OTHER, ORIGIN)


def test_somebody_who_is_disabled_is_let_in_no_longer(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    accounts.disable(access, "ana", CLI)
    assert access.identify_session(cookie, ORIGIN) is None
    with pytest.raises(NotAdmitted, match="not right"):
        access.sign_in("ana", PASSWORD, ORIGIN)
    assert told(access)[-1].why == "the account is disabled"
    accounts.enable(access, "ana", Doing("kim", "cli", ORIGIN))
    assert access.sign_in("ana", PASSWORD, ORIGIN)
    assert e.AccountChanged("ana", "enabled", "kim", "cli", ORIGIN) in told(access)


def test_nobody_can_be_disabled_who_is_not_there(access):
    for act in (accounts.disable, accounts.enable):
        with pytest.raises(NotFound):
            act(access, "zoe", CLI)
        with pytest.raises(NotFound):
            act(access, "a b", CLI)


def test_everybody_is_listed(access, tmp_path):
    access.change_account("gone", lambda old: old)
    rows = {row.person: row for row in accounts.listed(access)}
    assert list(rows) == ["ana", "ben", "eve", "gone", "kim"]
    assert rows["ana"].password
    assert not rows["ben"].password
    assert rows["kim"].rights == {"*": Role.ADMIN}
    assert (rows["gone"].known, rows["ana"].known) == (False, True)
    assert accounts.listed(door(tmp_path, people="{}\n")) == ()
