"""A request that is sent twice is carried out once: `Idempotency-Key`, for every operation that takes a body.

The key is remembered before anything is done, and the answer once it was: for a day, for each person. An answer that
says that nothing was done is not kept, so that it can be tried again. When a server dies in between, whoever repeats
the request takes it up, and the operation finds what it had done already (`Repeated`).
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from ...app.services import Services
from ...errors import JournalError, SteadyError
from ...model import SECOND
from ...model.people import Identity
from ..problems import MEDIA, Refusal, encoded, told
from .operations import Reply

KIND = "idempotency"
DAY = 86_400 * SECOND
PATIENCE = 60 * SECOND
"""How long a request of another machine that says nothing is taken to be carried out still."""
LONGEST = 255
KEPT = frozenset({"answer-refused"})
"""Problems that are kept like answers: something was recorded."""


class Cell(Struct):
    """What is remembered of a key: `owner` is the process that carries it out, `status` 0 while there is no answer."""

    request: str
    at: int
    owner: str
    since: int = 0
    status: int = 0
    media: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""


class Repeated(Struct, frozen=True):
    """The key of a request: `mark` is its own for ever, `at` when it was first sent (microseconds).

    `again` says that an earlier try may have done something already.
    """

    mark: str
    at: int
    again: bool


class Repeatable(Protocol):
    """A request that is told what an earlier try may have done."""

    repeated: Repeated | None


C = TypeVar("C", bound=Repeatable)


class AtWork:
    """The keys whose requests this process carries out right now: what the cells say of itself may be left over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Carry out the request of a key. Raises Refusal when that is being done."""
        with self._lock:
            if name in self._names:
                raise _in_progress()
            self._names.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._names.discard(name)


def _in_progress() -> Refusal:
    why = "a request with this key is being carried out"
    return Refusal("in-progress", why, "ask again", headers={"Retry-After": "1"})


class Keys:
    """The keys of one person. `at_work` is shared by all requests of a server."""

    def __init__(self, services: Services, who: Identity, at_work: AtWork | None = None) -> None:
        self._at_work = at_work or AtWork()
        self._cells = services.cells
        self._clock = services.clock
        self._me = f"{services.host}/{os.getpid()}/{_born(os.getpid())}"
        self._host = services.host
        self._person = who.person

    def once(self, key: str, request: Request, raw: bytes, call: C, perform: Callable[[C], Reply]) -> Reply:
        """The answer to a request under a key. In a thread. Raises Refusal."""
        if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise Refusal("unreadable", "the Idempotency-Key is no key", f"send 1 to {LONGEST} printable characters")
        name = _digest(self._person, key)
        asked = _digest(request.method, request.url.path, raw.decode("latin-1"))
        with self._at_work.on(name):
            before, cell = self._claim(name, asked)
            if cell.status:
                return Reply(cell.body, cell.media, cell.status, {**cell.headers, "Idempotency-Replayed": "true"})
            call.repeated = Repeated(name, cell.at, again=before is not None)
            return self._carry_out(name, cell, call, perform)

    def _carry_out(self, name: str, cell: Cell, call: C, perform: Callable[[C], Reply]) -> Reply:
        done: Reply | None = None
        unsure = True
        try:
            done = perform(call)
        except Refusal as problem:
            if problem.kind not in KEPT:
                unsure = False
                raise
            body, headers = told(problem)
            done = Reply(encoded(body), MEDIA, body.status, headers)
        except JournalError:
            raise  # it may have been written all the same
        except SteadyError:
            unsure = False
            raise
        finally:
            self._settle(name, cell, done, unsure=unsure)
        return done

    def _claim(self, name: str, asked: str) -> tuple[Cell | None, Cell]:
        """The cell of a key: one with an answer, or ours; and the one before it, where somebody has begun already."""
        while True:
            now = self._clock.now()
            new = Cell(asked, now, self._me, now)
            if self._cells.put(KIND, name, _dump(new), now + DAY, only_new=True):
                return None, new
            held = self._cells.get(KIND, name)
            if held is None:
                continue  # it has expired, or was given back, in this very moment
            cell = msgspec.msgpack.decode(held, type=Cell)
            if cell.request != asked:
                raise Refusal("key-reused", "this key was used for another request", "take a new key for it")
            if cell.status:
                return cell, cell
            if self._lives(cell, now):
                raise _in_progress()
            mine = msgspec.structs.replace(cell, owner=self._me, since=now)
            if self._cells.swap(KIND, name, held, _dump(mine), cell.at + DAY):
                return cell, mine

    def _lives(self, cell: Cell, now: int) -> bool:
        """Whether whoever has begun may still be at it. This process is not: it would have been told before."""
        if cell.owner in {"", self._me}:
            return False
        host, pid, born = cell.owner.rsplit("/", 2)
        if host == self._host and born:
            return _born(int(pid)) == born
        return now - cell.since < PATIENCE

    def _settle(self, name: str, cell: Cell, done: Reply | None, *, unsure: bool) -> None:
        if done is not None:
            kept = msgspec.structs.replace(
                cell, owner="", status=done.status, media=done.media, headers=done.headers, body=done.body
            )
            self._cells.swap(KIND, name, _dump(cell), _dump(kept), cell.at + DAY)
        elif unsure:
            self._cells.swap(KIND, name, _dump(cell), _dump(msgspec.structs.replace(cell, owner="")), cell.at + DAY)
        else:
            self._cells.delete(KIND, name)


def _dump(cell: Cell) -> bytes:
    return msgspec.msgpack.encode(cell)


def _digest(*parts: str) -> str:
    """Parts as one name: none can be mistaken for another."""
    return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()


def _born(pid: int) -> str:
    """When a process began, as the kernel counts; '' when it is no more."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
