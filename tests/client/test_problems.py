"""What a server says no with becomes a problem, whoever stands in between."""

from __future__ import annotations

import httpx
import pytest

from steadyhand.client.problems import problem_of


def test_a_problem_of_the_server():
    body = {
        "type": "urn:steadyhand:problem:not-found",
        "title": "t",
        "status": 404,
        "detail": "no run r9",
        "hint": "look",
    }
    found = problem_of(httpx.Response(404, json=body))
    assert (found.kind, found.status, found.message, found.hint, found.after) == (
        "not-found",
        404,
        "no run r9",
        "look",
        None,
    )


@pytest.mark.parametrize(("after", "seconds"), [("5", 5.0), ("soon", None), ("", None)])
def test_when_it_may_be_tried_again(after, seconds):
    body = {"type": "urn:steadyhand:problem:unavailable", "title": "t", "status": 503, "later": [1]}
    assert problem_of(httpx.Response(503, json=body, headers={"Retry-After": after})).after == seconds


def test_a_proxy_speaks_no_json():
    found = problem_of(httpx.Response(502, text="<h1>Bad Gateway</h1>"))
    assert (found.status, found.kind) == (502, "blank")
    assert found.message == "<h1>Bad Gateway</h1>"
