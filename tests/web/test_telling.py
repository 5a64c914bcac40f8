"""Errors for people and for programs."""

from __future__ import annotations

from starlette.requests import Request

from steadyhand.app.access import NotAdmitted
from steadyhand.web.requests import Denied
from steadyhand.web.telling import told


def request(method="GET", accept="text/html", path="/runs", query=b""):
    headers = [(b"accept", accept.encode()), (b"host", b"h")]
    return Request({"type": "http", "method": method, "path": path, "query_string": query, "headers": headers, "scheme": "http", "server": ("h", 80)})  # fmt: skip


UNKNOWN = Denied("sign in first", unknown=True)


def test_people_are_led_to_the_page_for_signing_in_and_programs_are_not():
    led = told(request(query=b"a=1"), UNKNOWN)
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/runs%3Fa%3D1")
    for one in (request(accept="*/*"), request("POST"), request(path="/api/v1/runs", accept="application/json")):
        assert (told(one, UNKNOWN).status_code, told(one, UNKNOWN).headers["www-authenticate"]) == (401, "Bearer")


def test_how_long_to_wait_is_said():
    answer = told(request(), NotAdmitted("too often", "wait", wait=7))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert told(request(), NotAdmitted("no", "")).status_code == 401
