"""What a cluster answers when it does not do what it was asked, and what is lost on the way: by its name, in short.

Called by _kube_wire, where answers come in, and by _kube_work, where they end a step. The words are the server's own,
as far as it says any: they name the object and the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput, BadResponse, HandlerError, Refused, TimedOut, Unreachable

LONGEST = 800
"""Characters of a server's words that a failure repeats."""


class Answered(Exception):
    """An answer that is no yes. The verbs know what some of these mean; the others end the step by name."""

    def __init__(self, code: int, status: Mapping[str, Any], after: float | None = None) -> None:
        super().__init__(f"{code}: {said(status)}")
        self.code = code
        self.status = status
        self.after = after

    @property
    def reason(self) -> str:
        """The reason as one word, such as AlreadyExists; '' when there is none."""
        return str(self.status.get("reason") or "")


CODES: Mapping[int, tuple[type[HandlerError], str, str]] = {
    400: (BadInput, "the cluster cannot read the request", "look at the parameters of the step"),
    401: (
        Refused,
        "the cluster does not know us (401)",
        "log in again, or give the target another `context` or `token`; whoever runs the cluster hands them out",
    ),
    403: (
        Refused,
        "the cluster does not allow it (403)",
        "ask whoever runs the cluster for a role that allows it, or name another user in the target",
    ),
    404: (Refused, "there is no such thing in the cluster (404)", "look at the kind, the name and the namespace"),
    405: (Refused, "the cluster does not do that with this kind of object", "look at `steady preflight`"),
    409: (
        Refused,
        "somebody else changed it at the same time (409); nothing was changed by us",
        "look at it as it is now, then do the step again",
    ),
    410: (Refused, "what was asked for is gone (410)", "do the step again"),
    413: (BadInput, "the request is too large for the cluster", "send less at once"),
    415: (BadInput, "the cluster does not take this kind of patch for this kind of object", "use type: merge"),
    422: (BadInput, "the cluster finds it invalid (422)", "correct what it names"),
    429: (Refused, "the cluster will not do it now (429)", "do the step again later, or give it a longer `timeout:`"),
    503: (Unreachable, "the API of the cluster is not available (503)", "look at the control plane of the cluster"),
    504: (
        Unreachable,
        "the API of the cluster did not answer in time (504)",
        "look at the control plane of the cluster",
    ),
}
"""Status code to the failure, its beginning, and what to do."""


def named(answered: Answered, *, unsure: bool) -> HandlerError:
    """An answer that no verb has a use for, by its name."""
    code, words = answered.code, said(answered.status)
    failure, what, hint = CODES.get(code, (BadResponse, f"the cluster answered {code}", "look at its log"))
    if answered.reason == "AlreadyExists":
        what, hint = "it is there already (409); nothing was changed", "look at it, then choose another name"
    if any(cause.get("reason") == "FieldManagerConflict" for cause in causes(answered.status)):
        what = "others own some of these fields (409); nothing was changed"
        hint = "leave the fields to them, or take them over with `force: true`"
    return failure(f"{what}: {words}" if words else what, hint, unsure=unsure)


def said(status: Mapping[str, Any]) -> str:
    """The server's own words in a line, with what it finds wrong with each field."""
    words = str(status.get("message") or "")
    for cause in causes(status):
        text = str(cause.get("message") or "")
        if text and text not in words:
            words += f"; {cause.get('field', '')}: {text}"
    line = " ".join(words.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def causes(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The causes in a Status; none in anything else."""
    details = status.get("details")
    found = details.get("causes") if isinstance(details, Mapping) else None
    return [cause for cause in found or () if isinstance(cause, Mapping)]


def status_of(data: bytes) -> Mapping[str, Any]:
    """The Status in an answer; its beginning as the message when it is none."""
    try:
        found = json.loads(data)
    except ValueError:
        return {"message": data[:LONGEST].decode("utf-8", "replace")}
    return found if isinstance(found, Mapping) else {"message": str(found)[:LONGEST]}


def lost(problem: BaseException, host: str, *, sent: bool, unsure: bool) -> HandlerError:
    """A request that got no answer."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError  # noqa: PLC0415 comes with the client

    from . import _failures  # noqa: PLC0415 only when something went wrong

    if isinstance(problem, ConnectTimeoutError) and not isinstance(problem, NewConnectionError):
        return Unreachable(f"{host} could not be connected to in time", "look at the network, the VPN, the firewall")
    if isinstance(problem, ReadTimeoutError):
        return TimedOut(f"{host} did not answer in time", "look at the control plane of the cluster", unsure=unsure)
    for cause in _failures._causes(problem):  # noqa: SLF001 the same room
        if isinstance(cause, OSError):
            found = _failures.named(cause, host, sent=sent, unsure=unsure)
            if isinstance(found, HandlerError):
                found.hint = found.hint.replace("`tls.ca`", "`ca` of the target")
                return found
    when = "after the request had been sent" if sent else "before the request was sent"
    message = f"the connection to {host} was lost {when}: {problem}"
    return Unreachable(message, "look at the control plane of the cluster", unsure=unsure)
