"""What the operations around evidence do: transcripts, artifacts, and whether the chains hold."""

from __future__ import annotations

import re

from msgspec import json

from ...app import watching
from ...errors import NotFound
from ...events import StepSettled
from ...graph import build
from ...model.wire import Audit, Fault
from ...projections import html, markdown, structured, transcript
from ..problems import Refusal
from .calling import Call
from .operations import JSON, Reply
from .runbooks import SHOWN_ONLY
from .seeing import recorded_of, run_of

MARKDOWN, HTML = "text/markdown; charset=utf-8", "text/html; charset=utf-8"
FORMS = (JSON, "text/markdown", "text/html")
BY_WORD = {"json": JSON, "md": "text/markdown", "html": "text/html"}


def told(call: Call) -> Reply:
    """The transcript of a run, in the form that was asked for."""
    run = run_of(call)
    recorded = recorded_of(call, run)
    runbook = watching.runbook_of(call.server.services, recorded)
    drawn = transcript.draw(recorded, runbook)
    head = call.server.services.journal.head(run)
    if head is not None and head.seq == drawn.events:
        drawn.head = head.hash.hex()
    word = call.given["format"]
    match BY_WORD[word] if word else call.media:
        case "text/markdown":
            return Reply(markdown.render(drawn, build(runbook), "").encode("utf-8"), MARKDOWN)
        case "text/html":
            body = html.render(drawn, build(runbook), "").encode("utf-8")
            return Reply(body, HTML, headers={"Content-Security-Policy": SHOWN_ONLY})
        case _:
            return Reply(json.encode(structured.render(drawn)))


def artifact(call: Call) -> Reply:
    """What a step of the run printed, by its SHA-256."""
    run, name = run_of(call), call.given["sha256"]
    known = {
        a.sha256 for one in recorded_of(call, run) if isinstance(one.event, StepSettled) for a in one.event.artifacts
    }
    if re.fullmatch("[0-9a-f]{64}", name) is None or name not in known:
        raise NotFound(f"run {run} has no artifact {name[:80]}", "its events name those that it has")
    content = call.server.services.journal.get(name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": SHOWN_ONLY}
    return Reply(media="application/octet-stream", headers=headers, content=content)


def audited(call: Call) -> Audit:
    """Walk the chain of a run, or all; one walk at a time."""
    word = call.given["run"]
    run = run_of(call) if word else ""
    if not call.walking.acquire(blocking=False):
        raise Refusal("too-many", "the chains are being walked", "ask again soon", headers={"Retry-After": "5"})
    try:
        faults, count = watching.verify(call.server.services, run)
    finally:
        call.walking.release()
    return Audit(not faults, count, [Fault(f.stream, f.seq, f.problem) for f in faults])
