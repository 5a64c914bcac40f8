"""`/runbooks`: the library; and one runbook as a document, with its picture, its tests, its runs and its findings."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ...app import drilled, drilling
from ...app.covering import Covered
from ...app.shelf import Kept, matching
from ...errors import NotFound, SteadyError
from ...graph import build
from ...graph.outline import outline
from ...graph.svg import svg
from ...model import Incidence
from ...model.people import Role
from ..requests import need, server
from .rendering import Reading, asked, reading, render

PATIENCE = 1.0
"""Seconds that a page waits for its tests to be counted, before it says that they are."""
RUNS = 10


def library(request: Request) -> Response:
    """The runbooks, by name."""
    who = need(request, Role.VIEWER)
    everything = [one for one in reading(request).shelf.all() if who.may(Role.VIEWER, services_of(one))]
    wanted = {name: asked(request, name) for name in ("q", "severity", "service", "owner")}
    found = [one for one in matching(everything, wanted["q"]) if _fits(one, wanted)]
    books = [one.runbook for one in everything if one.runbook is not None]
    return render(
        request,
        "library.html",
        books=found,
        wanted=wanted,
        severities=tuple(one.value for one in Incidence),
        services=sorted({service for book in books for service in book.services}),
        owners=sorted({book.owner for book in books} - {""}),
        total=len(everything),
    )


def services_of(one: Kept) -> tuple[str, ...]:
    """The services that a runbook is for."""
    return one.runbook.services if one.runbook is not None else ()


def _fits(one: Kept, wanted: dict[str, str]) -> bool:
    book = one.runbook
    if book is None:
        return not any(wanted[name] for name in ("severity", "service", "owner"))
    severity = book.severity.value if book.severity else ""
    return (
        wanted["severity"] in {"", severity}
        and wanted["service"] in {"", *book.services}
        and wanted["owner"] in {"", book.owner}
    )


def runbook(request: Request) -> Response:
    """One runbook."""
    who = need(request, Role.VIEWER)
    look = reading(request)
    kept = look.shelf.one(request.path_params["name"])
    who = need(request, Role.VIEWER, services_of(kept))
    host = server(request)
    book = kept.runbook
    drawn = Markup(svg(build(book), plain=True)) if book is not None else Markup("")  # noqa: S704 the picture escapes its texts
    covered, counting = _covered(look, kept)
    return render(
        request,
        "runbook.html",
        kept=kept,
        book=book,
        picture=drawn,
        rows=outline(book) if book is not None else (),
        covered=covered,
        counting=counting,
        drill=_has_drill(request, kept),
        drilled=drilled.last(host.services, book.name, book.digest) if book is not None else None,
        runs=[row for row in host.board.runs() if book is not None and row.runbook == book.name][:RUNS],
        may_start=book is not None
        and kept.found is not None
        and kept.found.valid
        and who.may(Role.RESPONDER, book.services),
    )


def _covered(look: Reading, kept: Kept) -> tuple[Covered | None, bool]:
    """What the tests beside it walk: nothing where there is none; and whether it is still being counted."""
    if kept.runbook is None:
        return None, False
    try:
        found = look.coverages.of(kept.path, kept.runbook.text, PATIENCE)
    except NotFound:
        return None, False
    return found, found is None


def _has_drill(request: Request, kept: Kept) -> bool:
    """Whether a drill lies beside it."""
    try:
        return any(True for _ in drilling.drill_files(server(request).services, kept.path))
    except SteadyError:
        return False
