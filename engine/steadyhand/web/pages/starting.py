"""`/r/NAME`: start a run of a runbook: its inputs as a form, filled in from the address or from an alert.

The form carries the id that its run will have, so that a form that is sent twice starts one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...alerts.state import AlertState
from ...app import library, opening, runs
from ...app.opening import Opened
from ...app.runs import AlreadyStarted
from ...errors import SteadyError, UsageError
from ...events import ALERTS
from ...model import Input, Mode, Runbook
from ...model.people import Identity, Role
from ...projections.fields import Field, field_of, written
from ...schema import inputs_of
from ..requests import need, server
from .rendering import asked, link, reading, render

INPUT = "input."
"""What stands before the name of an input where it is a field of the form, or a parameter of the address."""
MODES = {
    Mode.GUIDED: "guided: asks before every change that has a gate",
    Mode.STEP: "step: asks before every step",
    Mode.DIAGNOSE: "diagnose: looks, and changes nothing",
    Mode.AUTO: "auto: gates that allow it are passed unasked",
    Mode.DRY_RUN: "dry run: goes through it, and carries no change out",
}


def form(request: Request) -> Response:
    """The form."""
    book, _ = _asked_for(request)
    given = {name.removeprefix(INPUT): value for name, value in request.query_params.items()}
    given = {name: value for name, value in given.items() if name in book.inputs}
    mode, word = asked(request, "mode"), asked(request, "alert")
    if not word:
        return _form(request, book, given, mode, None)
    try:
        opened = _opened(request, word)
    except SteadyError as problem:
        return _form(request, book, given, mode, None, problem)
    values = {name: written(value) for name, value in opened.inputs.items()}
    changed = _command(book, {**values, **given}, mode) + f" --alert {opened.alert.stream.removeprefix(ALERTS)}"
    line = changed if given or mode else opened.line
    return _form(request, book, {**values, **given}, mode, opened.alert, command=line)


def _opened(request: Request, word: str) -> Opened:
    """The runbook with its inputs as the alert gives them. Raises NotFound, UsageError."""
    host = server(request)
    fingerprint = word.removeprefix(ALERTS)
    return opening.prefill(host.services, _path(request), fingerprint, alert=host.board.alert(word))


def _asked_for(request: Request) -> tuple[Runbook, Identity]:
    need(request, Role.VIEWER)
    kept = reading(request).shelf.one(request.path_params["name"])
    book = kept.runbook
    who = need(request, Role.RESPONDER, book.services if book is not None else ())
    if book is None or kept.found is None or not kept.found.valid:
        raise UsageError(f"runbook {kept.name} is not valid, so it cannot be started", "its page says what is wrong")
    return book, who


def _form(
    request: Request,
    book: Runbook,
    values: Mapping[str, str],
    mode: str,
    alert: AlertState | None,
    problem: SteadyError | None = None,
    code: int = 200,
    command: str = "",
) -> Response:
    wrong = _wrong(problem)
    fields = [_field(name, one, values, wrong.pop(name, "")) for name, one in book.inputs.items()]
    return render(
        request,
        "start.html",
        code,
        book=book,
        fields=fields,
        modes=[(one.value, label, one.value == (mode or Mode.GUIDED.value)) for one, label in MODES.items()],
        alert=alert,
        run=runs.new_id(server(request).services.clock.now()),
        problem=problem,
        command=command or _command(book, values, mode),
    )


def _field(name: str, one: Input, values: Mapping[str, str], wrong: str) -> Field:
    default = "" if one.required or one.default is None else written(one.default)
    return field_of(
        name,
        one.schema,
        values.get(name, default),
        required=one.required,
        about=one.description,
        source=one.source,
        wrong=wrong,
    )


def _wrong(problem: SteadyError | None) -> dict[str, str]:
    """What is wrong with each input, from the sentence that names them all."""
    if problem is None:
        return {}
    parts = (part.partition(": ") for part in problem.message.removeprefix("the inputs do not fit: ").split("; "))
    return {name: words for name, _, words in parts}


def _command(book: Runbook, values: Mapping[str, str], mode: str) -> str:
    """The same as a command line."""
    from shlex import quote  # noqa: PLC0415 only here

    words = [f"-i {quote(f'{name}={value}')}" for name, value in values.items()]
    return " ".join(["steady run", quote(book.name), *words, *([f"--mode {mode}"] if mode else [])])


async def start(request: Request) -> Response:
    """Start the run."""
    sent = await request.form(max_files=0, max_fields=200)
    given = {name: str(value) for name, value in sent.items()}
    return await run_in_threadpool(_start, request, given)


def _start(request: Request, given: Mapping[str, str]) -> Response:
    book, who = _asked_for(request)
    host = server(request)
    values = {name: given[f"{INPUT}{name}"] for name in book.inputs if given.get(f"{INPUT}{name}", "") != ""}
    alert = _opened(request, given["alert"]).alert if given.get("alert") else None
    mode = given.get("mode", Mode.GUIDED.value)
    if mode not in {one.value for one in Mode}:
        raise UsageError(f"there is no mode {mode}", f"modes: {', '.join(one.value for one in Mode)}")
    try:
        inputs = inputs_of(book, values)
        more: dict[str, Any] = {"alert": opening.about(alert)} if alert is not None else {}
        run = host.run(
            who, library.load(host.services, str(_path(request))), inputs, Mode(mode), run=given.get("run", ""), **more
        )
    except AlreadyStarted as problem:
        run = problem.run
    except UsageError as problem:
        return _form(request, book, values, mode, alert, problem, 422)
    if alert is not None:
        opening.belongs(host.services, alert, book.name, run)
    return RedirectResponse(link("runs", run), 303)


def _path(request: Request) -> str:
    return str(reading(request).shelf.one(request.path_params["name"]).path)
