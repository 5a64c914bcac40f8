"""What every answer says to the browser."""

from __future__ import annotations

import pytest
from starlette.datastructures import MutableHeaders
from starlette.routing import Route

from steadyhand.errors import JournalError
from steadyhand.web.headers import ALWAYS, put

from .browser import Browser, house
from .test_app import bug


def test_every_answer_carries_them(tmp_path):
    with house(tmp_path, extra=(Route("/bug", bug),)) as (base, _):
        browser = Browser(base)
        for path, status in (
            ("/login", 200),
            ("/account", 303),
            ("/nowhere", 404),
            ("/static/door.css", 200),
            ("/bug", 500),
        ):
            answer = browser.get(path)
            assert answer.status_code == status
            for name, value in ALWAYS.items():
                assert answer.headers[name] == value, (path, name)
            assert "server" not in answer.headers
            assert status == 303 or answer.headers["content-type"].endswith("; charset=utf-8")
            assert "strict-transport-security" not in answer.headers
        assert browser.get("/login").headers["cache-control"] == "no-store"
        assert browser.get("/static/door.css").headers["cache-control"] == "public, max-age=3600"


def test_pages_hold_no_script_or_style_of_their_own(tmp_path):
    with house(tmp_path) as (base, _):
        browser = Browser(base)
        browser.sign_in()
        for path in ("/login", "/account"):
            text = browser.get(path).text
            for word in ("<script", "<style", " style=", " onclick=", "javascript:", "http://", "https://"):
                assert word not in text


def test_over_https_browsers_are_told_to_stay_there():
    headers = MutableHeaders()
    put(headers, "/", https=True)
    assert headers["strict-transport-security"] == "max-age=31536000"


def test_what_a_route_says_itself_stays():
    headers = MutableHeaders({"cache-control": "private", "content-security-policy": "default-src 'none'"})
    put(headers, "/x", https=False)
    assert (headers["cache-control"], headers["content-security-policy"]) == ("private", "default-src 'none'")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_store_that_is_away_is_told_before_any_route(tmp_path, accept):
    with house(tmp_path) as (base, server):

        def away(*_):
            raise JournalError("the disk is full", "free some space")

        server.access.identify_session = away
        answer = Browser(base).get("/account", headers={"Accept": accept, "Cookie": "steady=x"})
        assert answer.status_code == 503
        assert "the store cannot be reached right now" in answer.text
        assert "the disk is full" not in answer.text  # whoever is not known learns nothing of the store
        assert answer.headers["x-frame-options"] == "DENY"


def test_an_answer_for_programs_is_no_page():
    headers = MutableHeaders()
    put(headers, "/api/v1/runs", https=False)
    assert headers["content-disposition"] == 'attachment; filename="api.json"'
