"""What happened at the door, a line each, for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from .. import events as e
from .words import minute

CHANGES: Mapping[str, str] = {"password": "given another password", "rebound": "bound anew to the identity provider"}
"""What became of an account, where that is more than one word."""


def line(recorded: e.Recorded) -> str:
    """One event of the door; '' for any other."""
    event = recorded.event
    said = _said(event)
    if not said:
        return ""
    how, origin = getattr(event, "how", ""), getattr(event, "origin", "")
    return f"{minute(recorded.at)}  {said}  ({how}{f' from {origin}' if origin else ''})"


def _said(event: e.Event) -> str:
    match event:
        case e.SignedIn():
            groups = f", in {', '.join(event.groups)}" if event.groups else ""
            means = "a password" if event.means == "password" else "the identity provider"
            return f"{event.person} signed in by {means}{groups}"
        case e.SignInRefused():
            return f"{event.person or 'somebody unknown'} was refused: {event.why}"
        case e.SignedOut(session=""):
            return f"sessions of {event.person} ended by {event.by}: {event.why}"
        case e.SignedOut():
            return f"{event.person} signed out"
        case e.LockedOut():
            subject = event.subject or "a name that nobody has"
            return f"{subject} is locked out until {minute(event.until)} after {event.refusals} attempts"
        case e.AccountChanged():
            return f"account of {event.person} {CHANGES.get(event.change, event.change)} by {event.by}"
        case e.TokenIssued():
            services = ", ".join("everything" if name == "*" else name for name in event.services)
            until = f"{event.role} for {services} until {minute(event.expires)}"
            return f"token {event.token} of {event.person} made by {event.by}: {until}"
        case e.TokenRevoked():
            return f"token {event.token} of {event.person} revoked by {event.by}{f': {event.why}' if event.why else ''}"
        case e.TokenRefused():
            whose = f"token {event.token} of {event.person}" if event.token else "a token"
            return f"{whose} was refused: {event.why}"
        case e.ActRefused():
            return f"{event.person} was refused {event.act}{f' with token {event.token}' if event.token else ''}"
        case e.SettingsRead(refused=()):
            late = f" (from the next start on: {', '.join(event.at_start)})" if event.at_start else ""
            return f"{event.person} had the settings read anew: {', '.join(event.changed) or 'nothing changed'}{late}"
        case e.SettingsRead():
            return f"{event.person} had the settings read anew, and they were refused: {'; '.join(event.refused)}"
        case _:
            return ""
