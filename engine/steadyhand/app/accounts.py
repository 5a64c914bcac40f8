"""Accounts with a password that this server keeps: added, disabled, given another password. For CLI and pages."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..access import records
from ..access.passwords import SHORTEST as SHORTEST  # noqa: PLC0414 for the doors, which may not reach the access room
from ..access.passwords import weakness
from ..access.records import ACCOUNT, SUBJECT, Account
from ..errors import NotFound, UsageError
from ..model.people import Role
from ..schema import Person, is_name
from .access import Access, NotAdmitted, too_often


class Row(Struct, frozen=True):
    """A person, as they are listed: from the settings, from the access store, or both."""

    person: str
    email: str
    rights: dict[str, Role]
    password: bool
    disabled: bool
    known: bool
    """Whether the settings name them."""


class Doing(Struct, frozen=True):
    """Who changes an account, and from where."""

    by: str
    how: str
    origin: str = ""


def known(access: Access, person: str) -> Person:
    """The person of that name in the settings. Raises NotFound, with what to write there."""
    found = access.directory.people.get(person)
    if found is None:
        name = person if is_name(person) else "NAME"
        hint = f"write into steady.yaml: `people: {{{name}: {{roles: {{responder: ['*']}}}}}}`"
        raise NotFound(f"steady.yaml names nobody {person!r} under `people:`", hint)
    return found


def listed(access: Access) -> tuple[Row, ...]:
    """Everybody, by name."""
    held = {key: records.load(value, Account) for key, value in access.cells.list(ACCOUNT)}
    people = access.directory.people
    rows: list[Row] = []
    for name in sorted({*people, *held}):
        person, account = people.get(name), held.get(name, Account(name))
        email, rights = (person.email, dict(person.rights)) if person else ("", {})
        rows.append(Row(name, email, rights, bool(account.hash), account.disabled, person is not None))
    return tuple(rows)


def add(access: Access, person: str, password: str, doing: Doing) -> None:
    """Give somebody a password who has none. Raises NotFound, UsageError."""
    found = known(access, person)
    if access.account(person).hash:
        raise UsageError(f"{person} has a password already", f"to give another one: steady person password {person}")
    _good(password, found)
    hashed, now = access.hasher.hash(password), access.now
    access.change_account(
        person, lambda old: replace(old, hash=hashed, disabled=False, added=now, changed=now, sessions_from=now)
    )
    access.record(e.AccountChanged(person, "added", doing.by, doing.how, doing.origin))


def set_password(access: Access, person: str, password: str, doing: Doing) -> None:
    """Give somebody another password; whoever was signed in as them is no longer. Raises NotFound, UsageError."""
    found = known(access, person)
    _good(password, found)
    hashed, now = access.hasher.hash(password), access.now
    access.change_account(person, lambda old: replace(old, hash=hashed, changed=now, sessions_from=now))
    access.record(e.AccountChanged(person, "password", doing.by, doing.how, doing.origin))
    access.end_sessions(person, doing.by, doing.how, doing.origin, why="the password was changed")


def change_own(access: Access, cookie: str, old: str, new: str, origin: str) -> str:
    """Change one's own password in the browser; the secret of the new session, all others are ended.

    The old password is asked for: a browser that was left open is not enough. Raises NotAdmitted, UsageError.
    """
    session = access.session(cookie)
    if session is None or session.means != "password":
        raise UsageError("only somebody who signed in with a password can change it", "sign in with it first")
    person = session.person
    attempt = access.attempts.begin(person, origin)
    if attempt.wait:
        raise too_often(attempt.wait)
    if not access.hasher.verify(access.account(person).hash, old):
        access.refused(attempt, person, origin, "it is not the old password")
        raise NotAdmitted("the old password is not right", "type the one with which you signed in")
    access.attempts.succeeded(person, origin)
    if old == new:
        raise UsageError("the new password is the old one", "choose another")
    set_password(access, person, new, Doing(person, "web", origin))
    return access.begin_session(person, "password", origin, session.agent)


def disable(access: Access, person: str, doing: Doing) -> None:
    """Let somebody in no longer: no password, session, token or provider helps. Raises NotFound."""
    _must_be(access, person)
    now = access.now
    access.change_account(person, lambda old: replace(old, disabled=True, changed=now, sessions_from=now))
    access.record(e.AccountChanged(person, "disabled", doing.by, doing.how, doing.origin))
    access.end_sessions(person, doing.by, doing.how, doing.origin, why="the account was disabled")


def enable(access: Access, person: str, doing: Doing) -> None:
    """Let somebody in again. Raises NotFound."""
    _must_be(access, person)
    access.change_account(person, lambda old: replace(old, disabled=False, changed=access.now))
    access.record(e.AccountChanged(person, "enabled", doing.by, doing.how, doing.origin))


def rebind(access: Access, person: str, doing: Doing) -> None:
    """Forget which account at the identity provider the person has; the next login there says it anew."""
    _must_be(access, person)
    access.cells.delete(SUBJECT, person)
    access.record(e.AccountChanged(person, "rebound", doing.by, doing.how, doing.origin))


def _must_be(access: Access, person: str) -> None:
    if not is_name(person):
        raise NotFound(f"nobody can be called {person!r}", "see `steady person list`")
    if (
        person not in access.directory.people
        and not access.cells.get(ACCOUNT, person)
        and not access.directory.login.oidc
    ):
        raise NotFound(f"there is nobody {person!r}", "see `steady person list`")


def _good(password: str, person: Person) -> None:
    weak = weakness(password, person.name, person.email)
    if weak:
        raise UsageError(f"the password is too easy to guess: {weak}", "take four or more unrelated words")
