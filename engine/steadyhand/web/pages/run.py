"""`/runs/ID`: one run, live: what is asked, where it stands, evidence, the picture, what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ...app.viewing import View
from ...graph.svg import svg
from ...model.people import Identity, Role
from ...projections.changed import changed
from ...projections.sections import Section
from ...projections.standing import Standing, standing
from ..requests import need, server
from .rendering import reading, render

SECTIONS = 120
"""How many visits of steps are shown, the latest; the transcript has all of them."""


def viewed(request: Request, role: Role = Role.VIEWER) -> tuple[View, Identity]:
    """The run that the address names, and who asks, if they have that role for its services."""
    need(request, Role.VIEWER)
    host = server(request)
    view = reading(request).views.of(host.services, request.path_params["run"])
    return view, need(request, role, view.runbook.services)


def page(request: Request) -> Response:
    """The page."""
    view, who = viewed(request)
    return show(request, view, who)


def show(
    request: Request,
    view: View,
    who: Identity,
    problem: str = "",
    code: int = 200,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """The page of a run; with a problem, and what was typed, when something that was sent could not be done."""
    host = server(request)
    state, drawn = view.state, view.transcript
    row = host.board.run(view.run)
    sections = drawn.sections[-SECTIONS:]
    current = [section for section in sections if not section.outcome] if state.conclusion is None else []
    driven = view.run in host.conductor.driven
    return render(
        request,
        "run.html",
        code,
        view=view,
        run=view.run,
        book=view.runbook,
        t=drawn,
        state=state,
        started=state.run,
        row=row,
        status_word=_status(view),
        questions=questions(view, who, host.services.clock.now()),
        current=current,
        tails=host.hub.tails(view.run),
        sections=sections,
        left_out=len(drawn.sections) - len(sections),
        picture=picture(view),
        driven=driven,
        driver=row.driver if row is not None else state.driver,
        paused=row.paused if row is not None else "",
        problem=problem,
        typed=typed,
    )


def _status(view: View) -> str:
    if view.state.conclusion is not None:
        return view.state.conclusion.conclusion
    return "waiting" if view.state.open_gates else "running"


def questions(view: View, who: Identity, now: int) -> list[Standing]:
    """The questions that stand open, as this person sees them, oldest first."""
    titles = {section.path: section.title for section in view.transcript.sections}
    return [
        standing(view.state, gate, who.person, who.groups, now, _title(titles, gate.opened.path))
        for gate in view.state.open_gates
    ]


def _title(titles: dict[str, str], path: str) -> str:
    """What the step is called that a path lies in."""
    fitting = (name for name in titles if path == name or (path.startswith(name) and path[len(name)] in ".[:/"))
    return titles.get(max(fitting, key=len, default=""), path)


def picture(view: View) -> Markup:
    """The graph with the way that was taken, and where control stands now."""
    marks = dict(view.transcript.marks)
    if view.state.conclusion is None:
        waiting = {gate.opened.path for gate in view.state.open_gates}
        for section in view.transcript.sections:
            if not section.outcome and "/" not in section.path:
                marks[section.path] = "waiting" if any(_within(section, path) for path in waiting) else "running"
    return Markup(svg(view.graph, walked=view.transcript.walked, marks=marks, plain=True))  # noqa: S704 the picture escapes its texts


def _within(section: Section, path: str) -> bool:
    return path == section.path or (path.startswith(section.path) and path[len(section.path)] in ".[:/")


def refused(request: Request, view: View, gate: str, opening: int, digest: str, why: str) -> Response:
    """The page for an answer that did not count: what is different from what was shown."""
    return render(
        request,
        "refused.html",
        409,
        run=view.run,
        book=view.runbook,
        gate=gate,
        why=why,
        changed=changed(view.recorded, gate, opening, digest),
    )
