"""Who acts, and what they may do: the values that every door of the server speaks in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from msgspec import Struct, field

EVERYTHING = "*"
"""All services, where rights are for some."""


class Role(IntEnum):
    """What a person may do on a server. Each role may do all that those before it may."""

    VIEWER = 1
    """See runs, runbooks, alerts, transcripts."""
    RESPONDER = 2
    """Start runs, note, answer questions that change nothing, take and return own leases."""
    APPROVER = 3
    """Say yes or no to changes."""
    COMMANDER = 4
    """Stop runs, take over, hand back somebody else's lease."""
    ADMIN = 5
    """People, tokens, settings; stop everything."""

    @property
    def word(self) -> str:
        """The name as it is written in settings."""
        return self.name.lower()


class Identity(Struct, frozen=True):
    """Somebody who was recognised. `how` is the door (web, api, email, slack, cli); `origin` the address of the client.

    `rights` maps a service (or `*`) to the highest role there. `groups` are what the identity provider
    says they are in. `token` is the id of the API token, where one was used.
    """

    person: str
    how: str
    origin: str = ""
    rights: Mapping[str, Role] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    token: str = ""

    def may(self, role: Role, services: Iterable[str] = ()) -> bool:
        """Whether they have the role for all these services (for some service, where none is named)."""
        listed = tuple(services)
        if self.rights.get(EVERYTHING, 0) >= role:
            return True
        if not listed:
            return any(held >= role for held in self.rights.values())
        return all(self.rights.get(service, 0) >= role for service in listed)
