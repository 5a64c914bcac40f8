"""Signing in and out with a browser, without a script."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steadyhand.app import ledger, tokens
from steadyhand.app.accounts import Doing
from steadyhand.model.people import Role
from steadyhand.web.requests import identity
from steadyhand.web.sessions import then

from .browser import Browser, house


async def who(request: Request) -> Response:
    found = identity(request)
    return JSONResponse([found.person, found.how, found.origin, found.token] if found else None)


WHO = Route("/who", who)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with house(tmp_path_factory.mktemp("house"), extra=(WHO,)) as (base, server):
        yield base, server


def told(server):
    return [one.event for one in ledger.history(server.services)]


def test_one_signs_in_and_out(here):
    base, server = here
    browser = Browser(base)
    assert browser.get("/who").json() is None
    led = browser.get("/account?a=1&b=é")
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/account%3Fa%3D1%26b%3D%25C3%25A9")
    entered = browser.sign_in(then="/account?a=1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/account?a=1")
    assert browser.get("/who").json() == ["ana", "web", "127.0.0.1", ""]
    assert browser.get("/login?next=/account").headers["location"] == "/account"
    assert type(told(server)[-1]).__name__ == "SignedIn"
    left = browser.submit("/account", "/logout")
    assert left.status_code == 200
    assert "You are signed out here." in left.text
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.get("/who").json() is None
    assert type(told(server)[-1]).__name__ == "SignedOut"


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(here):
    base, _ = here
    answer = Browser(base).sign_in()
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith("steady=")]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


def test_what_was_wrong_is_not_said(here):
    base, _ = here
    browser = Browser(base)
    texts = set()
    for name, password in (("ana", "not the password"), ("nobody", "not the password"), ("eve", "x")):
        answer = browser.sign_in(name, password)
        assert answer.status_code == 401
        texts.add(answer.text)
    assert len(texts) == 1
    assert "the name or the password is not right" in texts.pop()
    assert browser.cookie == ""


def test_what_was_typed_is_not_shown_again(here):
    base, _ = here
    answer = Browser(base).sign_in("<script>alert(1)</script>", "secret words that were typed")
    assert "script" not in answer.text
    assert "secret words" not in answer.text


def test_a_program_signs_in_with_a_token(here):
    base, server = here
    text, token = tokens.issue(server.access, "ana", Role.RESPONDER, ("orders",), 10**12, "ci", Doing("kim", "cli"))
    browser = Browser(base)
    assert browser.get("/who", headers={"Authorization": f"Bearer {text}"}).json() == [
        "ana",
        "api",
        "127.0.0.1",
        token.id,
    ]
    assert browser.get("/who", headers={"Authorization": f"bearer  {text}"}).json()[0] == "ana"
    for wrong in (f"Bearer {text}x", "Bearer", f"Basic {text}", text):
        assert browser.get("/who", headers={"Authorization": wrong}).json() is None
    assert browser.get(f"/who?token={text}&access_token={text}").json() is None


def test_a_token_that_does_not_hold_is_nobody_whatever_cookie_comes_with_it(here):
    base, _ = here
    browser = Browser(base)
    browser.sign_in()
    assert browser.get("/who").json()[0] == "ana"
    assert browser.get("/who", headers={"Authorization": "Bearer steady_x"}).json() is None


def test_only_json_is_told_to_programs(here):
    base, _ = here
    refused = Browser(base).get("/account", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json()["title"] == "sign in first"


@pytest.mark.parametrize("path", ["/", "/runs/r1?x=1#y", "/a/b%20c", "/account"])
def test_one_goes_on_to_a_path_of_this_server(path):
    assert then(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\tx", "/a b", "/\n/evil",
     "\\\\evil", "evil.example", "/login?next=/", "/é", "/" + "x" * 2000],
)  # fmt: skip
def test_and_to_nothing_else(path):
    assert then(path) == "/"


def test_a_way_to_sign_in_that_is_not_there_is_said(tmp_path):
    with house(tmp_path, "login: {accounts: false}\n", ()) as (base, _):
        page = Browser(base).get("/login").text
        assert "Nobody can sign in" in page
        assert "<form" not in page
