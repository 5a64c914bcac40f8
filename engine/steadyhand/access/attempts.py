"""Who has tried in vain too often must wait, longer each time: counted for each account, and for each address.

An attempt is counted before it is made and given back when it succeeds, so that many at the same time get no further
than one after the other. Whoever has signed in from an address before has a count of their own there: a stranger who
guesses passwords cannot keep the people on call out.
"""

from __future__ import annotations

import hashlib
import ipaddress

import msgspec
from msgspec import Struct

from .protocol import Cells, Now

SECOND = 1_000_000
KIND, KNOWN = "attempts", "known"
MEMORY = 24 * 3600 * SECOND
"""How long a count is kept after the last attempt."""
ACQUAINTED = 30 * 24 * 3600 * SECOND
"""How long an address is remembered from which somebody has signed in."""


class Bound(Struct, frozen=True):
    """After `free` attempts in vain one waits `first`, twice as long after each further one, and never over `most`."""

    free: int
    first: int
    most: int


BOUNDS = {
    "account": Bound(5, 30 * SECOND, 15 * 60 * SECOND),
    "acquainted": Bound(10, 30 * SECOND, 15 * 60 * SECOND),
    "address": Bound(20, 30 * SECOND, 3600 * SECOND),
}


class Count(Struct, frozen=True):
    """Attempts in vain, and until when there may be no other."""

    number: int = 0
    until: int = 0


class Lock(Struct, frozen=True):
    """What is locked by an attempt, should it be in vain: an account or an address."""

    what: str
    number: int
    until: int


class Attempt(Struct, frozen=True):
    """An attempt that may be made, or how long (microseconds) is to be waited for it."""

    wait: int = 0
    locks: tuple[Lock, ...] = ()


class Attempts:
    """The counts of one access store."""

    def __init__(self, cells: Cells, now: Now) -> None:
        self._cells = cells
        self._now = now

    def begin(self, name: str, origin: str) -> Attempt:
        """Count an attempt for a name (whether or not anybody has it) from an address."""
        counted = self._counters(name, origin)
        now = self._now()
        wait = max(self._read(key)[0].until - now for _, key in counted)
        if wait > 0:
            return Attempt(wait)
        locks: list[Lock] = []
        for what, key in counted:
            count = self._move(key, what, 1)
            if count is None:
                return Attempt(BOUNDS[what].first)
            if count.until > now:
                locks.append(Lock("address" if what == "address" else "account", count.number, count.until))
        return Attempt(locks=tuple(locks))

    def succeeded(self, name: str, origin: str) -> None:
        """The last attempt was not in vain: the count of the account ends, that of the address gets one back."""
        for what, key in self._counters(name, origin):
            if what == "address":
                self._move(key, what, -1)
            else:
                self._cells.delete(KIND, key)
        self._cells.put(KNOWN, _key(name, place(origin)), b"1", self._now() + ACQUAINTED)

    def _counters(self, name: str, origin: str) -> tuple[tuple[str, str], ...]:
        there = place(origin)
        acquainted = self._cells.get(KNOWN, _key(name, there)) is not None
        mine = ("acquainted", _key("acquainted", name, there)) if acquainted else ("account", _key("account", name))
        return (mine, ("address", _key("address", there)))

    def _read(self, key: str) -> tuple[Count, bytes | None]:
        held = self._cells.get(KIND, key)
        return (msgspec.json.decode(held, type=Count) if held else Count()), held

    def _move(self, key: str, what: str, by: int) -> Count | None:
        """The count after one more attempt, or one less; None when it got locked meanwhile."""
        bound = BOUNDS[what]
        while True:
            count, held = self._read(key)
            now = self._now()
            if by > 0 and count.until > now:
                return None
            number = max(0, count.number + by)
            over = number - bound.free
            until = now + min(bound.most, bound.first << min(over, 30)) if over >= 0 and by > 0 else 0
            moved = Count(number, until)
            if self._cells.swap(KIND, key, held, msgspec.json.encode(moved), now + MEMORY):
                return moved


def place(origin: str) -> str:
    """What counts as one address: of IPv6, the network of a household."""
    try:
        found = ipaddress.ip_address(origin)
    except ValueError:
        return origin
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _key(*parts: str) -> str:
    """A key that does not hold what was typed, and is as long for any."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
