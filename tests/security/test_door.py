"""Attacks on the door, tried on a whole server over HTTP. Each says what an attacker would do, and that it fails."""

from __future__ import annotations

import re
import sqlite3
import time

import httpx
import pytest

from steadyhand.app import ledger, tokens
from steadyhand.app.accounts import Doing
from steadyhand.model.people import Role

from ..app.door import OTHER, PASSWORD
from ..web.browser import Browser, house


@pytest.fixture
def here(tmp_path):
    with house(tmp_path) as (base, server):
        yield base, server


def told(server):
    return [one.event for one in ledger.history(server.services)]


def test_session_fixation(here):
    """The attacker plants a cookie and waits for the victim to sign in with it."""
    base, _ = here
    victim = Browser(base)
    victim.client.cookies.set("steady", "planted-by-an-attacker", domain="127.0.0.1")
    victim.sign_in()
    assert httpx.get(f"{base}/account", headers={"Cookie": "steady=planted-by-an-attacker"}).status_code == 401
    before = victim.cookie
    victim.submit("/account", "/logout")
    victim.sign_in()
    assert victim.cookie not in {before, "planted-by-an-attacker"}
    assert httpx.get(f"{base}/account", headers={"Cookie": f"steady={before}"}).status_code == 401


def test_a_session_is_of_no_use_after_signing_out(here):
    base, _ = here
    browser = Browser(base)
    browser.sign_in()
    stolen = browser.cookie
    browser.submit("/account", "/logout")
    assert httpx.get(f"{base}/account", headers={"Cookie": f"steady={stolen}"}).status_code == 401


def test_forged_forms(here):
    """A page of the attacker sends a form in the victim's browser, which adds the victim's cookie."""
    base, server = here
    victim = Browser(base)
    victim.sign_in()
    for action, data in (
        ("/account/tokens", {"label": "x", "role": "viewer", "expires": "1d"}),
        ("/account/password", {"old": PASSWORD, "new": OTHER}),
        ("/account/sessions/end", {}),
        ("/logout", {}),
    ):
        for headers in ({}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}):
            assert victim.client.post(action, data=data, headers=headers).status_code == 403, action
        assert victim.client.get(action, params=data).status_code in {405, 404}
    assert tokens.listed(server.access) == ()
    assert victim.get("/account").status_code == 200


def test_forged_sign_in(here):
    """A page of the attacker signs the victim in as the attacker, to see what the victim then writes."""
    base, _ = here
    attacker, victim = Browser(base), Browser(base)
    form = attacker.get("/login").text
    word = re.search(r'name="csrf" value="([0-9a-f]+)"', form)[1]
    data = {"name": "ben", "password": PASSWORD, "csrf": word, "next": "/"}
    victim.get("/login")
    assert victim.client.post("/login", data=data).status_code == 403
    assert victim.cookie == ""


def test_clickjacking(here):
    base, _ = here
    for path in ("/login", "/account", "/nowhere"):
        answer = Browser(base).get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("there", ["//evil.example", "/\\evil.example", "https://evil.example/", "/%09/evil.example"])
def test_open_redirect(here, there):
    """A link to our page for signing in that leads to a page of the attacker afterwards."""
    base, _ = here
    browser = Browser(base)
    entered = browser.submit(f"/login?next={there}", "/login", {"name": "ana", "password": PASSWORD})
    assert entered.status_code == 303
    assert str(entered.next_request.url).startswith(base + "/")
    form = browser.get(f"/login?next={there}")
    assert str(form.next_request.url).startswith(base + "/")


def test_a_token_in_an_address_is_not_looked_at(here):
    """Addresses end up in logs and histories."""
    base, server = here
    text, _ = tokens.issue(server.access, "kim", Role.ADMIN, (), 10**12, "x", Doing("kim", "cli"))
    for query in (f"token={text}", f"access_token={text}", f"bearer={text}", f"Authorization=Bearer%20{text}"):
        assert httpx.get(f"{base}/account?{query}").status_code == 401


def test_guessing_passwords(here):
    """An attacker tries words for one name, many at the same time, then many names."""
    base, server = here
    answers = [Browser(base).sign_in("ana", f"wrong {number}") for number in range(7)]
    assert [a.status_code for a in answers] == [401] * 5 + [429] * 2
    assert answers[-1].headers["retry-after"] == "30"
    assert Browser(base).sign_in("ana", PASSWORD).status_code == 429
    assert Browser(base).sign_in("ben", PASSWORD).status_code == 303
    kinds = [type(event).__name__ for event in told(server)]
    assert kinds == ["SignInRefused"] * 5 + ["LockedOut", "SignedIn"]


def test_finding_out_who_has_an_account(here):
    """Neither the words, nor the time, nor the lock tell a name that exists from one that does not."""
    base, _ = here
    seen = {}
    for name in ("ana", "nobody-at-all"):
        texts, best = [], 9.0
        for number in range(6):
            browser = Browser(base)
            began = time.perf_counter()
            answer = browser.sign_in(name, f"wrong {number}")
            best = min(best, time.perf_counter() - began) if answer.status_code == 401 else best
            texts.append((answer.status_code, re.sub(r"[0-9a-f]{64}", "", answer.text)))
        seen[name] = (texts, best)
    (known, first), (unknown, second) = seen.values()
    assert known == unknown
    assert max(first, second) < 3 * min(first, second)


def test_what_is_kept_is_of_no_use_to_a_thief(here, tmp_path):
    """The store is stolen: it holds no password, no session and no token that could be used."""
    base, server = here
    browser = Browser(base)
    browser.sign_in()
    text, _ = tokens.issue(server.access, "kim", Role.ADMIN, (), 10**12, "x", Doing("kim", "cli"))
    kept = b"".join(
        path.read_bytes() for path in tmp_path.iterdir() if path.is_file() and path.name.startswith("journal.db")
    )
    for secret in (PASSWORD, browser.cookie, text, text.rpartition("_")[2]):
        assert secret.encode() not in kept
    assert (tmp_path / "journal.db.access.db").stat().st_mode & 0o077 == 0
    with sqlite3.connect(tmp_path / "journal.db.access.db") as store:
        kinds = {row[0] for row in store.execute("SELECT DISTINCT kind FROM cells")}
    store.close()
    assert {"account", "session", "token"} <= kinds


def test_answers_are_not_kept_by_anybody_on_the_way(here):
    base, _ = here
    browser = Browser(base)
    browser.sign_in()
    for path in ("/account", "/login", "/nowhere"):
        assert browser.get(path).headers["cache-control"] == "no-store"


def test_odd_methods_and_headers(here):
    """Nothing is reached by another method, or by headers that some servers take for another address."""
    base, _ = here
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "PROPFIND"):
        assert httpx.request(method, f"{base}/login").status_code == 405
    odd = {"X-HTTP-Method-Override": "POST", "X-Original-URL": "/account", "X-Rewrite-URL": "/account"}
    assert httpx.get(f"{base}/nowhere", headers=odd).status_code == 404


def test_a_client_cannot_say_that_it_is_somewhere_else(here):
    """Nobody is believed who is no proxy of the settings."""
    base, server = here
    browser = Browser(base, **{"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    browser.sign_in()
    assert told(server)[-1].origin == "127.0.0.1"


def test_no_page_shows_where_it_comes_from(here):
    base, _ = here
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fapp.py", "/static/", "/static"):
        assert httpx.get(base + path).status_code in {401, 404, 405, 307}, path
