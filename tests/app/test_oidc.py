"""Who somebody is here whom the identity provider knows. The whole way through a browser: tests/web/test_oidc.py."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from steadyhand import events as e
from steadyhand.access import keys
from steadyhand.access.records import Session
from steadyhand.app import accounts
from steadyhand.app.access import NotAdmitted
from steadyhand.app.oidc import Answer, SignOn, groups_in
from steadyhand.model.people import Role

from ..access.lying import liar
from .door import CLI, ORIGIN, door, told

BACK = "https://steady.example/login/oidc/return"


@pytest.fixture
def lies():
    with liar() as found:
        yield found


def opened(folder, lies, more=""):
    """A door whose identity provider is this one, at the time of now."""
    import time

    access = door(
        folder, more=f"login: {{oidc: {{issuer: '{lies.issuer}', client_id: steady, groups: groups{more}}}}}\n"
    )
    access.services.clock.at = time.time_ns() // 1000
    return access, SignOn(access)


def come(sign_on, lies, browser="browser", **changed):
    """Go to the provider and come back."""
    asked = parse_qs(urlsplit(sign_on.begin(BACK, "/then", "browser", ORIGIN)).query)
    lies.claims["nonce"] = asked["nonce"][0]
    return sign_on.finish(
        Answer(**{"state": asked["state"][0], "code": "c", "browser": browser, "origin": ORIGIN, **changed}), BACK
    )


def refused(sign_on, lies, **changed):
    with pytest.raises(NotAdmitted) as why:
        come(sign_on, lies, **changed)
    return why.value.message


def test_somebody_of_the_settings_is_known(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies)
    session, then = come(sign_on, lies)
    assert then == "/then"
    who = access.identify_session(session, ORIGIN)
    assert (who.person, who.rights, who.groups) == ("ana", {"orders": Role.APPROVER, "*": Role.VIEWER}, ())
    assert told(access)[-1].means == "oidc"


def test_groups_that_are_vouched_for_give_rights(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies)
    lies.claims |= {"preferred_username": "zoe", "groups": ["sre", "other"]}
    session, _ = come(sign_on, lies)
    who = access.identify_session(session, ORIGIN)
    assert (who.person, who.rights, who.groups) == ("zoe", {"*": Role.COMMANDER}, ("sre", "other"))
    assert access.vouched("zoe") == ("sre", "other")
    assert told(access)[-1] == e.SignedIn(
        "zoe", "web", ORIGIN, "oidc", access.sessions("zoe")[0][1].id, ("sre", "other")
    )


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"preferred_username": "zoe"}, "'zoe' has no role here"),
        ({"preferred_username": "eve"}, "'eve' has no role here"),
        ({"preferred_username": "a b", "groups": ["sre"]}, "'a b' has no role here"),
        ({"preferred_username": ...}, "the identity provider does not tell preferred_username"),
        ({"preferred_username": 5}, "the identity provider does not tell preferred_username"),
    ],
)
def test_somebody_without_a_role_is_refused_in_words(tmp_path, lies, claims, words):
    access, sign_on = opened(tmp_path, lies)
    lies.claims |= claims
    assert refused(sign_on, lies) == words
    assert (told(access)[-1].means, told(access)[-1].why) == ("oidc", words)


def test_people_may_be_known_by_their_address_if_it_is_verified(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies, ", person: email")
    lies.claims |= {"email": "ANA@shop.example", "email_verified": True}
    assert access.identify_session(come(sign_on, lies)[0], ORIGIN).person == "ana"
    for word in (False, "true", 1, ...):
        lies.claims["email_verified"] = word
        assert refused(sign_on, lies) == "the identity provider has not verified the address"


def test_an_answer_is_taken_once_in_the_browser_that_began(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies)
    words = "the login was not begun in this browser, or long ago"
    assert refused(sign_on, lies, browser="another") == words
    assert refused(sign_on, lies, browser="") == words
    assert refused(sign_on, lies, state="guessed") == words
    asked = parse_qs(urlsplit(sign_on.begin(BACK, "/", "browser", ORIGIN)).query)
    lies.claims["nonce"] = asked["nonce"][0]
    answer = Answer(asked["state"][0], "c", browser="browser", origin=ORIGIN)
    assert sign_on.finish(answer, BACK)
    with pytest.raises(NotAdmitted, match=words):
        sign_on.finish(answer, BACK)
    asked = parse_qs(urlsplit(sign_on.begin(BACK, "/", "browser", ORIGIN)).query)
    access.services.clock.at += 601 * 1_000_000
    with pytest.raises(NotAdmitted, match=words):
        sign_on.finish(Answer(asked["state"][0], "c", browser="browser", origin=ORIGIN), BACK)


def test_what_the_provider_says_instead_is_told_and_never_as_markup(tmp_path, lies):
    _, sign_on = opened(tmp_path, lies)
    assert refused(sign_on, lies, code="", error="access_denied") == "the identity provider said access_denied"
    assert refused(sign_on, lies, code="", error="<script>") == "the identity provider said no identity"
    assert (
        refused(sign_on, lies, issuer="https://evil.example") == "the answer does not come from the identity provider"
    )


def test_an_account_there_that_is_another_is_not_the_same_person(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies)
    come(sign_on, lies)
    lies.claims["sub"] = "2"
    assert refused(sign_on, lies) == "the identity provider knew ana as another account"
    accounts.rebind(access, "ana", CLI)
    assert come(sign_on, lies)


def test_somebody_who_is_disabled_is_refused(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies)
    accounts.disable(access, "ana", CLI)
    assert refused(sign_on, lies) == "ana is let in no longer"


def test_the_password_of_the_client_is_a_secret_of_the_settings(tmp_path, lies):
    more = ", client_secret: idp"
    access, sign_on = opened(tmp_path, lies, more + "}}\nsecrets: {idp: {env: IDP_SECRET")
    assert refused(sign_on, lies).startswith("secret idp")
    access.services.environ["IDP_SECRET"] = "the password"
    assert come(sign_on, lies)
    assert any(login.startswith("Basic ") for _, _, login in lies.asked)


def test_when_there_is_no_provider_any_more_its_sessions_end(tmp_path, lies):
    access, sign_on = opened(tmp_path, lies)
    session, _ = come(sign_on, lies)
    (tmp_path / "steady.yaml").write_text("people: {ana: {roles: {viewer: ['*']}}}\n")
    del access.services.settings
    assert access.identify_session(session, ORIGIN) is None
    with pytest.raises(NotAdmitted, match="there is no identity provider here"):
        sign_on.begin(BACK, "/", "b", ORIGIN)


def test_one_may_sign_out_there_too(tmp_path, lies):
    _, sign_on = opened(tmp_path, lies)
    lies.metadata["end_session_endpoint"] = f"{lies.issuer}/end"
    assert "id_token_hint=proof" in sign_on.ending(Session("i", "ana", "oidc", 0, 0, proof="proof"), BACK)
    assert sign_on.ending(Session("i", "ana", "password", 0, 0), BACK) == ""


def test_groups_are_read_whatever_their_form():
    assert groups_in({"g": ["a", "b", "a", 5, "", "x" * 200, "\x00"]}, "g") == ("a", "b")
    assert groups_in({"g": "a"}, "g") == ("a",)
    assert groups_in({"g": {"a": 1}}, "g") == groups_in({}, "g") == groups_in({"": ["a"]}, "") == ()
    assert len(groups_in({"g": [f"g{n}" for n in range(1000)]}, "g")) == 200
    assert keys.digest("x")
