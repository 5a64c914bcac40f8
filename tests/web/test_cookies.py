"""The cookies of this server."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from steadyhand.web import cookies


def asked(url, cookie=""):
    app = SimpleNamespace(state=SimpleNamespace(server=SimpleNamespace(url=url)))
    headers = [(b"cookie", cookie.encode())] if cookie else []
    return HTTPConnection({"type": "http", "app": app, "headers": headers, "path": "/"})


def test_over_https_they_belong_to_this_host_alone():
    response = Response()
    cookies.put(asked("https://steady.example"), response, cookies.SESSION, "v")
    cookies.drop(asked("https://steady.example"), response, cookies.BROWSER)
    first, second = response.headers.getlist("set-cookie")
    assert first == "__Host-steady=v; HttpOnly; Path=/; SameSite=lax; Secure"
    assert second.startswith('__Host-steady-browser=""; ')
    assert "Secure" in second


def test_a_cookie_without_the_prefix_is_none_over_https():
    assert cookies.read(asked("https://steady.example", "steady=planted"), cookies.SESSION) == ""
    assert cookies.read(asked("https://steady.example", "__Host-steady=v"), cookies.SESSION) == "v"
    assert cookies.read(asked("http://127.0.0.1:1", "steady=v"), cookies.SESSION) == "v"


@pytest.mark.parametrize("given", ["", "x", "é\ud800", cookies.word_of("other")])
def test_only_the_word_of_this_browser_holds(given):
    request = asked("http://h", "steady=v")
    assert cookies.holds(request, cookies.word_of("v"))
    assert not cookies.holds(request, given)
    assert not cookies.holds(asked("http://h"), "")
    assert cookies.word_of("v") != cookies.word_of("v", cookies.BROWSER)
