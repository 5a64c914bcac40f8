"""Who asks, on each request; and a stream ends with the right to read it."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from steadyhand.app import accounts, tokens
from steadyhand.app.accounts import Doing
from steadyhand.errors import JournalError
from steadyhand.model.people import Role

from .browser import Browser, house

CLI = Doing("kim", "cli")


async def stream(request: Request) -> Response:
    async def lines():
        while True:
            yield b"still here\n"
            await asyncio.sleep(0.02)

    return StreamingResponse(lines(), media_type="text/plain")


@pytest.fixture
def here(tmp_path):
    with house(tmp_path, extra=(Route("/stream", stream),), again=0.1) as (base, server):
        yield base, server


def read_until_it_ends(base, headers, meanwhile, most=10.0):
    """How many lines came after something was done."""
    with httpx.stream("GET", f"{base}/stream", headers=headers, timeout=10) as answer:
        after, over = 0, time.monotonic() + most
        for number, _ in enumerate(answer.iter_lines()):
            if number == 20:
                meanwhile()
            after += number > 20
            if time.monotonic() > over:
                return None
        return after


def signed_in(base, name="ana"):
    browser = Browser(base)
    browser.sign_in(name)
    return {"Cookie": f"steady={browser.cookie}"}


def test_it_ends_with_the_session(here):
    base, server = here
    headers = signed_in(base)
    cookie = headers["Cookie"].partition("=")[2]
    assert read_until_it_ends(base, headers, lambda: server.access.sign_out(cookie, "")) is not None


def test_it_ends_when_the_person_is_let_in_no_longer(here):
    base, server = here
    assert read_until_it_ends(base, signed_in(base), lambda: accounts.disable(server.access, "ana", CLI)) is not None


def test_it_ends_with_the_token(here):
    base, server = here
    text, token = tokens.issue(server.access, "ana", Role.VIEWER, (), 10**12, "x", CLI)
    headers = {"Authorization": f"Bearer {text}"}
    assert read_until_it_ends(base, headers, lambda: tokens.revoke(server.access, token.id, CLI)) is not None


def test_it_goes_on_for_all_others_and_while_the_store_is_away(here):
    base, server = here
    headers = signed_in(base, "ben")
    assert read_until_it_ends(base, headers, lambda: accounts.disable(server.access, "ana", CLI), most=1.0) is None

    def away(*_):
        raise JournalError("the disk is full")

    def fails():
        server.access.identify_session = away

    assert read_until_it_ends(base, headers, fails, most=1.0) is None


def test_looking_on_does_not_prolong_a_session(here):
    base, server = here
    headers = signed_in(base)
    ((key, before),) = server.access.sessions("ana")
    clock = server.services.clock
    moved = clock.now() + 120 * 1_000_000

    class Later:
        def now(self):
            return moved

        def monotonic(self):
            return clock.monotonic()

    server.services.clock = Later()
    cookie = headers["Cookie"].partition("=")[2]
    assert server.access.identify_session(cookie, "", act=False)
    assert server.access.sessions("ana")[0][1].seen == before.seen
    assert server.access.identify_session(cookie, "")
    assert server.access.sessions("ana")[0][1].seen == moved
    assert key


def test_forms_of_strangers_have_no_word(here):
    base, _ = here
    browser = Browser(base)
    browser.client.cookies.set("steady", "planted", domain="127.0.0.1")
    assert browser.get("/account").status_code == 303
