"""A right is held before the route is called. Every route against every role: tests/security/test_privileges.py."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Route

from steadyhand.model.people import Role
from steadyhand.web import rights

from .doors import PEOPLE, open_door


async def endpoint(request):
    return PlainTextResponse("here")


def test_a_route_without_a_stated_right_is_for_admins_alone(tmp_path):
    with open_door(tmp_path, rights.held([Route("/forgotten", endpoint, methods=["GET", "POST"])])) as (client, _):
        for person in ("", *PEOPLE):
            expected = 200 if person == "admin" else 403 if person else 401
            for method in ("GET", "HEAD", "POST"):
                assert client.request(method, "/forgotten", headers={"X-Test-Person": person}).status_code == expected


def test_a_route_is_behind_its_right_only_once():
    route = Route("/account", endpoint)
    before = route.app
    (held,) = rights.held([route])
    assert route.app is before
    assert held.app is not before
    assert rights.right_of("HEAD", "/account") == rights.right_of("GET", "/account") == rights.Right(Role.VIEWER)
    assert rights.right_of("DELETE", "/account") == rights.UNSTATED


def test_a_door_may_bring_a_table_of_its_own(tmp_path):
    async def own(request):
        return PlainTextResponse("here")

    own.rights = {"GET": None, "POST": Role.COMMANDER}
    with open_door(tmp_path, rights.held([Route("/own", own, methods=["GET", "POST", "PUT"])])) as (client, _):
        for person, post, put in (("", 401, 401), ("approver", 403, 403), ("commander", 200, 403), ("admin", 200, 200)):
            headers = {"X-Test-Person": person}
            assert client.get("/own", headers=headers).status_code == 200
            assert client.head("/own", headers=headers).status_code == 200
            assert client.post("/own", headers=headers).status_code == post
            assert client.put("/own", headers=headers).status_code == put


def test_what_cannot_be_held_is_refused():
    with pytest.raises(TypeError, match="nothing is known of a Host"):
        rights.held([Host("x", app=endpoint)])


def test_no_route_is_stated_twice_and_what_is_open_says_why():
    assert not set(rights.OPEN) & set(rights.ROLES)
    assert all(rights.OPEN.values())
