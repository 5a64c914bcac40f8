"""One's own account in the browser: what one may do, where one is signed in, tokens, the password."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..app import accounts, tokens
from ..app.access import Access
from ..app.accounts import SHORTEST, Doing
from ..errors import SteadyError, UsageError
from ..model.people import EVERYTHING, Identity, Role
from ..source import parse_duration
from . import cookies
from .requests import Denied, need, server, status_of
from .sessions import apart, origin
from .templating import page


def oneself(request: Request) -> Identity:
    """Whoever is signed in with this browser: a token cannot make others, or change passwords. Raises Denied."""
    who = need(request, Role.VIEWER)
    if who.token:
        raise Denied("a token cannot be used for an account", "sign in with a browser")
    return who


def shown(access: Access, cookie: str, who: Identity) -> dict[str, Any]:
    """What the page says of a person."""
    session = access.session(cookie)
    highest = max(who.rights.values())
    return {
        "sessions": [one for _, one in access.sessions(who.person)],
        "mine": session.id if session else "",
        "tokens": [
            {
                "id": one.id, "label": one.label, "role": Role(one.role).word,
                "services": ", ".join("everything" if s == EVERYTHING else s for s in one.services),
                "expires": one.expires, "used": one.used, "used_from": one.used_from,
            }
            for one in tokens.listed(access, who.person)
        ],
        "roles": [role.word for role in Role if role <= highest],
        "with_password": session is not None and session.means == "password",
        "shortest": SHORTEST,
    }  # fmt: skip


async def drawn(request: Request, cookie: str = "", status: int = 200, **more: str) -> Response:
    """The page, with what has just come of something."""
    who = oneself(request)
    cookie = cookie or cookies.read(request, cookies.SESSION)
    values = await run_in_threadpool(shown, server(request).access, cookie, who)
    said: dict[str, Any] = {"said": "", "problem": "", "hint": "", "token": "", **more}
    return page(request, "account.html", status, csrf=cookies.word_of(cookie), **values, **said)


async def refused(request: Request, problem: SteadyError) -> Response:
    """The page, with why something was not done."""
    return await drawn(request, status=status_of(problem), problem=problem.message, hint=problem.hint)


async def account(request: Request) -> Response:
    """The page."""
    return await drawn(request)


async def new_token(request: Request) -> Response:
    """Make a token, and show it this once."""
    who = oneself(request)
    async with request.form(max_files=0, max_fields=10) as form:
        role, listed, term, label = (str(form.get(key, "")) for key in ("role", "services", "expires", "label"))
    services = tuple(word for word in listed.replace(",", " ").split() if word)
    try:
        text, _ = await run_in_threadpool(
            tokens.issue,
            server(request).access,
            who.person,
            role_of(role),
            services,
            parse_duration(term) or 0,
            label,
            doing(request, who),
        )
    except UsageError as problem:
        return await refused(request, problem)
    return await drawn(request, status=201, token=text)


async def revoke(request: Request) -> Response:
    """End one of one's own tokens."""
    who = oneself(request)
    name = request.path_params["token"]
    await run_in_threadpool(tokens.revoke, server(request).access, name, doing(request, who), of=who.person)
    return await drawn(request, said=f"The token {name} holds no longer.")


async def password(request: Request) -> Response:
    """Change one's own password; the browser gets another session."""
    oneself(request)
    async with request.form(max_files=0, max_fields=10) as form:
        old, new = str(form.get("old", "")), str(form.get("new", ""))
    cookie = cookies.read(request, cookies.SESSION)
    try:
        fresh = await apart(request, accounts.change_own, server(request).access, cookie, old, new, origin(request))
    except SteadyError as problem:
        return await refused(request, problem)
    answer = await drawn(request, fresh, said="Your password is changed, and you are signed out everywhere else.")
    cookies.put(request, answer, cookies.SESSION, fresh)
    return answer


async def end_others(request: Request) -> Response:
    """Sign out everywhere but here."""
    who = oneself(request)
    access, cookie = server(request).access, cookies.read(request, cookies.SESSION)
    count = await run_in_threadpool(
        access.end_sessions, who.person, who.person, who.how, who.origin, why="ended by the person", keep=cookie
    )
    return await drawn(request, said=f"Signed out elsewhere: {count}.")


def doing(request: Request, who: Identity) -> Doing:
    """Who does this, and from where."""
    return Doing(who.person, who.how, origin(request))


def role_of(word: str) -> Role:
    """A role by its word. Raises UsageError."""
    found = next((role for role in Role if role.word == word), None)
    if found is None:
        raise UsageError(f"there is no role {word!r}", f"one of {', '.join(role.word for role in Role)}")
    return found


ROUTES: tuple[BaseRoute, ...] = (
    Route("/account", account, methods=["GET"]),
    Route("/account/tokens", new_token, methods=["POST"]),
    Route("/account/tokens/{token:str}/revoke", revoke, methods=["POST"]),
    Route("/account/password", password, methods=["POST"]),
    Route("/account/sessions/end", end_others, methods=["POST"]),
)
