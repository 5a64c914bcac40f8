"""What people do to a run from its page: answer, note, stop, take over. Each is one use case; then the page again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...app import answering, runs
from ...app.viewing import View
from ...core.answers import Answer
from ...errors import UsageError
from ...events import GateAnswered, GateOpened
from ...model.people import Identity, Role
from ...projections.standing import role_for
from ..requests import need, server
from .rendering import link, reading
from .run import refused, show, viewed

LONGEST = 10_000
"""Characters of a comment or a note."""

Act = Callable[[Request, Mapping[str, str]], Response]


async def _sent(request: Request, act: Act) -> Response:
    sent = await request.form(max_files=0, max_fields=200)
    return await run_in_threadpool(act, request, {name: str(value) for name, value in sent.items()})


async def answer(request: Request) -> Response:
    """Answer a question."""
    return await _sent(request, _answer)


async def note(request: Request) -> Response:
    """Write something down."""
    return await _sent(request, _note)


async def stop(request: Request) -> Response:
    """Ask the run to stop."""
    return await _sent(request, _stop)


async def take(request: Request) -> Response:
    """Let this server drive the run."""
    return await _sent(request, _take)


def _back(run: str) -> Response:
    return RedirectResponse(link("runs", run), 303)


def _text(given: Mapping[str, str], name: str) -> str:
    """A text that somebody typed, as people write lines."""
    found = given.get(name, "").replace("\r\n", "\n").strip()
    if len(found) > LONGEST:
        raise UsageError(f"that is too long: {len(found)} characters", f"say it in {LONGEST}")
    return found


def _answer(request: Request, given: Mapping[str, str]) -> Response:
    view, who = viewed(request)
    host = server(request)
    gate, digest = given.get("gate", ""), given.get("digest", "")
    opening = int(given["opening"]) if given.get("opening", "").isdecimal() else 0
    comment, chosen = _text(given, "comment"), given.get("answer", "")
    if not (digest and opening):
        raise UsageError("the answer does not say what it is an answer to", "answer on the page of the run")
    shown = _shown(view.recorded, gate, opening, digest)
    if shown is not None:
        need(request, role_for(shown), view.runbook.services)
    else:
        need(request, Role.RESPONDER, view.runbook.services)
    state = view.state.gate_open(gate)
    if state is not None and state.opened.opening == opening and state.opened.digest == digest:
        try:
            meant = _meant(view, state.opened, who, given, chosen, comment)
        except UsageError as problem:
            return show(request, view, who, f"{problem.message}. {problem.hint}".strip(), 422, given)
    else:  # it is recorded all the same, and refused by the one rule there is
        meant = Answer(gate, who.person, chosen, digest, who.how, None, comment, opening, who.origin, who.groups)
    said = runs.answer(host.services, view.run, meant)
    host.hub.poke()
    if isinstance(said, GateAnswered):
        return _back(view.run)
    now = reading(request).views.of(host.services, view.run)
    return refused(request, now, gate, opening, digest, said.reason)


def _meant(
    view: View, opened: GateOpened, who: Identity, given: Mapping[str, str], chosen: str, comment: str
) -> Answer:
    """The answer that the form means. Raises UsageError with what may be answered."""
    words = given.get("words", "") if opened.kind == "ask" else chosen
    return answering.interpret(
        view.runbook,
        view.state,
        opened,
        words,
        by=who.person,
        via=who.how,
        comment=comment,
        origin=who.origin,
        groups=who.groups,
    )


def _shown(recorded: tuple[object, ...], gate: str, opening: int, digest: str) -> GateOpened | None:
    """The question that somebody was shown; None when there never was one."""
    for one in reversed(recorded):
        event = getattr(one, "event", None)
        if isinstance(event, GateOpened) and (event.gate, event.opening, event.digest) == (gate, opening, digest):
            return event
    return None


def _note(request: Request, given: Mapping[str, str]) -> Response:
    view, who = viewed(request, Role.RESPONDER)
    text = _text(given, "text")
    if not text:
        return show(request, view, who, "The note is empty: write something into it.", 422)
    runs.note(server(request).services, view.run, who.person, text, who.how, who.origin)
    server(request).hub.poke()
    return _back(view.run)


def _stop(request: Request, given: Mapping[str, str]) -> Response:
    view, who = viewed(request, Role.COMMANDER)
    host = server(request)
    runs.stop(host.services, view.run, who.person, _text(given, "reason"), who.how, who.origin)
    host.hub.poke()
    host.conductor.wake(view.run)  # a run that nobody drives is driven to its end here
    return _back(view.run)


def _take(request: Request, given: Mapping[str, str]) -> Response:
    del given
    view, who = viewed(request, Role.COMMANDER)
    host = server(request)
    if view.state.conclusion is not None:
        raise UsageError(f"run {view.run} has already ended", "nothing is left to drive")
    elsewhere = runs.driven_elsewhere(host.services, view.run)
    if elsewhere:
        raise UsageError(f"run {view.run} is driven by {elsewhere}", "stop that one first (Ctrl-C there)")
    runs.note(host.services, view.run, who.person, "takes the run over, for the server to drive", who.how, who.origin)
    host.conductor.wake(view.run)
    return _back(view.run)
