"""What PostgreSQL and the way to it say, by the name of the failure and in a sentence. Tables first.

Called by _postgresql alone. What is not in a table is told as the server told it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from ..errors import BadInput, HandlerError, Refused, TimedOut, Unreachable
from ._place import Place

CANCELED = "57014"

FULL = (
    "look who holds them: select state, application_name, count(*) from pg_stat_activity group by 1, 2; "
    "sessions `idle in transaction` are the first suspects. A superuser has reserved slots"
)

CONNECTING: tuple[tuple[str, type[HandlerError], str, str], ...] = (
    (r"too many clients already|too many connections for", Refused, "has no connection left", FULL),
    (r"remaining connection slots are reserved", Refused, "has only reserved connections left", FULL),
    (r"password authentication failed", Refused, "rejects the user or the password", "look at the target's password"),
    (r"no password supplied", Refused, "wants a password", "give the target a `password:`"),
    (r'role ".*" does not exist', Refused, "does not know the user", "look at the target's `user`"),
    (r'database ".*" does not exist', Refused, "has no such database", "look at the target's `database`"),
    (r"permission denied for database", Refused, "does not let the user into the database", "grant CONNECT"),
    (r"no pg_hba.conf entry", Refused, "does not let us in from here", "add a line to its pg_hba.conf"),
    (r"certificate verify failed|root certificate", Refused, "has a certificate that is not trusted here",
     "name its authority's file as `ca`"),
    (r"does not match host name", Refused, "has a certificate for another name", "use a name that it is for"),
    (r"does not support SSL|server does not support TLS", Refused, "does not speak TLS",
     "turn it on there, or write `tls: off` if the way there is safe"),
    (r"system is starting up|recovery mode|not yet accepting|consistent recovery state", Unreachable,
     "is still starting", "wait, and look at its log"),
    (r"system is shutting down", Unreachable, "is shutting down", "look at who stopped it"),
    (r"could not translate host name|Name or service not known", Unreachable, "has no address",
     "check the name, and the DNS here"),
    (r"Connection refused", Unreachable, "refused the connection",
     "is it running, and is that the port it listens on?"),
    (r"No such file or directory", Unreachable, "has no socket there", "is it running, and is that its folder?"),
    (r"timeout expired|[Tt]imed out", Unreachable, "did not answer", "look at the network, the VPN, the firewall"),
    (r"closed the connection unexpectedly|Connection reset", Unreachable, "closed the connection", "look at its log"),
)  # fmt: skip
"""A pattern of what the client says, the failure, what is the matter, and what to do."""

STATES: Mapping[str, tuple[type[HandlerError], str, str]] = {
    "25006": (Refused, "this is a change, and a query is held to reading", "write it as `execute`, with a gate"),
    CANCELED: (TimedOut, "the statement took too long", "give the step a longer `timeout:`, or look at its plan"),
    "55P03": (TimedOut, "a lock was not to be had in time", "look who holds it: pg_locks, pg_blocking_pids()"),
    "25P03": (Unreachable, "the session was ended: idle in transaction for too long", "look at the server's settings"),
    "40001": (Refused, "another transaction was in the way, and this one was rolled back", "run the step again"),
    "40P01": (Refused, "a deadlock, and this transaction was rolled back", "run the step again"),
    "42501": (Refused, "the role may not do that", "grant it, or use another role"),
    "53300": (Refused, "the server has no connection left", FULL),
    "25001": (Refused, "it cannot run inside a transaction", "make it a step of its own"),
    "0A000": (BadInput, "the server does not support that", "look at the statement"),
    "42804": (BadInput, "a type does not fit", "cast it: cast({{ ... }} as bigint), or `{{ ... | int }}`"),
    "42P18": (BadInput, "the type of a value cannot be told from where it stands", "cast it: cast({{ ... }} as text)"),
    "42883": (BadInput, "no function or operator takes these types", "cast the value: cast({{ ... }} as text)"),
}
"""SQLSTATE to the failure, what is the matter, and what to do."""

CLASSES: Mapping[str, tuple[type[HandlerError], str, str]] = {
    "08": (Unreachable, "the connection failed", "look at the server's log"),
    "22": (BadInput, "a value cannot be used", "look at the values of the step"),
    "23": (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    "28": (Refused, "the login is not accepted", "look at the target's user and password"),
    "40": (Refused, "the transaction was rolled back", "run the step again"),
    "42": (BadInput, "the statement cannot be carried out", "correct the statement"),
    "53": (Refused, "the server is short of something", "look at its disk, its memory, its connections"),
    "57": (Unreachable, "the session was ended by the server", "look at the server's log"),
    "58": (Refused, "the server has a problem with its system", "look at the server's log"),
    "XX": (Refused, "the server has a problem inside", "look at the server's log"),
}
"""The first two characters of a SQLSTATE, for those that are not in the table above."""

SURE = frozenset({"23", "25", "40", "42"})
"""Classes of failures of a COMMIT which say that it did not happen."""


class Said(Struct, frozen=True):
    """What the server said of a failure."""

    state: str
    text: str
    detail: str = ""
    hint: str = ""
    position: str = ""
    severity: str = "ERROR"
    statement: str = ""


def connecting(problem: Exception, place: Place) -> HandlerError:
    """Why there was no connection. Nothing has happened."""
    text = str(problem)
    for pattern, failure, what, hint in CONNECTING:
        if re.search(pattern, text):
            return failure(f"{place.where} {what}", hint)
    told = " ".join(re.sub(r"^.*(FATAL|failed): ", "", text.strip(), flags=re.DOTALL).split())
    return Unreachable(
        f"{place.where} cannot be connected to: {told[:200]}", "look at the target, and the server's log"
    )


def lost(text: str, place: Place, *, committing: bool) -> HandlerError:
    """The connection is gone."""
    told = " ".join(text.split()).replace("consuming input failed: ", "")[:160] or "it was closed"
    if committing:
        message = f"the connection to {place.where} was lost during the COMMIT: {told}"
        return Unreachable(message, "look in the database whether the change is there", unsure=True)
    return Unreachable(f"the connection to {place.where} was lost, nothing was changed: {told}", "look at its log")


def rolled_back(place: Place) -> HandlerError:
    """The server answered a COMMIT with a rollback."""
    return Refused(f"{place.where} rolled the transaction back instead of committing it", "look at its log")


def named(said: Said, place: Place, *, committing: bool, remaining: float) -> HandlerError:
    """What the server refused, by its name."""
    unknown = (Refused, "the server refused it", "look at the server's log")
    failure, what, hint = STATES.get(said.state) or CLASSES.get(said.state[:2], unknown)
    if said.state == CANCELED and remaining > 0.5:
        failure, what, hint = Refused, "somebody cancelled it on the server", "look who, and run the step again"
    parts = [f"{what}: {said.text}", said.detail, marked(said.statement, said.position)]
    unsure = committing and (said.severity != "ERROR" or said.state[:2] not in SURE)
    if said.state[:2] in {"22", "42"} and said.hint:
        hint = said.hint[:1].lower() + said.hint[1:]
    return failure(f"{place.where}: " + "; ".join(part for part in parts if part), hint, unsure=unsure)


def marked(statement: str, position: str) -> str:
    """The line of the statement in which the mistake is, an arrow before it."""
    if not position.isdecimal():
        return ""
    at = int(position) - 1
    start, end = statement.rfind("\n", 0, at) + 1, statement.find("\n", at)
    line = statement[start : end if end >= 0 else len(statement)]
    number = statement.count("\n", 0, at) + 1
    before, after = line[: at - start][-40:], line[at - start :][:40]
    return f"line {number}: {before}►{after}"
