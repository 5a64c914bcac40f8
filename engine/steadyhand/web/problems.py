"""Everything that a program may be told instead of what it asked for: problem details (RFC 9457), one kind a row.

The application tells errors of ours with it, the API raises `Refusal` for its own, and its document lists the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType, json
from starlette.responses import Response

from ..app.access import NotAdmitted
from ..errors import Diagnostic, InvalidDocument, SteadyError
from ..model.wire import Finding, Problem
from .requests import status_of

MEDIA = "application/problem+json"
API = "/api/v1/"
"""Where these kinds are promised."""
SOON = "5"
"""Seconds after which to ask again, where the store cannot be reached."""
URN = "urn:steadyhand:problem:"


class Kind(Struct, frozen=True):
    """A kind of problem: its status, its title, and when it is told."""

    status: int
    title: str
    when: str


KINDS: Mapping[str, Kind] = {
    "unreadable": Kind(
        400, "The request cannot be read", "Broken JSON, an unknown or unfit parameter, a cursor that is none of ours."
    ),
    "unknown-person": Kind(401, "Nobody knows who asks", "No token or session, or one that holds no longer."),
    "denied": Kind(403, "Whoever asks may not do this", "The role that it needs is not held for these services."),
    "not-found": Kind(404, "There is no such thing here", "No such address, run, runbook, gate, alert or artifact."),
    "method": Kind(405, "The address does not take this method", "`Allow` lists those that it takes."),
    "not-acceptable": Kind(406, "It cannot be given in that form", "`Accept` names none of the forms that there are."),
    "conflict": Kind(409, "It does not fit how things stand", "The run has ended, or somebody else drives it."),
    "answer-refused": Kind(409, "The answer does not count", "It is recorded as refused; `detail` says why."),
    "in-progress": Kind(409, "The same request is being carried out", "Ask again in a moment, with the same key."),
    "too-large": Kind(413, "The request is too large", "A body may have 1 MiB."),
    "media-type": Kind(415, "The body is not JSON", "Bodies are `application/json`."),
    "unfit": Kind(
        422, "The request says what cannot be done", "A field is unknown or unfit, or an input does not fit."
    ),
    "invalid-document": Kind(422, "The document is invalid", "`findings` says where, what, why, and what to write."),
    "unfinishable": Kind(422, "The run could not be finished", "`needs` says what is missing on the server."),
    "key-reused": Kind(422, "The key was used for something else", "A key stands for one request, word by word."),
    "too-many": Kind(429, "Too much at once", "`Retry-After` says when to ask again."),
    "bug": Kind(500, "The server has failed", "A bug of ours; it is in the log of the server."),
    "unavailable": Kind(503, "It cannot be done right now", "The store cannot be reached, or the server is stopping."),
}

OF_STATUS: Mapping[int, str] = {kind.status: name for name, kind in reversed(list(KINDS.items()))}
"""The kind that is told where a status is all that is known: the first one of the table with that status."""


class Refusal(SteadyError):
    """A door says no, with a kind of the table. `needs` are what is missing, a sentence each."""

    def __init__(
        self,
        kind: str,
        message: str,
        hint: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        needs: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.headers = dict(headers or {})
        self.needs = list(needs)


def told(problem: SteadyError) -> tuple[Problem, dict[str, str]]:
    """An error of ours as a problem, and the headers that go with it."""
    headers: dict[str, str] = {}
    findings: list[Finding] | UnsetType = UNSET
    needs: list[str] | UnsetType = UNSET
    match problem:
        case Refusal():
            name, headers = problem.kind, problem.headers
            needs = problem.needs or UNSET
        case NotAdmitted(wait=wait) if wait:
            name, headers = "too-many", {"Retry-After": str(wait)}
        case InvalidDocument(diagnostics=diagnostics):
            name, findings = "invalid-document", [finding(one) for one in diagnostics]
        case _:
            name = OF_STATUS[status_of(problem)]
    kind = KINDS[name]
    if kind.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if kind.status == 503:
        headers.setdefault("Retry-After", SOON)
    body = Problem(URN + name, kind.title, kind.status, problem.message, problem.hint, findings, needs)
    return body, headers


def response(problem: SteadyError) -> Response:
    """An error of ours, as a program reads it."""
    body, headers = told(problem)
    return Response(json.encode(body), body.status, headers, MEDIA)


def bare(status: int, message: str, hint: str, headers: Any) -> Response:
    """A problem of which only the status is known."""
    return Response(json.encode(plain(status, message, hint)), status, headers, MEDIA)


def plain(status: int, message: str, hint: str = "") -> Problem:
    """A problem of which only the status is known."""
    name = OF_STATUS.get(status)
    title = KINDS[name].title if name else message
    return Problem(URN + name if name else "about:blank", title, status, message, hint)


def encoded(problem: Problem) -> bytes:
    """The body of an answer."""
    return json.encode(problem)


def finding(one: Diagnostic) -> Finding:
    """A finding as JSON: the same that `steady validate --json` prints."""
    return Finding(
        one.code, one.severity.value, one.span.source, one.span.line, one.span.column, one.span.end,
        one.message, one.why, one.hint,
    )  # fmt: skip
