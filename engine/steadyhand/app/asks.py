"""Tells open questions to the people who may answer them: letters with a link of their own, messages with buttons.

A part of the server. It follows the hub, and at its start looks at every run that waits, so that nothing is forgotten.
What was told is in a cell that is written *before* a message goes out: of several servers one tells, and a server that
dies and comes back again and again sends a few messages at most. A message in Slack is changed when its question is
settled, wherever that happened; a link of a letter holds once, for one person, one opening of a gate, what was asked.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..access import keys
from ..core import State, fold
from ..errors import HandlerError, JournalError, SteadyError
from ..model import SECOND, digest
from ..model.people import Identity
from ..schema.asks import Asking
from . import library
from .access import Access
from .board import Board, Grown
from .hub import Hub
from .questions import Question, buttons, is_open, may_answer, notice, progress, question_of, settled_notice
from .services import Services
from .telling import Button, Notice, Posted, Teller

LINK = "link"
"""The kind of cell that holds what a link of a letter is for, by the digest of its secret."""
TRIES = 3
"""How often a message is tried, over all lives of servers."""
AGAIN = 60 * SECOND
"""How long a try that nobody knows the end of is waited for."""
KEPT = 30 * 24 * 3600 * SECOND
"""How long it is known what was told."""
DAY = 24 * 3600 * SECOND
"""How long a link holds whose question has no end of its own, and how long after its end it says that it is over."""
AT_ONCE = 4

log = logging.getLogger(__name__)


class Link(Struct, frozen=True):
    """What a link of a letter is for."""

    person: str
    question: Question


class Told(Struct, frozen=True):
    """That a question was told at a place (`email:ana`, `slack:team-chat`), or is about to be."""

    question: Question
    place: str
    at: int
    tries: int = 1
    done: bool = False
    posted: Posted = ("", "")
    shown: str = ""
    """The digest of what stands in Slack; `settled` once that is the last word."""


SETTLED = "settled"


class Shown(Struct, frozen=True):
    """What stands in Slack: `mark` tells it from anything else, and is `settled` when it is the last word."""

    mark: str
    notice: Notice
    buttons: tuple[Button, ...] = ()


def kind_of(run: str) -> str:
    """The kind of the cells that hold what was told of a run."""
    return f"asked:{run}"


class Asks:
    """Tells, and keeps what was told up to date."""

    def __init__(self, services: Services, access: Access, board: Board, hub: Hub, url: Callable[[], str]) -> None:
        self._services = services
        self._access = access
        self._cells = access.cells
        self._board = board
        self._hub = hub
        self._url = url
        self.teller = Teller(services)
        self._wake = threading.Condition()
        self._runs: dict[str, None] = {}
        self._due: list[tuple[int, str]] = []
        self._stopping = False
        self._forget: Callable[[], None] = lambda: None
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    # --- a part of the server

    def start(self) -> None:
        """Look at what waits, and follow."""
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="letters")
        self._forget = self._hub.listen(self._grown)
        self.reload()
        self._thread = threading.Thread(target=self._work, name="asks", daemon=True)
        self._thread.start()

    def reload(self) -> None:
        """The settings are new: look at every run that waits, or ended not long ago."""
        recent = self._services.clock.now() - DAY
        for row in self._board.runs():
            if self._services.settings.asks and (not row.conclusion or row.at >= recent):
                self.look(row.id)

    def stop(self) -> None:
        """Tell nothing more."""
        self._forget()
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(20)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def look(self, run: str) -> None:
        """Something may be to be told of a run."""
        with self._wake:
            self._runs[run] = None
            self._wake.notify()

    def _grown(self, grown: Grown) -> None:
        telling = (e.GateOpened, e.GateAnswered, e.GateClosed, e.RunConcluded)
        if self._services.settings.asks and any(isinstance(one.event, telling) for one in grown.events):
            self.look(grown.stream)

    def _later(self, run: str, at: int) -> None:
        with self._wake:
            heapq.heappush(self._due, (at, run))
            self._wake.notify()

    def _next(self) -> str | None:
        """The next run to look at; None at the end."""
        with self._wake:
            while not self._stopping:
                now = self._services.clock.now()
                while self._due and self._due[0][0] <= now:
                    self._runs[heapq.heappop(self._due)[1]] = None
                if self._runs:
                    run = next(iter(self._runs))
                    del self._runs[run]
                    return run
                self._wake.wait(min(1.0, (self._due[0][0] - now) / SECOND) if self._due else None)
            return None

    def _work(self) -> None:
        while (run := self._next()) is not None:
            try:
                self._tell(run)
            except SteadyError as problem:
                log.warning("the questions of run %s could not be told: %s", run, problem.message)
                if isinstance(problem, JournalError):
                    self._later(run, self._services.clock.now() + AGAIN)
            except Exception:
                log.exception("the questions of run %s could not be told: a bug of ours", run)

    # --- one run

    def _tell(self, run: str) -> None:
        state = fold(self._services.journal.read(run))
        if state.run is None:
            return
        services = library.revive(self._services, state.run.runbook, state.run.texts).services
        for known in state.gates.values():
            if not known.result and state.conclusion is None:
                question = question_of(run, known.opened)
                for asking in self._services.settings.asks:
                    if fits(asking, known.opened, services):
                        self._ask(asking, state, question, services)
        for key, held in self._cells.list(kind_of(run)):
            told = load(held)
            if told.done and told.place.startswith("slack:") and told.shown != SETTLED:
                self._show(key, held, told, state)

    def _ask(self, asking: Asking, state: State, question: Question, services: tuple[str, ...]) -> None:
        opened = state.gates[question.gate].opened
        if asking.slack:
            self._once(question, f"slack:{asking.slack}", lambda told: self._post(asking.slack, state, told))
        for person, address in self._people(state, opened, services) if asking.email else ():
            pool = self._pool
            assert pool is not None  # noqa: S101 it was made at the start
            send = self._letter(asking.email, person, address, state)
            with suppress(RuntimeError):  # the server is ending, and the next one tells
                pool.submit(self._once, question, f"email:{person}", send)

    def _people(self, state: State, opened: e.GateOpened, services: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Those who have an address and whose answer would count."""
        now = self._services.clock.now()
        for person in self._access.directory.people.values():
            who = self.identity(person.name, "email")
            disabled = self._access.account(person.name).disabled
            if person.email and not disabled and may_answer(state, opened, who, services, now):
                yield person.name, person.email

    def identity(self, person: str, how: str, origin: str = "") -> Identity:
        """Somebody, with what they may do now."""
        groups = self._access.vouched(person)
        return Identity(person, how, origin, self._access.directory.rights(person, groups), groups)

    # --- once

    def _once(self, question: Question, place: str, send: Callable[[Told], Told]) -> None:
        """Send a message unless it was sent, is being sent, or was tried often enough."""
        kind, key, now = kind_of(question.run), f"{question.key}:{digest(place)[:20]}", self._services.clock.now()
        held = self._cells.get(kind, key)
        before = load(held) if held is not None else None
        if before is not None and (before.done or before.tries >= TRIES):
            return
        if before is not None and now - before.at < AGAIN:
            self._later(question.run, before.at + AGAIN)
            return
        told = Told(question, place, now, before.tries + 1 if before else 1)
        claimed = dump(told)
        if not self._cells.swap(kind, key, held, claimed, now + KEPT):
            return
        try:
            told = send(told)
        except HandlerError as problem:
            left = TRIES - told.tries
            log.warning("%s of run %s was not told to %s (%s left): %s", question.gate, question.run, place,
                        f"{left} tries", problem.message)  # fmt: skip
            if left:
                self._later(question.run, now + AGAIN)
            return
        self._cells.swap(kind, key, claimed, dump(replace(told, done=True)), now + KEPT)
        if told.posted != ("", ""):
            self.look(question.run)  # it may have been settled while it was posted

    def _letter(self, channel: str, person: str, address: str, state: State) -> Callable[[Told], Told]:
        def send(told: Told) -> Told:
            opened = state.gates[told.question.gate].opened
            secret, now = keys.new_secret(), self._services.clock.now()
            # A day longer than the question stands, so that the page can say that it is over.
            until = (opened.due or now) + DAY
            self._cells.put(LINK, keys.digest(secret), msgspec.json.encode(Link(person, told.question)), until)
            links = [("Look at it, and answer", f"{self._url()}/a/{secret}"), ("The run", self.page(told.question.run))]
            self.teller.mail(channel, address, notice(state, told.question, opened, links, person))
            return told

        return send

    def page(self, run: str) -> str:
        """The page of a run."""
        return f"{self._url()}/runs/{run}"

    # --- Slack

    def _post(self, channel: str, state: State, told: Told) -> Told:
        known = state.gates[told.question.gate]
        said = notice(state, told.question, known.opened, [("Look at the run", self.page(told.question.run))])
        posted = self.teller.post(channel, said, buttons(told.question, known.opened))
        return replace(told, posted=posted, shown=digest([said.message]))

    def rendering(self, state: State, question: Question) -> Shown:
        """What is to stand in Slack for a question now."""
        links = [("Look at the run", self.page(question.run))]
        known = state.gates.get(question.gate)
        if known is None or not is_open(state, question):
            return Shown(SETTLED, settled_notice(state, question, links))
        said = notice(state, question, known.opened, links)
        said = replace(said, message=said.message + progress(known))
        return Shown(digest([said.message]), said, buttons(question, known.opened))

    def _show(self, key: str, held: bytes, told: Told, state: State) -> None:
        """Have a message in Slack say what holds now."""
        shown = self.rendering(state, told.question)
        if shown.mark == told.shown:
            return
        now = self._services.clock.now()
        try:
            self.teller.update(told.place.removeprefix("slack:"), told.posted, shown.notice, shown.buttons)
        except HandlerError as problem:
            log.warning("the message about %s of run %s could not be changed: %s", told.question.gate,
                        told.question.run, problem.message)  # fmt: skip
            if told.tries < TRIES * 2:
                again = dump(replace(told, tries=told.tries + 1))
                self._cells.swap(kind_of(told.question.run), key, held, again, now + KEPT)
                self._later(told.question.run, now + AGAIN)
            return
        self._cells.swap(kind_of(told.question.run), key, held, dump(replace(told, shown=shown.mark)), now + KEPT)


def fits(asking: Asking, opened: e.GateOpened, services: tuple[str, ...]) -> bool:
    """Whether a question belongs at this place."""
    roles = not asking.roles or bool({*asking.roles} & {*opened.roles}) or not opened.roles
    return roles and (not asking.services or bool({*asking.services} & {*services}))


def dump(told: Told) -> bytes:
    """As it is kept."""
    return msgspec.json.encode(told)


def load(held: bytes) -> Told:
    """As it was kept."""
    return msgspec.json.decode(held, type=Told)
