"""API tokens: made for a person with a part of their rights, shown once, kept as a digest, listed and revoked."""

from __future__ import annotations

from .. import events as e
from ..access import keys, records
from ..access.records import TOKEN
from ..access.records import Token as Token  # noqa: PLC0414 for the doors, which may not reach the access room
from ..errors import NotFound, UsageError
from ..model import SECOND
from ..model.people import EVERYTHING, Identity, Role
from .access import KEPT, Access
from .accounts import Doing

DAY = 24 * 3600 * SECOND
LONGEST = 366 * DAY
MOST = 50
"""Tokens that one person may have."""


def issue(
    access: Access, person: str, role: Role, services: tuple[str, ...], term: int, label: str, doing: Doing
) -> tuple[str, Token]:
    """A new token, which is told once, and what is kept of it. Raises UsageError when it would be above the person's.

    `services` may be empty: all for which the person has rights. `term` is microseconds.
    """
    rights = access.directory.rights(person, access.vouched(person))
    holder = Identity(person, "", rights=rights)
    if not rights:
        raise UsageError(f"{person} has no role on this server", "give them one in `people:` of steady.yaml")
    if access.account(person).disabled:
        raise UsageError(f"{person} is disabled", f"steady person enable {person}")
    asked = tuple(dict.fromkeys(services)) or (EVERYTHING,)
    for service in asked:
        if not holder.may(role, () if service == EVERYTHING else (service,)):
            where = "" if service == EVERYTHING else f" for {service}"
            raise UsageError(f"{person} is no {role.word}{where}, so no token of theirs can be", "ask for less")
    if not 0 < term <= LONGEST:
        raise UsageError("a token holds for a year at most", "write 30d, 12h, 90d")
    if len(listed(access, person)) >= MOST:
        raise UsageError(f"{person} has {MOST} tokens already", "revoke one that is not used: steady token list")
    secret, now = keys.new_secret(), access.now
    label = " ".join("".join(c if c.isprintable() else " " for c in label).split())[:80]
    token = Token(keys.new_id(), keys.digest(secret), person, label, int(role), asked, now, now + term, doing.by)
    access.cells.put(TOKEN, token.id, records.dump(token), token.expires + KEPT, only_new=True)
    try:
        access.record(
            e.TokenIssued(token.id, person, label, role.word, asked, token.expires, doing.by, doing.how, doing.origin)
        )
    except BaseException:
        access.cells.delete(TOKEN, token.id)  # none that the journal does not know
        raise
    return keys.token(token.id, secret), token


def listed(access: Access, person: str = "") -> tuple[Token, ...]:
    """The tokens that hold (of a person, where one is named), by person and the latest first."""
    found = (records.load(held, Token) for _, held in access.cells.list(TOKEN))
    mine = (token for token in found if access.now < token.expires and person in {"", token.person})
    return tuple(sorted(mine, key=lambda token: (token.person, -token.made)))


def revoke(access: Access, token: str, doing: Doing, *, of: str = "", why: str = "") -> Token:
    """End a token by its id (of this person alone, where `of` is given). Raises NotFound."""
    held = access.cells.get(TOKEN, token)
    found = records.load(held, Token) if held else None
    if found is None or of not in {"", found.person}:
        raise NotFound(f"there is no token {token}", "see `steady token list`")
    access.cells.delete(TOKEN, token)
    access.record(e.TokenRevoked(token, found.person, doing.by, doing.how, doing.origin, why))
    return found
