"""What MySQL, MariaDB and the way to them say, by the name of the failure and in a sentence. Tables first.

Called by _mysql alone. What is not in a table is told as the server told it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import BadInput, HandlerError, Refused, TimedOut, Unreachable
from ._place import Place

KILLED = frozenset({1317, 1969, 3024, 1028})
"""The statement was ended: by KILL QUERY, or by a limit."""
LOST = frozenset({0, 1053, 1927, 2006, 2013, 2014, 2055, 4031})
"""The connection is gone."""
UNDONE = frozenset({1205, 1213, 1290, 1792, 3101, 1020, 1451, 1452, 1062})
"""Failures of a COMMIT which say that it did not happen."""

FULL = (
    "look who holds them: show processlist; sessions that Sleep with a transaction open are the first suspects. "
    "A user with SUPER or CONNECTION ADMIN has one connection more"
)

CODES: Mapping[int, tuple[type[HandlerError], str, str]] = {
    1040: (Refused, "has no connection left", FULL),
    1203: (Refused, "has no connection left for this user", FULL),
    1226: (Refused, "has no connection left for this user", FULL),
    1045: (Refused, "rejects the user or the password", "look at the target's user and password"),
    1698: (Refused, "rejects the user or the password", "look at the target's user and password"),
    1044: (Refused, "does not let the user into the database", "grant it"),
    1049: (Refused, "has no such database", "look at the target's `database`"),
    1129: (Refused, "has blocked this machine", "`mysqladmin flush-hosts` there, and look why"),
    1130: (Refused, "does not let us in from here", "create the user for this host"),
    1142: (Refused, "the user may not do that", "grant it, or use another user"),
    1143: (Refused, "the user may not do that", "grant it, or use another user"),
    1227: (Refused, "the user may not do that", "grant it, or use another user"),
    1370: (Refused, "the user may not do that", "grant it, or use another user"),
    1792: (Refused, "this is a change, and a query is held to reading", "write it as `execute`, with a gate"),
    1290: (Refused, "the server takes no changes", "name the primary as the target"),
    1836: (Refused, "the server takes no changes", "name the primary as the target"),
    1205: (TimedOut, "a lock was not to be had in time", "look who holds it: show engine innodb status"),
    1213: (Refused, "a deadlock, and this transaction was rolled back", "run the step again"),
    1020: (Refused, "another transaction was in the way, and this one was rolled back", "run the step again"),
    1064: (BadInput, "the statement cannot be carried out", "correct the statement"),
    1054: (BadInput, "the statement cannot be carried out", "correct the statement"),
    1146: (BadInput, "the statement cannot be carried out", "correct the statement"),
    1305: (BadInput, "the statement cannot be carried out", "correct the statement"),
    1366: (BadInput, "a value cannot be used", "look at the values of the step"),
    1295: (BadInput, "this statement takes no values", "write it without a placeholder"),
    1062: (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    1048: (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    1451: (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    1452: (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    3819: (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    4025: (Refused, "a constraint forbids it, and the transaction was rolled back", "look at the data"),
    **dict.fromkeys(KILLED, (TimedOut, "the statement took too long, or was killed", "look at its plan, and who did")),
}
"""The number of an error to the failure, what is the matter, and what to do."""

CONNECTING: tuple[tuple[str, type[HandlerError], str, str], ...] = (
    (r"certificate verify failed: (Hostname|IP address) mismatch|doesn't match", Refused,
     "has a certificate for another name", "use a name that it is for"),
    (r"certificate verify failed", Refused, "has a certificate that is not trusted here",
     "name its authority's file as `ca`"),
    (r"SSL.* (not supported|doesn't support)|SSL is required, but|doesn't support SSL|SSL connection error", Refused,
     "does not speak TLS", "turn it on there, or write `tls: off` if the way there is safe"),
    (r"Name or service not known|No address associated|nodename nor servname|name resolution", Unreachable,
     "has no address", "check the name, and the DNS here"),
    (r"Connection refused", Unreachable, "refused the connection",
     "is it running, and is that the port it listens on?"),
    (r"No such file or directory", Unreachable, "has no socket there", "is it running, and is that its socket?"),
    (r"timed out", Unreachable, "did not answer", "look at the network, the VPN, the firewall"),
    (r"'cryptography' package is required", Refused, "wants the password encrypted",
     "write `tls: require`, or install the package cryptography"),
    (r"Lost connection|reset by peer|gone away", Unreachable, "closed the connection", "look at its log"),
)  # fmt: skip
"""A pattern of what the client says, the failure, what is the matter, and what to do."""


def _of(problem: Exception) -> tuple[int, str]:
    code = problem.args[0] if problem.args and isinstance(problem.args[0], int) else 0
    text = str(problem.args[1]) if len(problem.args) > 1 else str(problem)
    return code, " ".join(text.split())[:300]


def connecting(problem: Exception, place: Place) -> HandlerError:
    """Why there was no connection. Nothing has happened."""
    code, text = _of(problem)
    if code in CODES:
        failure, what, hint = CODES[code]
        return failure(f"{place.where} {what}", hint)
    for pattern, failure, what, hint in CONNECTING:
        if re.search(pattern, text):
            return failure(f"{place.where} {what}", hint)
    return Unreachable(
        f"{place.where} cannot be connected to: {text[:200]}", "look at the target, and the server's log"
    )


def named(problem: Exception, place: Place, *, committing: bool) -> HandlerError:
    """What the server refused, or how the connection was lost, by its name."""
    code, text = _of(problem)
    if code in LOST or isinstance(problem, OSError):
        if committing:
            message = f"the connection to {place.where} was lost during the COMMIT: {text}"
            return Unreachable(message, "look in the database whether the change is there", unsure=True)
        return Unreachable(f"the connection to {place.where} was lost, nothing was changed: {text}", "look at its log")
    failure, what, hint = CODES.get(code, (Refused, "the server refused it", "look at the statement"))
    return failure(f"{place.where}: {what}: {text} ({code})", hint, unsure=committing and code not in UNDONE)
