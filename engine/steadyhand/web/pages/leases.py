"""`/leases`: targets that people have taken, to take one and to hand it back; and the freezes of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...app import leases
from ...app.freezes import freezes
from ...errors import UsageError
from ...model.people import Identity, Role
from ...source import parse_duration
from ..requests import need, server
from .rendering import asked, render

LONGEST = 2_000
"""Characters of a reason."""


def page(request: Request) -> Response:
    """The page."""
    return _show(request, {"target": asked(request, "target"), "for": "1h", "reason": ""})


def _show(request: Request, given: Mapping[str, str], problem: UsageError | None = None) -> Response:
    need(request, Role.VIEWER)
    services = server(request).services
    return render(
        request,
        "leases.html",
        422 if problem is not None else 200,
        held=leases.held(services),
        freezes=freezes(services),
        given=given,
        problem=problem,
        targets=sorted(services.settings.targets),
    )


async def take(request: Request) -> Response:
    """Take a target."""
    return await _sent(request, _take)


async def give_back(request: Request) -> Response:
    """Hand a target back."""
    return await _sent(request, _give_back)


async def _sent(request: Request, act: Callable[[Request, Identity, Mapping[str, str]], None]) -> Response:
    who = need(request, Role.RESPONDER)
    sent = await request.form(max_files=0, max_fields=200)
    given = {"target": "", "for": "1h", "reason": "", **{name: str(value).strip() for name, value in sent.items()}}

    def acted() -> Response:
        try:
            act(request, who, given)
        except UsageError as problem:
            return _show(request, given, problem)
        server(request).hub.poke()
        return RedirectResponse("/leases", 303)

    return await run_in_threadpool(acted)


def _take(request: Request, who: Identity, given: Mapping[str, str]) -> None:
    term = parse_duration(given["for"])
    if not term:
        raise UsageError(f"{given['for']!r} is no time", "write 30m, 2h, 1d")
    if not given["reason"] or len(given["reason"]) > LONGEST:
        raise UsageError("say why you take it", f"in 1 to {LONGEST} characters")
    leases.take(server(request).services, given["target"], who.person, given["reason"], term, who.how, who.origin)


def _give_back(request: Request, who: Identity, given: Mapping[str, str]) -> None:
    services = server(request).services
    theirs = next((one.by for one in leases.held(services) if one.target == given["target"]), who.person)
    if theirs != who.person:
        need(request, Role.COMMANDER)
    leases.give_back(services, given["target"], who.person, given["reason"][:LONGEST], who.how, who.origin)
