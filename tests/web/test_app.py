"""The application puts who asks on each request, and tells errors so that whoever asked can read them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from steadyhand.errors import JournalError, NotFound
from steadyhand.model.people import Role
from steadyhand.web.requests import identity, need

from .doors import open_door


async def who(request: Request) -> Response:
    found = identity(request)
    return PlainTextResponse(found.person if found else "nobody")


async def command(request: Request) -> Response:
    return PlainTextResponse(need(request, Role.COMMANDER, ["orders"]).person)


async def missing(request: Request) -> Response:
    raise NotFound("there is no run r9", "see `steady runs`")


async def away(request: Request) -> Response:
    raise JournalError("the disk is full")


async def bug(request: Request) -> Response:
    raise ValueError("secret detail")


ROUTES = [
    Route("/who", who),
    Route("/command", command),
    Route("/missing", missing),
    Route("/api/missing", missing),
    Route("/api/away", away),
    Route("/bug", bug),
]


def test_who_asks_and_what_they_may(tmp_path):
    with open_door(tmp_path, ROUTES) as (client, _):
        assert client.get("/who").text == "admin"
        assert client.get("/who", headers={"X-Test-Person": "?"}).text == "nobody"
        assert client.get("/command").text == "admin"
        unknown = client.get("/command", headers={"X-Test-Person": "?"})
        assert (unknown.status_code, unknown.text.splitlines()[0]) == (401, "sign in first")
        denied = client.get("/command", headers={"X-Test-Person": "responder"})
        assert (denied.status_code, denied.text.splitlines()[0]) == (403, "responder is no commander for orders")


def test_errors_are_told_to_people_and_to_programs(tmp_path, caplog):
    with open_door(tmp_path, ROUTES) as (client, _):
        assert client.get("/missing").text == "there is no run r9\nsee `steady runs`\n"
        problem = client.get("/api/missing")
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json() == {
            "type": "about:blank",
            "title": "there is no run r9",
            "status": 404,
            "detail": "see `steady runs`",
        }
        assert client.get("/missing", headers={"Accept": "application/json"}).json()["status"] == 404
        assert client.get("/api/away").status_code == 503
        assert client.get("/nowhere").status_code == 404
        assert client.post("/who").status_code == 405
        failed = client.get("/bug")
        assert failed.status_code == 500
        assert "secret detail" not in failed.text
        assert "a bug of ours, at GET /bug" in caplog.text
