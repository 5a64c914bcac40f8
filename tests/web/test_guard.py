"""Stands before all routes: forms of others are refused, and so is whoever asks too often."""

from __future__ import annotations

import httpx
import pytest

from steadyhand.web.guard import LARGEST, field, origin_of
from steadyhand.web.limits import SIGN_IN

from .browser import Browser, house


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with house(tmp_path_factory.mktemp("house")) as (base, server):
        yield base, server


@pytest.fixture(scope="module")
def browser(here):
    found = Browser(here[0])
    found.sign_in()
    return found


def ending(browser, **headers):
    return browser.submit("/account", "/account/sessions/end", headers=headers)


def test_a_form_of_ours_is_taken(browser):
    assert ending(browser).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_word(browser, headers):
    refused = ending(browser, **headers)
    assert refused.status_code == 403
    assert "this form does not come from a page of this server" in refused.text


@pytest.mark.parametrize("word", ["", "0" * 64, "é"])
def test_a_form_without_the_word_is_refused(browser, word):
    assert browser.client.post("/account/sessions/end", data={"csrf": word}).status_code == 403
    assert browser.client.post("/account/sessions/end", headers={"X-CSRF-Token": "x"}).status_code == 403
    assert browser.client.post("/account/sessions/end").status_code == 403
    assert browser.client.post("/account/sessions/end", json={"csrf": word}).status_code == 403


def test_the_word_of_another_browser_is_refused(here, browser):
    import re

    other = Browser(here[0])
    other.sign_in("ben")
    word = re.search(r'name="csrf" value="([0-9a-f]+)"', other.get("/account").text)[1]
    assert browser.client.post("/account/sessions/end", data={"csrf": word}).status_code == 403
    assert other.client.post("/account/sessions/end", data={"csrf": word}).status_code == 200


def test_a_form_is_bounded(browser):
    assert browser.client.post("/account/sessions/end", data={"csrf": "x" * LARGEST}).status_code == 413
    assert browser.client.post("/login", data={"name": "x" * LARGEST}).status_code == 413
    many = {"csrf": "x", **{f"f{n}": "1" for n in range(300)}}
    assert browser.client.post("/account/sessions/end", data=many).status_code == 403


def test_files_are_not_taken(here, browser):
    files = {"name": ("x.txt", b"x" * 100)}
    assert browser.client.post("/login", files=files).status_code == 400
    assert browser.client.post("/login", files={"name": (None, "x" * 20_000)}).status_code == 400
    assert browser.client.post("/account/tokens", files=files).status_code == 403


def test_signing_in_needs_the_word_of_the_browser(here):
    base, _ = here
    data = {"name": "ana", "password": "x", "csrf": "0" * 64, "next": "/"}
    assert httpx.post(f"{base}/login", data=data).status_code == 403
    assert httpx.post(f"{base}/login", data=data, headers={"Cookie": "steady-browser=planted"}).status_code == 403
    assert (
        Browser(base)
        .submit("/login", "/login", {"name": "ana", "password": "x"}, headers={"Origin": "https://evil.example"})
        .status_code
        == 403
    )


def test_whoever_asks_too_often_waits(tmp_path):
    with house(tmp_path) as (base, _):
        answers = [httpx.get(f"{base}/login") for _ in range(SIGN_IN.at_once)]
        assert {a.status_code for a in answers} == {200}
        answers = [httpx.get(f"{base}/login") for _ in range(SIGN_IN.at_once)]
        (refused, *_) = [a for a in answers if a.status_code != 200]
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert httpx.get(f"{base}/static/door.css").status_code == 200


def test_fields_and_origins():
    assert field(b"a=1&csrf=x%20y&csrf=z", "csrf") == "x y"
    assert field(b"\xff\xfe", "csrf") == ""
    assert field(b"&".join(b"a=1" for _ in range(500)), "csrf") == ""
    assert origin_of("https://h.example:8/x/y") == "https://h.example:8"
