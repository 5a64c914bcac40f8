"""One's own account in the browser."""

from __future__ import annotations

import re

import pytest

from steadyhand.app import tokens
from steadyhand.app.accounts import Doing
from steadyhand.model.people import Role

from ..app.door import OTHER, PASSWORD
from .browser import Browser, house


@pytest.fixture
def here(tmp_path):
    with house(tmp_path) as (base, server):
        yield base, server


def test_the_page_says_what_one_may_and_where_one_is_signed_in(here):
    base, _ = here
    browser = Browser(base, **{"User-Agent": "<b>Browser</b>/1"})
    browser.sign_in()
    page = browser.get("/account").text
    assert "approver for orders" in page
    assert "viewer for everything" in page
    assert "127.0.0.1" in page
    assert "&lt;b&gt;Browser&lt;/b&gt;/1 (this one)" in page
    assert '<option value="approver">' in page
    assert '<option value="commander">' not in page


def test_a_token_is_made_shown_once_used_and_revoked(here):
    base, server = here
    browser = Browser(base)
    browser.sign_in()
    made = browser.submit(
        "/account", "/account/tokens", {"label": "my script", "role": "viewer", "services": "orders", "expires": "7d"}
    )
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    (text,) = set(re.findall(r"steady_[a-z2-7]{10}_[\w-]{43}", made.text))
    assert text not in browser.get("/account").text
    (token,) = tokens.listed(server.access, "ana")
    assert (token.label, token.services, token.role, token.by) == ("my script", ("orders",), Role.VIEWER, "ana")
    used = browser.client.get("/account", headers={"Authorization": f"Bearer {text}", "Accept": "*/*"})
    assert (used.status_code, used.text.splitlines()[0]) == (403, "a token cannot be used for an account")
    gone = browser.submit("/account", f"/account/tokens/{token.id}/revoke")
    assert "holds no longer" in gone.text
    assert tokens.listed(server.access) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "admin"}, "ana is no admin"),
        ({"role": "king"}, "there is no role"),
        ({"services": "shop", "role": "approver"}, "ana is no approver for shop"),
        ({"expires": "soon"}, "a token holds for a year at most"),
    ],
)
def test_a_token_above_ones_rights_is_refused_in_words(here, fields, words):
    base, server = here
    browser = Browser(base)
    browser.sign_in()
    refused = browser.submit("/account", "/account/tokens", {"label": "x", "role": "viewer", "expires": "1d", **fields})
    assert refused.status_code == 422
    assert words in refused.text
    assert tokens.listed(server.access) == ()


def test_somebody_elses_token_cannot_be_revoked(here):
    base, server = here
    _, token = tokens.issue(server.access, "kim", Role.VIEWER, (), 10**12, "x", Doing("kim", "cli"))
    browser = Browser(base)
    browser.sign_in()
    page = browser.get("/account").text
    word = re.search(r'name="csrf" value="([0-9a-f]+)"', page)[1]
    assert browser.client.post(f"/account/tokens/{token.id}/revoke", data={"csrf": word}).status_code == 404
    assert tokens.listed(server.access, "kim") == (token,)


def test_the_password_is_changed_and_all_other_sessions_end(here):
    base, _ = here
    mine, other = Browser(base), Browser(base)
    mine.sign_in()
    other.sign_in()
    before = mine.cookie
    wrong = mine.submit("/account", "/account/password", {"old": "not it", "new": OTHER})
    assert wrong.status_code == 401
    assert "the old password is not right" in wrong.text
    weak = mine.submit("/account", "/account/password", {"old": PASSWORD, "new": "password1234"})
    assert (weak.status_code, "too easy to guess" in weak.text) == (422, True)
    changed = mine.submit("/account", "/account/password", {"old": PASSWORD, "new": OTHER})
    assert "Your password is changed" in changed.text
    assert mine.cookie != before
    assert mine.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert Browser(base).sign_in(password=PASSWORD).status_code == 401
    assert Browser(base).sign_in(password=OTHER).status_code == 303
    again = mine.submit("/account", "/account/sessions/end")
    assert "Signed out elsewhere: 1." in again.text


def test_the_form_after_the_change_still_works(here):
    base, _ = here
    browser = Browser(base)
    browser.sign_in()
    changed = browser.submit("/account", "/account/password", {"old": PASSWORD, "new": OTHER})
    word = re.search(r'name="csrf" value="([0-9a-f]+)"', changed.text)[1]
    assert browser.client.post("/logout", data={"csrf": word}).status_code == 200
