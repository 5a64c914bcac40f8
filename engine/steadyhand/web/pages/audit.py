"""`/audit`: who did what from where, newest first; and whether the journal holds, walked on request."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...app.acts import page_of
from ...model.people import Role
from ...projections.acts import Act
from ..requests import need, server
from .rendering import asked, reading, render

EACH = 100
KINDS = ("run", "gate", "lease", "alert", "access")


def page(request: Request) -> Response:
    """The page. What happened at the door is for admins alone: it tells who was refused from where."""
    who = need(request, Role.VIEWER)
    host = server(request)
    admin = who.may(Role.ADMIN)
    wanted = {name: asked(request, name) for name in ("kind", "who", "q")}

    def fits(one: Act) -> bool:
        return (
            (admin or one.kind != "access")
            and (not one.run or who.may(Role.VIEWER, host.board.about(one.run).services))
            and wanted["kind"] in {"", one.kind}
            and wanted["who"] in {"", one.who}
            and all(
                word in f"{one.who} {one.what} {one.stream} {one.origin}".lower()
                for word in wanted["q"].lower().split()
            )
        )

    acts = tuple(filter(fits, reading(request).acts.newest(host.services.journal)))
    found, more = page_of(acts, asked(request, "after"), EACH)
    return render(
        request,
        "audit.html",
        acts=found,
        more=more,
        wanted=wanted,
        kinds=[kind for kind in KINDS if admin or kind != "access"],
        verified=reading(request).verifying.last,
    )


def verify(request: Request) -> Response:
    """Begin to walk the chains of the whole store."""
    who = need(request, Role.COMMANDER)
    reading(request).verifying.begin(server(request).services, who.person)
    return RedirectResponse("/audit#verify", 303)
