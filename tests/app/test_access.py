"""Who is this? Sessions and tokens are recognised, and hold no longer than they should."""

from __future__ import annotations

import threading
import time

import pytest
from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.access import keys
from steadyhand.access.records import SESSION
from steadyhand.app import accounts, tokens
from steadyhand.app.access import NotAdmitted, narrowed
from steadyhand.errors import JournalError
from steadyhand.model.people import Role
from steadyhand.schema import read_settings

from .door import CLI, DAY, HOUR, MINUTE, ORIGIN, OTHER, PASSWORD, PEOPLE, SECOND, door, names, told, with_password

RIGHTS = {"orders": Role.APPROVER, "*": Role.VIEWER}


def settings(access, text):
    """The settings are read anew."""
    access.services.settings, found = read_settings(text, "steady.yaml", access.services.specs)
    assert not found


@pytest.fixture
def access(tmp_path):
    return with_password(tmp_path)


def test_whoever_signs_in_is_known_by_the_session(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN, "Browser/1")
    who = access.identify_session(cookie, "192.0.2.8")
    assert (who.person, who.how, who.origin, who.rights, who.groups, who.token) == (
        "ana", "web", "192.0.2.8", RIGHTS, (), "")  # fmt: skip
    ((_, session),) = access.sessions("ana")
    assert told(access) == [e.SignedIn("ana", "web", ORIGIN, "password", session.id)]
    assert (session.origin, session.agent) == (ORIGIN, "Browser/1")


def test_the_store_does_not_hold_what_the_browser_holds(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    held = repr(access.cells.list(SESSION))
    assert cookie not in held
    assert keys.digest(cookie) in held


@pytest.mark.parametrize("word", ["", "x", "\ud800", "a" * 100_000])
def test_anything_else_is_nobody(access, word):
    access.sign_in("ana", PASSWORD, ORIGIN)
    assert access.identify_session(word, ORIGIN) is None


def test_a_refusal_tells_nothing_and_the_journal_says_why(access):
    said = set()
    for name, password in (("ana", OTHER), ("nobody", PASSWORD), ("kim", PASSWORD), ("ana", ""), ("eve", PASSWORD)):
        with pytest.raises(NotAdmitted) as refused:
            access.sign_in(name, password, ORIGIN)
        said.add((refused.value.message, refused.value.hint, refused.value.wait))
    assert said == {("the name or the password is not right", "try again, or ask an admin for a new password", 0)}
    assert [(one.person, one.why) for one in told(access)] == [
        ("ana", "it is not the password"), ("", "nobody has this name"), ("kim", "there is no password for this person"),
        ("ana", "it is not the password"), ("eve", "there is no password for this person")]  # fmt: skip


def test_a_name_that_nobody_has_is_not_written_down(access):
    with pytest.raises(NotAdmitted):
        access.sign_in("my secret password", "ana", ORIGIN)
    assert "my secret password" not in repr(told(access))


def test_a_name_that_does_not_exist_takes_as_long(access):
    def took(name):
        best = 9.0
        for number in range(3):
            began = time.perf_counter()
            with pytest.raises(NotAdmitted):
                access.sign_in(name, OTHER, f"192.0.2.{number}")
            best = min(best, time.perf_counter() - began)
        return best

    took("warm-up")
    there, not_there, without = took("ana"), took("zoe"), took("kim")
    assert max(there, not_there, without) < 3 * min(there, not_there, without)
    assert min(there, not_there, without) > 0.01


def test_too_many_attempts_lock_and_are_told_once(access):
    for _ in range(5):
        with pytest.raises(NotAdmitted, match="not right"):
            access.sign_in("ana", OTHER, ORIGIN)
    for _ in range(3):
        with pytest.raises(NotAdmitted, match="too many attempts") as refused:
            access.sign_in("ana", PASSWORD, ORIGIN)
        assert (refused.value.wait, refused.value.hint) == (30, "wait 30 seconds, then try again")
    assert names(access) == ["SignInRefused"] * 5 + ["LockedOut"]
    assert told(access)[-1] == e.LockedOut("account", "ana", "web", ORIGIN, 5, access.now + 30 * SECOND)
    access.services.clock.at += 31 * SECOND
    assert access.sign_in("ana", PASSWORD, ORIGIN)


def test_a_name_that_does_not_exist_locks_as_well(access):
    for _ in range(5):
        with pytest.raises(NotAdmitted, match="not right"):
            access.sign_in("zoe", OTHER, ORIGIN)
    with pytest.raises(NotAdmitted, match="too many attempts"):
        access.sign_in("zoe", OTHER, ORIGIN)
    assert told(access)[-1].subject == ""


def test_a_session_ends_when_nobody_uses_it(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    for _ in range(5):
        access.services.clock.at += 29 * MINUTE
        assert access.identify_session(cookie, ORIGIN)
    access.services.clock.at += 30 * MINUTE
    assert access.identify_session(cookie, ORIGIN) is None


def test_a_session_ends_after_its_longest_however_much_it_is_used(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    for _ in range(12 * 4 - 1):
        access.services.clock.at += 15 * MINUTE
        assert access.identify_session(cookie, ORIGIN)
    access.services.clock.at += 15 * MINUTE
    assert access.identify_session(cookie, ORIGIN) is None


def test_the_settings_may_make_sessions_shorter(tmp_path):
    access = with_password(tmp_path, more="login: {idle: 1m, longest: 2m}\n")
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    access.services.clock.at += 61 * SECOND
    assert access.identify_session(cookie, ORIGIN) is None


def test_signing_in_ends_the_session_that_the_browser_had(access):
    first = access.sign_in("ana", PASSWORD, ORIGIN)
    second = access.sign_in("ana", PASSWORD, ORIGIN, before=first)
    assert second != first
    assert access.identify_session(first, ORIGIN) is None
    assert access.identify_session(second, ORIGIN)


def test_a_session_that_an_attacker_has_planted_is_not_taken_over(access):
    planted = keys.new_secret()
    cookie = access.sign_in("ana", PASSWORD, ORIGIN, before=planted)
    assert cookie != planted
    assert access.identify_session(planted, ORIGIN) is None


def test_signing_out_ends_it_and_is_told(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    ended = access.sign_out(cookie, ORIGIN)
    assert ended.person == "ana"
    assert access.identify_session(cookie, ORIGIN) is None
    assert access.sign_out(cookie, ORIGIN) is None
    assert names(access) == ["SignedIn", "SignedOut"]


def test_a_session_that_was_ended_is_not_brought_back_by_a_request_under_way(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    access.services.clock.at += 5 * MINUTE
    original = access.cells.swap

    def late(*words, **more):
        access.cells.delete(SESSION, keys.digest(cookie))
        return original(*words, **more)

    access.cells.swap = late
    access.session(cookie)
    assert access.cells.get(SESSION, keys.digest(cookie)) is None


def test_rights_that_are_taken_away_are_gone_with_the_next_request(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    settings(access, "people: {ana: {roles: {viewer: [orders]}}}\n")
    assert access.identify_session(cookie, ORIGIN).rights == {"orders": Role.VIEWER}
    settings(access, "people: {ana: {}}\n")
    assert access.identify_session(cookie, ORIGIN) is None
    settings(access, "{}\n")
    assert access.identify_session(cookie, ORIGIN) is None


def test_when_passwords_are_taken_no_longer_their_sessions_end(access):
    cookie = access.sign_in("ana", PASSWORD, ORIGIN)
    settings(access, PEOPLE + "login: {accounts: false}\n")
    assert access.identify_session(cookie, ORIGIN) is None
    with pytest.raises(NotAdmitted):
        access.sign_in("ana", PASSWORD, ORIGIN)
    assert told(access)[-1].why == "passwords are not taken here"


def test_groups_count_for_sessions_of_the_provider(tmp_path):
    access = door(tmp_path, more="login: {oidc: {issuer: https://id.example, client_id: x, groups: groups}}\n")
    cookie = access.begin_session("zoe", "oidc", ORIGIN, groups=("sre",))
    assert access.identify_session(cookie, ORIGIN).rights == {"*": Role.COMMANDER}
    assert access.identify_session(cookie, ORIGIN).groups == ("sre",)


def test_nobody_is_in_without_the_journal_knowing(access):
    def full(event):
        raise JournalError("the disk is full")

    access.record = full
    with pytest.raises(JournalError):
        access.sign_in("ana", PASSWORD, ORIGIN)
    assert access.cells.list(SESSION) == ()


def test_an_outdated_hash_is_made_anew_at_the_next_sign_in(access):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    access.change_account("ana", lambda old: replace(old, hash=weak))
    access.sign_in("ana", PASSWORD, ORIGIN)
    assert not access.hasher.outdated(access.account("ana").hash)


# --- tokens


def issued(access, person="ana", role=Role.RESPONDER, services=("orders",), term=DAY):
    return tokens.issue(access, person, role, services, term, "ci", CLI)


def test_a_token_has_no_more_than_it_was_given(access):
    text, token = issued(access)
    who = access.identify_token(text, ORIGIN)
    assert (who.person, who.how, who.origin, who.token) == ("ana", "api", ORIGIN, token.id)
    assert who.rights == {"orders": Role.RESPONDER}
    (kept,) = tokens.listed(access)
    assert (kept.used, kept.used_from) == (access.now, ORIGIN)


def test_a_token_loses_what_its_person_loses(access):
    text, _ = issued(access)
    settings(access, "people: {ana: {roles: {viewer: ['*']}}}\n")
    assert access.identify_token(text, ORIGIN).rights == {"orders": Role.VIEWER}
    settings(access, "people: {ana: {roles: {viewer: [shop]}}}\n")
    assert access.identify_token(text, ORIGIN) is None
    assert told(access)[-1].why == "its person has no such right any more"


def test_a_token_that_does_not_hold_is_refused_and_told_once(access):
    text, token = issued(access)
    name = keys.parts(text)[0]
    for _ in range(3):
        assert access.identify_token(keys.token(name, keys.new_secret()), ORIGIN) is None
        assert access.identify_token("rubbish", ORIGIN) is None
    assert [x.why for x in told(access) if isinstance(x, e.TokenRefused)] == ["there is no such token"]
    access.services.clock.at += DAY
    assert access.identify_token(text, ORIGIN) is None
    assert told(access)[-1] == e.TokenRefused(token.id, "ana", "api", ORIGIN, "it has expired")


def test_a_token_of_somebody_who_is_disabled_does_not_hold(access):
    text, _ = issued(access)
    accounts.disable(access, "ana", CLI)
    assert access.identify_token(text, ORIGIN) is None
    accounts.enable(access, "ana", CLI)
    assert access.identify_token(text, ORIGIN)


def test_a_token_that_was_revoked_is_not_brought_back_by_its_use(access):
    text, token = issued(access)
    threads = [threading.Thread(target=access.identify_token, args=(text, f"10.0.0.{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    tokens.revoke(access, token.id, CLI)
    for thread in threads:
        thread.join(10)
    assert access.identify_token(text, ORIGIN) is None
    assert tokens.listed(access) == ()


def test_what_somebody_may_not_do_is_told_once(access):
    who = access.identify_session(access.sign_in("ana", PASSWORD, ORIGIN), ORIGIN)
    for _ in range(3):
        access.refuse_act(who, "POST /runs/stop")
    assert told(access)[1:] == [e.ActRefused("ana", "POST /runs/stop", "web", ORIGIN)]
    access.services.clock.at += HOUR
    access.refuse_act(who, "POST /runs/stop")
    assert len(told(access)) == 3


def test_rights_are_cut_down_to_a_role_and_services():
    rights = {"*": Role.VIEWER, "orders": Role.ADMIN}
    assert narrowed(rights, Role.APPROVER, ("*",)) == {"*": Role.VIEWER, "orders": Role.APPROVER}
    assert narrowed(rights, Role.APPROVER, ("orders", "shop")) == {"orders": Role.APPROVER, "shop": Role.VIEWER}
    assert narrowed({"orders": Role.ADMIN}, Role.VIEWER, ("shop",)) == {}
    assert narrowed({}, Role.ADMIN, ("*",)) == {}
