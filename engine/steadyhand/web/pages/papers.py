"""The transcript of a run, as a page, as text and as JSON; and what its steps printed. All of it may be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from ...errors import NotFound
from ...events import StepSettled
from ...projections import html, markdown, structured
from ..requests import server
from .rendering import link
from .run import viewed

PIECE = 65_536
SANDBOX = "default-src 'none'; sandbox"
"""For what a step printed: whatever it is, it does nothing."""


def transcript(request: Request) -> Response:
    """The transcript as one page; its own style, no script."""
    view, _ = viewed(request)
    folder = link("runs", view.run, "artifacts")
    found = HTMLResponse(html.render(view.transcript, view.graph, folder))
    found.headers["Content-Security-Policy"] = (
        f"{html.POLICY}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return found


def text(request: Request) -> Response:
    """The transcript as Markdown."""
    view, _ = viewed(request)
    return PlainTextResponse(markdown.render(view.transcript, view.graph), media_type="text/markdown; charset=utf-8")


def document(request: Request) -> Response:
    """The transcript as JSON."""
    view, _ = viewed(request)
    return JSONResponse(structured.render(view.transcript))


def artifact(request: Request) -> Response:
    """What a step of this run printed, as a plain file."""
    view, _ = viewed(request)
    name = request.path_params["sha256"]
    events = (one.event for one in view.recorded)
    kept = {a.sha256: a for event in events if isinstance(event, StepSettled) for a in event.artifacts if a.sha256}
    if name not in kept:
        raise NotFound(f"run {view.run} has no artifact {name[:12]}", "see its transcript")
    content = server(request).services.journal.get(name)

    def pieces() -> Iterator[bytes]:
        with content:
            while piece := content.read(PIECE):
                yield piece

    called = re.sub(r"[^A-Za-z0-9._-]", "-", kept[name].name)
    headers = {"Content-Security-Policy": SANDBOX, "Content-Disposition": f'inline; filename="{called}-{name[:8]}.txt"'}
    return StreamingResponse(pieces(), media_type="text/plain; charset=utf-8", headers=headers)
