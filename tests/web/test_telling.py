"""Errors for people and for programs."""

from __future__ import annotations

from starlette.requests import Request

from steadyhand.app.access import NotAdmitted
from steadyhand.errors import JournalError
from steadyhand.model.people import Identity, Role
from steadyhand.web.requests import Denied
from steadyhand.web.telling import told


def request(method="GET", accept="text/html", path="/runs", query=b""):
    headers = [(b"accept", accept.encode()), (b"host", b"h")]
    return Request({"type": "http", "method": method, "path": path, "query_string": query, "headers": headers, "scheme": "http", "server": ("h", 80)})  # fmt: skip


UNKNOWN = Denied("sign in first", unknown=True)


def test_people_are_led_to_the_page_for_signing_in_and_programs_are_not():
    led = told(request(query=b"a=1"), UNKNOWN)
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/runs%3Fa%3D1")
    for one in (
        request(accept="*/*"),
        request("POST", accept="*/*"),
        request(path="/api/v1/runs", accept="application/json"),
    ):
        assert (told(one, UNKNOWN).status_code, told(one, UNKNOWN).headers["www-authenticate"]) == (401, "Bearer")


def test_how_long_to_wait_is_said():
    answer = told(request(accept="*/*"), NotAdmitted("too often", "wait", wait=7))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert told(request(accept="*/*"), NotAdmitted("no", "")).status_code == 401


def test_a_stranger_is_not_told_where_the_store_is():
    away = JournalError("10.0.0.7:5432 refused the connection", "see that it runs")
    for path in ("/runs", "/api/v1/runs"):
        answer = told(request(accept="*/*", path=path), away)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert b"the store cannot be reached right now" in answer.body
        assert b"10.0.0.7" not in answer.body
        known = request(accept="*/*", path=path)
        known.state.identity = Identity("ana", "web", "192.0.2.7", {"*": Role.VIEWER})
        assert b"10.0.0.7" in told(known, away).body
