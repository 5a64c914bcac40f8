"""A door of a test: people, a journal and an access store, and time that the test sets."""

from __future__ import annotations

from steadyhand.access.memory import MemoryCells
from steadyhand.app import accounts, ledger
from steadyhand.app.access import Access
from steadyhand.app.accounts import Doing

from .desk import desk

PASSWORD = "correct horse battery staple"
OTHER = "plinth gannet orbit marmalade"
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 24 * 3600 * SECOND
ORIGIN = "192.0.2.7"
PEOPLE = """\
people:
  ana: {email: ana@shop.example, roles: {approver: [orders], viewer: ['*']}}
  ben: {roles: {viewer: [orders]}}
  kim: {roles: {admin: ['*']}}
  eve: {}
groups:
  sre: {roles: {commander: ['*']}}
"""
CLI = Doing("kim", "cli")


class Clock:
    """Time that the test sets."""

    def __init__(self):
        self.at = 1_800_000_000_000_000

    def now(self):
        return self.at

    def monotonic(self):
        return self.at / 1e6


def door(folder, people=PEOPLE, more=""):
    """An Access over a store in memory, its journal on disk."""
    (folder / "steady.yaml").write_text(people + more)
    services = desk(folder, store="memory:")
    services.clock = Clock()
    return Access(services, MemoryCells(services.clock.now))


def with_password(folder, *names, **more):
    """A door at which these people have a password."""
    access = door(folder, **more)
    hashed = access.hasher.hash(PASSWORD)
    for name in names or ("ana",):
        accounts.known(access, name)
        access.change_account(
            name, lambda old: type(old)(old.person, hashed, False, access.now, access.now, access.now)
        )
    return access


def told(access):
    """What happened at the door: the names of the events and their bodies."""
    return [one.event for one in ledger.history(access.services)]


def names(access):
    return [type(event).__name__ for event in told(access)]
