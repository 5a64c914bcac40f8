"""Every route against every role: allowed, or 403; and whoever is not known gets nowhere but where that is stated.

The routes are those of the program itself, so a new one without a stated right fails here.
"""

from __future__ import annotations

import re

import pytest

from steadyhand.model.people import Role
from steadyhand.web import rights
from steadyhand.web.routes import routes

from ..web.doors import PEOPLE, open_door

EVERY = [need for route in routes() for need in rights.needs(route) if need[0] != "HEAD"]
NAMES = [f"{method} {path}" for method, path, _ in EVERY]
LEFT_TO_THE_ROUTE = {404, 405, 406, 409, 413, 415, 422, 429}
"""What a route may say to a request that means nothing, once the right is there."""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with open_door(tmp_path_factory.mktemp("rights"), routes()) as (client, _):
        yield client


def test_there_are_routes():
    assert len(EVERY) > 5


@pytest.mark.parametrize(("method", "path", "right"), EVERY, ids=NAMES)
def test_its_right_is_stated(method, path, right):
    assert right is not rights.UNSTATED, f"state what {method} {path} needs in web/rights.py"


@pytest.mark.parametrize("person", ["", *PEOPLE])
@pytest.mark.parametrize(("method", "path", "right"), EVERY, ids=NAMES)
def test_it_is_reached_by_those_who_may_and_by_nobody_else(client, method, path, right, person):
    if right.role is None:
        return  # that it does no harm is what rights.OPEN says; each has tests of its own
    filled = re.sub(r"\{[^}]+\}", "nothing", path)
    headers = {"X-Test-Person": person, "Accept": "*/*"}
    with client.stream(method, filled, headers=headers) as answer:  # some answers are streams that do not end
        if answer.status_code >= 400:
            answer.read()
    if not person:
        assert answer.status_code == 401
    elif Role[person.upper()] < right.role:
        assert answer.status_code == 403
        assert f"{person} is no {right.role.word}" in answer.text
    else:
        assert answer.status_code < 400 or answer.status_code in LEFT_TO_THE_ROUTE
