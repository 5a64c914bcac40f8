"""Signing in at a real identity provider (Glewlwyd): the whole way of a browser there and back."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest

from steadyhand.app import ledger

from ..realparts.glewlwyd import CLIENT, SECRET, Visitor, glewlwyd
from .browser import Browser, house

MORE = """\
login: {{oidc: {{issuer: '{issuer}', client_id: {client}, client_secret: idp, groups: groups, scopes: [], name: Sign in with Shop}}}}
secrets: {{idp: {{command: [echo, '{secret}']}}}}
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with glewlwyd("http://placeholder.example/") as provider:
        more = MORE.format(issuer=provider.issuer, client=CLIENT, secret=SECRET)
        with house(tmp_path_factory.mktemp("house"), more) as (base, server):
            server.url = base
            provider.come_back_to([f"{base}/login/oidc/return"], f"{base}/login")
            yield base, server, provider


def told(server):
    return [one.event for one in ledger.history(server.services)]


def sign_in(browser, provider, name, then="/account"):
    """The way of a browser: our page, the provider's pages, and back."""
    page = browser.get(f"/login?next={then}").text
    (way,) = re.findall(r'href="(/login/oidc\?[^"]*)">Sign in with Shop<', page)
    there = browser.get(way).headers["location"]
    assert there.startswith(provider.issuer)
    back = Visitor(provider).sign_in(name, there)
    return browser.get(urlsplit(back).path + "?" + urlsplit(back).query)


def test_somebody_signs_in_with_the_groups_that_the_provider_vouches_for(here):
    base, server, provider = here
    browser = Browser(base)
    entered = sign_in(browser, provider, "zoe")
    assert (entered.status_code, entered.headers["location"]) == (303, "/account")
    page = browser.get("/account").text
    assert "<h1>zoe</h1>" in page
    assert "commander for everything" in page
    assert "Groups: sre" in page
    assert "Change your password" not in page
    event = told(server)[-1]
    assert (event.person, event.means, event.groups) == ("zoe", "oidc", ("sre",))


def test_somebody_of_the_settings_has_their_own_rights(here):
    base, _, provider = here
    browser = Browser(base)
    assert sign_in(browser, provider, "ana").status_code == 303
    assert "approver for orders" in browser.get("/account").text


def test_keys_are_rotated_and_logins_go_on(here):
    base, server, provider = here
    assert sign_in(Browser(base), provider, "ana").status_code == 303
    provider.rotate("second")
    server.sign_on._known._keys_at = 0  # a minute has passed since its keys were asked for
    assert sign_in(Browser(base), provider, "ana").status_code == 303


def test_somebody_without_a_role_is_told_so(here):
    base, _, provider = here
    provider.person("max", [])
    refused = sign_in(Browser(base), provider, "max")
    assert refused.status_code == 401
    assert "&#39;max&#39; has no role here" in refused.text
    assert "ask an admin for a role" in refused.text


def test_a_login_that_is_given_up_is_told(here):
    base, _, provider = here
    browser = Browser(base)
    there = browser.get("/login/oidc?next=/").headers["location"]
    back = urlsplit(Visitor(provider).refuse(there))
    refused = browser.get(f"{back.path}?{back.query}")
    assert refused.status_code == 401
    assert "the identity provider said interaction_required" in refused.text


def test_an_answer_is_of_no_use_twice_or_to_another_browser(here):
    base, _, provider = here
    browser, other = Browser(base), Browser(base)
    there = browser.get("/login/oidc?next=/").headers["location"]
    back = urlsplit(Visitor(provider).sign_in("ana", there))
    path = f"{back.path}?{back.query}"
    assert other.get(path).status_code == 401
    assert browser.get(path).status_code == 401  # it was spent by the other one
    there = browser.get("/login/oidc?next=/").headers["location"]
    back = urlsplit(Visitor(provider).sign_in("ana", there))
    path = f"{back.path}?{back.query}"
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 401


def test_the_code_alone_is_of_no_use(here):
    """Whoever sees the address on its way has a code, and not the proof key."""
    base, _, provider = here
    there = Browser(base).get("/login/oidc?next=/").headers["location"]
    back = httpx.URL(Visitor(provider).sign_in("ana", there))
    form = {
        "grant_type": "authorization_code",
        "code": back.params["code"],
        "redirect_uri": f"{base}/login/oidc/return",
    }
    for verifier in ({}, {"code_verifier": "x" * 43}):
        stolen = httpx.post(f"{provider.issuer}/token", data={**form, **verifier}, auth=(CLIENT, SECRET))
        assert stolen.status_code in {400, 403}


def test_one_signs_out_here_and_there(here):
    base, _, provider = here
    browser = Browser(base)
    sign_in(browser, provider, "ana")
    left = browser.submit("/account", "/logout")
    (there,) = re.findall(r'<a href="([^"]*)">sign out there as well', left.text)
    assert there.startswith(f"{provider.issuer}/end_session?")
    assert browser.get("/account").status_code == 303
    ended = httpx.get(there.replace("&amp;", "&"))
    assert ended.status_code in {200, 302}


def test_a_provider_that_is_away_is_told_and_passwords_still_work(tmp_path):
    more = MORE.format(issuer="http://127.0.0.1:9", client=CLIENT, secret=SECRET)
    with house(tmp_path, more) as (base, server):
        browser = Browser(base)
        refused = browser.get("/login/oidc?next=/")
        assert refused.status_code == 503
        assert "the identity provider at 127.0.0.1:9 cannot be reached" in refused.text
        assert type(told(server)[-1]).__name__ == "SignInRefused"
        assert browser.sign_in().status_code == 303
