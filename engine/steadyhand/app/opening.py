"""Opens a runbook by hand for an alert: its inputs filled in from what the alert says, and the command that does it.

Called by the page of a runbook (`/r/RUNBOOK?alert=FINGERPRINT`) and by `steady run --alert`. Nothing is started here.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..alerts.meaning import fits, names_of, values
from ..alerts.state import AlertState, fold_alert
from ..errors import HeadMoved, NotFound, UsageError
from ..model import Runbook
from ..schema.routes import Route
from . import library
from .routebook import Routebook
from .services import Services


class Opened(Struct, frozen=True):
    """A runbook and an alert. `inputs` are what is given (defaults too), `missing` why the others are not, by name.

    `line` is the command that starts it here and now; what is missing stands in it as `NAME=VALUE`.
    """

    runbook: Runbook
    alert: AlertState
    inputs: Mapping[str, Any]
    missing: Mapping[str, str]
    line: str


def find(services: Services, word: str) -> AlertState:
    """An alert by its fingerprint, `INTAKE:FINGERPRINT` where several have the same. Raises NotFound, UsageError."""
    ends = f":{word}"
    streams = [head.stream for head in services.journal.streams(e.ALERTS) if word and head.stream.endswith(ends)]
    whole = [stream for stream in streams if stream == f"{e.ALERTS}{word}" or stream.count(":") == word.count(":") + 2]
    if not whole:
        raise NotFound(
            f"there is no alert {word} in {services.store_url}", "give its fingerprint, as the source says it"
        )
    if len(whole) > 1:
        listed = ", ".join(stream.removeprefix(e.ALERTS) for stream in whole)
        raise UsageError(f"{len(whole)} alerts have the fingerprint {word}", f"name one: {listed}")
    return fold_alert(services.journal.read(whole[0]))


def prefill(
    services: Services,
    runbook: str,
    fingerprint: str,
    *,
    alert: AlertState | None = None,
    book: Routebook | None = None,
) -> Opened:
    """A runbook with its inputs as the alert gives them. Raises NotFound, UsageError, InvalidDocument.

    `alert` is what a server knows of it already, and `book` its routes.
    """
    found = library.load(services, runbook)
    known = alert or find(services, fingerprint)
    said = known.said
    if said is None:
        raise NotFound(
            f"nothing was said of the alert {fingerprint} yet", "give the fingerprint of one that was received"
        )
    route = _route(book or Routebook(services), found, said)
    given, wrong = values(route, found, said)
    if route.storm is not None and route.storm.input in given:
        given[route.storm.input] = [given[route.storm.input]]
    missing = dict(wrong)
    for name, spec in found.inputs.items():
        if name not in given and not spec.required:
            given[name] = spec.default
        elif name not in given:
            missing.setdefault(name, "the alert does not say it")
    return Opened(found, known, given, missing, _line(services, found, known, given, missing))


def _route(book: Routebook, runbook: Runbook, said: e.AlertReceived) -> Route:
    """The route by which the alert would start the runbook; else what the runbook itself says of its inputs."""
    ways = (way.route for way in book.ways() if way.route.runbook == runbook.name)
    return next((route for route in ways if fits(route, said)), Route("", runbook.name))


def _line(
    services: Services, runbook: Runbook, alert: AlertState, given: Mapping[str, Any], missing: Mapping[str, str]
) -> str:
    words = ["steady", *(["--store", services.named_store] if services.named_store else []), "run", runbook.name]
    for name, value in given.items():
        if runbook.inputs[name].required or value != runbook.inputs[name].default:
            words += ["-i", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    for name in missing:
        words += ["-i", f"{name}=VALUE"]
    return shlex.join([*words, "--alert", alert.stream.removeprefix(e.ALERTS)])


def about(alert: AlertState) -> dict[str, Any]:
    """What a run keeps of an alert that somebody started it for. The status is that of now."""
    assert alert.said is not None  # noqa: S101 prefill has refused it
    known = names_of(alert.said, alert.stream)
    del known["details"]
    return {**known, "status": alert.status}


def belongs(services: Services, alert: AlertState, runbook: str, run: str) -> None:
    """Write down that somebody has started a run for the alert: it will hear how the alert stands."""
    journal, state = services.journal, alert
    while run not in state.runs:
        event = e.AlertRouted(state.said_seq, "", "", runbook, run)
        try:
            now = services.clock.now()
            journal.append(
                state.stream, state.seq, [event], actor=f"{services.person}@{services.host}", at=now, epoch=1
            )
        except HeadMoved:
            state = fold_alert(journal.read(state.stream))
            continue
        return
