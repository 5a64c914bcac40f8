"""What can happen at the door: who came in, who was refused, what became of accounts and tokens.

The streams are `access:<YYYY-MM>`, by the month (UTC), apart from any run. In each event `how` is the door (web, api,
cli, ...) and `origin` the address of the client as the server saw it, '' on this machine. No event holds a password,
a token, or a name that somebody typed and nobody has: people type their passwords into the wrong field.
"""

from __future__ import annotations

from msgspec import Struct

ACCESS = "access:"
"""How the name of such a stream begins: `access:<YYYY-MM>`."""


class SignedIn(Struct, frozen=True, tag="access.signed_in"):
    """Somebody has proved who they are, by `means`: password, or the identity provider (oidc)."""

    person: str
    how: str
    origin: str
    means: str
    session: str
    groups: tuple[str, ...] = ()


class SignInRefused(Struct, frozen=True, tag="access.refused"):
    """Somebody was not let in. `person` is '' where the name that was typed is nobody's."""

    person: str
    how: str
    origin: str
    means: str
    why: str


class SignedOut(Struct, frozen=True, tag="access.signed_out"):
    """A session has ended: its person ended it, or somebody did it for them (`by`). `session` is '' for all of them."""

    person: str
    how: str
    origin: str
    by: str
    session: str
    why: str = ""


class LockedOut(Struct, frozen=True, tag="access.locked_out"):
    """After too many refusals nothing more is tried until a time (microseconds, UTC): for an account or an address.

    `subject` is the person ('' where the name is nobody's) or the address.
    """

    what: str
    subject: str
    how: str
    origin: str
    refusals: int
    until: int


class AccountChanged(Struct, frozen=True, tag="access.account"):
    """An account was added, disabled, enabled, given another password: `change`. `by` is who did it."""

    person: str
    change: str
    by: str
    how: str
    origin: str = ""


class TokenIssued(Struct, frozen=True, tag="access.token_issued"):
    """A token was made for a person: its id (not the token), what it may do, and when it ends (microseconds, UTC)."""

    token: str
    person: str
    label: str
    role: str
    services: tuple[str, ...]
    expires: int
    by: str
    how: str
    origin: str = ""


class TokenRevoked(Struct, frozen=True, tag="access.token_revoked"):
    """A token holds no longer."""

    token: str
    person: str
    by: str
    how: str
    origin: str = ""
    why: str = ""


class TokenRefused(Struct, frozen=True, tag="access.token_refused"):
    """A token was shown that does not hold. `token` is its id, '' where there is none of that id."""

    token: str
    person: str
    how: str
    origin: str
    why: str


class ActRefused(Struct, frozen=True, tag="access.act_refused"):
    """Somebody who was recognised wanted something that they may not do."""

    person: str
    act: str
    how: str
    origin: str
    token: str = ""


class SettingsRead(Struct, frozen=True, tag="access.settings"):
    """The settings were read anew while the server ran. `person` is who asked for it.

    `changed` are the names of what differs, `at_start` those of them that count from the next start on. `refused` says
    why nothing was changed; it is empty when it was.
    """

    person: str
    how: str
    origin: str = ""
    changed: tuple[str, ...] = ()
    at_start: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


AccessEvent = (
    SignedIn
    | SignInRefused
    | SignedOut
    | LockedOut
    | AccountChanged
    | TokenIssued
    | TokenRevoked
    | TokenRefused
    | ActRefused
    | SettingsRead
)
