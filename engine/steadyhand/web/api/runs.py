"""What the operations around runs do. Each act is a use case of the desk; the table of them is in table.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from msgspec import json

from ... import events as e
from ...app import preflight, runs, watching
from ...app.conductor import PARKED, SERVER
from ...app.server import Server
from ...errors import SteadyError, UsageError
from ...model import Mode
from ...model.people import Role
from ...model.wire import Event, Events, Moved, Note, Reason, Runs, StartRun, Stopped, Summary
from ...projections.structured import detail, summarise
from ...schema import inputs_of
from ..problems import Refusal
from .calling import Call
from .operations import PREFIX, Reply
from .pages import page, place_of
from .seeing import in_line, must, recorded_of, run_of, runbook_named, services_of, summary_of
from .streams import EventStream, event_of

TAKES_OVER = "takes the run over: a server drives it from here on"
"""What is noted in a run that is taken over."""


def listed(call: Call) -> Runs:
    """Runs, newest first, those that whoever asks may see."""
    server, given = call.server, call.given
    place = place_of(given["cursor"], tuple[int, str])

    def draw(head: tuple[int, str]) -> Summary | None:
        row = server.board.run(head[1])
        one = summary_of(server, head[1]) if row is None else in_line(row)
        fits = all(given[name] in {None, getattr(one, name)} for name in ("status", "runbook", "mode", "conclusion"))
        seen = fits and call.who.may(Role.VIEWER, services_of(server, head[1]))
        return one if seen else None

    found, after = page(_heads(server, place), lambda head: head, draw, given["limit"])
    return Runs(found, after)


def _heads(server: Server, place: tuple[int, str] | None) -> Iterator[tuple[int, str]]:
    """When each run began, with its name, newest first, after a place."""
    for head in server.services.journal.streams("r"):
        here = (head.created, head.stream)
        if ":" not in head.stream and (place is None or here < place):
            yield here


def one(call: Call) -> dict[str, Any]:
    """One run, as `steady show --json` prints it."""
    recorded = recorded_of(call, run_of(call))
    return detail(recorded, watching.runbook_of(call.server.services, recorded))


def started(call: Call) -> Reply | Summary:
    """A new run, driven here."""
    asked: StartRun = call.body
    server, key = call.server, call.repeated
    own = f"{runs.new_id(key.at, 0)}-{key.mark[:16]}" if key is not None else ""
    if key is None or not key.again or server.services.journal.head(own) is None:
        own = _start(call, asked, own)
    call.wrote()
    return _created(summary_of(server, own))


def _created(run: Summary) -> Reply:
    return Reply(json.encode(run), status=201, headers={"Location": f"{PREFIX}/runs/{run.id}"})


def _start(call: Call, asked: StartRun, own: str) -> str:
    """The id of a run that was started. Raises Refusal when it cannot be, or could not be finished."""
    server, mode = call.server, Mode(asked.mode)
    if server.draining.is_set():
        raise Refusal("unavailable", "the server is stopping", "ask again soon")
    if asked.probe and mode is not Mode.DRY_RUN:
        raise Refusal("unfit", "`probe` belongs to a dry run", "give the mode dry-run, or leave it out")
    runbook = runbook_named(call, asked.runbook)
    if mode is Mode.AUTO:
        must(call.who, Role.APPROVER, runbook.services)
    values = fitting(runbook, asked.inputs, partial=False)
    rows = preflight.check(server.services, runbook, values, remote=False) if mode is not Mode.DRY_RUN else ()
    missing = [preflight.line(row) for row in rows if row.holds is False]
    if missing:
        hint = f"POST {PREFIX}/runbooks/{runbook.name}/preflight shows all of it"
        raise Refusal("unfinishable", "the run was not started, since it could not be finished", hint, needs=missing)
    try:
        return server.run(call.who, runbook, values, mode, probe=asked.probe, run=own, traceparent=call.traceparent)
    except runs.AlreadyStarted as there:
        return there.run


def fitting(runbook: Any, inputs: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    """The inputs of a run, from JSON values. Raises Refusal."""
    try:
        return inputs_of(runbook, inputs, texts=False, partial=partial)
    except UsageError as problem:
        known = ", ".join(runbook.inputs) or "none"
        raise Refusal("unfit", problem.message, f"inputs of {runbook.name}: {known}") from None


def events(call: Call) -> Reply | Events | EventStream:
    """The events of a run: a page of them, or a stream."""
    run = run_of(call)
    recorded = recorded_of(call, run)
    stream = call.media == "text/event-stream"
    after = int(call.given["after"]) if call.resumes_after is None or not stream else call.resumes_after
    end = next((one.seq for one in reversed(recorded) if isinstance(one.event, e.RunConcluded)), 0)
    if stream:
        if call.server.draining.is_set():
            raise Refusal("unavailable", "the server is stopping", "come back soon")
        if end and call.resumes_after is not None and after >= end:
            return Reply(status=204)  # by which a browser knows that it need not come back
        return EventStream(call.server, run, min(after, end - 1) if end else after)
    found = [event_of(one) for one in recorded if one.seq > after]
    some: list[Event] = found[: call.given["limit"]]
    last = some[-1].seq if some else after
    return Events(some, last, bool(end) and last >= recorded[-1].seq)


def noted(call: Call) -> Moved:
    """Write something down in a run."""
    note: Note = call.body
    run = run_of(call, Role.RESPONDER)
    _say(call, run, note.text)
    return _moved(call, run)


def _say(call: Call, run: str, text: str) -> None:
    """Note something, unless an earlier try has done it."""
    who = call.who

    def same(event: e.Event) -> bool:
        return isinstance(event, e.NoteAdded) and (event.by, event.text) == (who.person, text)

    if not done_before(call, run, same):
        runs.note(call.server.services, run, who.person, text, who.how, who.origin)
        call.wrote()


def stopped(call: Call) -> Moved:
    """Ask a run to stop."""
    why: Reason = call.body
    run = run_of(call, Role.COMMANDER)
    who = call.who

    def same(event: e.Event) -> bool:
        return isinstance(event, e.StopRequested) and event.by == who.person

    if not done_before(call, run, same):
        not_over(call, run)
        with_conflict(lambda: runs.stop(call.server.services, run, who.person, why.reason, who.how, who.origin))
        call.wrote()
        _drive_to_its_end(call, run)
    return _moved(call, run)


def _drive_to_its_end(call: Call, run: str) -> None:
    """A run that nobody drives is ended here; whoever drives one sees it by itself."""
    if runs.interrupted(call.server.services, run):
        call.server.conductor.wake(run)


def taken_over(call: Call) -> Moved:
    """Drive a run here that a terminal has left."""
    run = run_of(call, Role.COMMANDER)
    not_over(call, run)
    if driver_elsewhere(call, run):
        _say(call, run, TAKES_OVER)
        call.server.conductor.drive(run)
    return _moved(call, run)


def woken(call: Call) -> Moved:
    """Look at a run now, one that a server drives or that waits for anybody."""
    run = run_of(call, Role.RESPONDER)
    not_over(call, run)
    row = call.server.board.run(run)
    if row is not None and row.driver and not row.driver.startswith(SERVER) and row.paused not in PARKED:
        raise Refusal(
            "conflict", f"run {run} is driven by {row.driver}", f"take it over: POST {PREFIX}/runs/{run}/take-over"
        )
    call.server.conductor.wake(run)
    return _moved(call, run)


def driver_elsewhere(call: Call, run: str) -> bool:
    """Whether this server does not drive a run. Raises Refusal when somebody else does right now."""
    driver = runs.driven_elsewhere(call.server.services, run)
    if driver and driver != call.server.services.actor:
        raise Refusal("conflict", f"run {run} is driven by {driver}", "end that first, or stop the run")
    return not driver


def not_over(call: Call, run: str) -> None:
    """Raises Refusal when a run has concluded."""
    end = next((one.event for one in reversed(recorded_of(call, run)) if isinstance(one.event, e.RunConcluded)), None)
    if end is not None:
        raise Refusal("conflict", f"run {run} has already ended: {end.conclusion}", "start another one")


def with_conflict(act: Callable[[], Any]) -> None:
    """An act that fails where the run has ended meanwhile. Raises Refusal."""
    try:
        act()
    except UsageError as problem:
        raise Refusal("conflict", problem.message, problem.hint) from None


def done_before(call: Call, run: str, same: Callable[[e.Event], bool]) -> bool:
    """Whether an earlier try of this very request, which was cut off, has appended already."""
    if call.repeated is None or not call.repeated.again:
        return False
    at = call.repeated.at
    return any(one.at >= at and same(one.event) for one in recorded_of(call, run))


def _moved(call: Call, run: str) -> Moved:
    return Moved(run, summarise(recorded_of(call, run)).status)


def stopped_all(call: Call) -> Stopped:
    """Ask every run to stop."""
    why: Reason = call.body
    who = call.who
    told = runs.stop_all(call.server.services, who.person, why.reason, who.how, who.origin)
    call.wrote()
    for run in told:
        with suppress(SteadyError):  # it was told all the same
            _drive_to_its_end(call, run)
    return Stopped(list(told))
