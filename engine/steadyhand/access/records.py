"""What the access store holds, as values and as bytes. Times are microseconds (UTC), 0 for never."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

ACCOUNT, SESSION, TOKEN, TOLD = "account", "session", "token", "told"
VOUCHED, SIGNING, SUBJECT = "vouched", "signing", "subject"
"""The kinds of cells: accounts by person, sessions by digest, tokens by id, what was told already; of an identity
provider: groups by person, logins under way by the digest of their state, who a person is there."""

T = TypeVar("T", bound=Struct)


class Account(Struct, frozen=True):
    """What is known of a person beside their rights. `hash` is '' for those who have no password here.

    Sessions that began before `sessions_from` hold no longer, whether or not their cells are gone.
    """

    person: str
    hash: str = ""
    disabled: bool = False
    added: int = 0
    changed: int = 0
    sessions_from: int = 0


class Session(Struct, frozen=True):
    """Somebody is signed in, in one browser. `proof` is what the provider gave, to sign out there as well."""

    id: str
    person: str
    means: str
    began: int
    seen: int
    origin: str = ""
    agent: str = ""
    groups: tuple[str, ...] = ()
    proof: str = ""


class Token(Struct, frozen=True):
    """An API token: `hash` is that of its secret. `services` may hold `*`: all that its person has."""

    id: str
    hash: str
    person: str
    label: str
    role: int
    services: tuple[str, ...]
    made: int
    expires: int
    by: str
    used: int = 0
    used_from: str = ""


class Vouched(Struct, frozen=True):
    """The groups that the provider named when the person last signed in there."""

    groups: tuple[str, ...]
    at: int


class Signing(Struct, frozen=True):
    """A login at the provider that is under way: what must come back, and to which browser."""

    nonce: str
    verifier: str
    browser: str
    then: str


def dump(record: Struct) -> bytes:
    """A record as bytes."""
    return msgspec.json.encode(record)


def load(content: bytes, kind: type[T]) -> T:
    """A record from bytes that we wrote."""
    return msgspec.json.decode(content, type=kind)
