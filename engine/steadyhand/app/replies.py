"""Answers from where people are: the link of a letter, a button in Slack. They count as any other, or why not is said.

Called by the approvals of the web room. Nothing acts but what a person sends on purpose: looking at a link changes
nothing. A link holds once, for its person; a button is for whoever the settings say that the user of Slack is. Both are
bound to one opening of a gate and to the digest of what was asked; rights and the gate's own roles hold as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..access import keys
from ..core import State, fold
from ..core.answers import Answer
from ..errors import JournalError, NotFound, SteadyError
from ..model import Runbook
from ..model.people import Identity
from . import answering, library, runs
from .access import Access
from .asks import DAY, LINK, Asks, Link
from .questions import Question, ending, is_open, lines, pressed, role_for, subject
from .services import Services

USED = "link-used"
"""The kind of cell that remembers how a link was used, so that it can be said."""


class Outcome(Struct, frozen=True):
    """What came of an answer: whether it counts, and what is said about it."""

    counts: bool
    words: str
    hint: str = ""


class Page(Struct, frozen=True):
    """What somebody sees who follows a link: the question, or why there is none any more (`over`)."""

    person: str
    run: str
    subject: str = ""
    prompt: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    options: Mapping[str, str] = {}
    kind: str = ""
    evidence: bool = False
    over: str = ""


class Replies:
    """Takes answers for the gates of runs."""

    def __init__(self, services: Services, access: Access, asks: Asks) -> None:
        self._services = services
        self._access = access
        self._cells = access.cells
        self._asks = asks

    # --- links

    def look(self, secret: str) -> Page:
        """What a link is for; nothing is changed by looking. Raises NotFound."""
        link, used = self._link(secret)
        question = link.question
        url = self._asks.page(question.run)
        if used:
            return Page(link.person, url, over=used)
        state, _ = self._state(question.run)
        known = state.gates.get(question.gate)
        if known is None or not is_open(state, question):
            return Page(link.person, url, over=f"There is nothing to answer any more. {ending(state, question, known)}")
        opened = known.opened
        return Page(
            link.person,
            url,
            subject(state, opened),
            opened.prompt,
            tuple(lines(state, opened, most=100_000)),
            dict(opened.options),
            opened.kind,
            opened.evidence_required,
        )

    def by_link(self, secret: str, words: str, comment: str, origin: str) -> Outcome:
        """An answer through a link, which holds once. Raises NotFound."""
        link, used = self._link(secret)
        if used:
            return Outcome(False, used)
        comment = comment.strip()
        who = self._asks.identity(link.person, "email", origin)
        refused = self._refused(who, link.question) or self._unfit(who, link.question, words, comment)
        if refused is not None:
            return refused
        key = keys.digest(secret)
        held = self._cells.take(LINK, key)
        if held is None:
            return Outcome(False, "This link was used a moment ago.")
        self._note(key, link, "This link was used already; what came of it stands on the page of the run")
        try:
            outcome = self._answer(who, link.question, words, comment)
        except JournalError:
            self._cells.put(LINK, key, held, self._services.clock.now() + DAY, only_new=True)
            raise
        self._note(key, link, f"This link was used already: {outcome.words}")
        return outcome

    def _note(self, key: str, link: Link, said: str) -> None:
        """Remember how a link was used."""
        kept = msgspec.json.encode((link.person, link.question.run, said))
        self._cells.put(USED, key, kept, self._services.clock.now() + 30 * DAY)

    def _link(self, secret: str) -> tuple[Link, str]:
        """What a link is for, and how it was used. Raises NotFound."""
        key = keys.digest(secret)
        held = self._cells.get(LINK, key)
        if held is not None:
            return msgspec.json.decode(held, type=Link), ""
        used = self._cells.get(USED, key)
        if used is None:
            hint = "look at the run, where the question may still stand"
            raise NotFound("this link does not hold, or not any more", hint)
        person, run, said = msgspec.json.decode(used, type=tuple[str, str, str])
        return Link(person, Question(run, "", 0, "")), said

    # --- buttons

    def by_press(self, payload: Mapping[str, Any], origin: str) -> Outcome | None:
        """A button that was pressed in Slack; None where it is none of ours. The presser is told what came of it."""
        actions, user = payload.get("actions"), payload.get("user")
        action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
        meant = pressed(action)
        if meant is None or not isinstance(user, dict):
            return None
        question, option = meant
        name = str(user.get("id", ""))
        person = next((p.name for p in self._access.directory.people.values() if name and p.slack == name), "")
        outcome = self._pressed(person, name, question, option, origin)
        self._tell(payload, question, name, outcome)
        return outcome

    def _pressed(self, person: str, user: str, question: Question, option: str, origin: str) -> Outcome:
        if not person:
            hint = f"an admin can add `slack: {user}` to you under `people:` in steady.yaml"
            return Outcome(False, "You are not known here", hint)
        who = self._asks.identity(person, "slack", origin)
        try:
            refused = self._refused(who, question) or self._unfit(who, question, option, "")
            return refused or self._answer(who, question, option, "")
        except JournalError:
            return Outcome(False, "The answer could not be written down", "press again in a moment")
        except SteadyError as problem:
            return Outcome(False, problem.message, problem.hint)

    def _tell(self, payload: Mapping[str, Any], question: Question, user: str, outcome: Outcome) -> None:
        """Replace the message where the answer counts; else tell the presser alone."""
        place = payload.get("channel")
        where = str(place.get("id", "")) if isinstance(place, dict) else ""
        for asking in self._services.settings.asks:
            if not asking.slack:
                continue
            try:
                if outcome.counts:
                    state, _ = self._state(question.run)
                    shown = self._asks.rendering(state, question)
                    url = str(payload.get("response_url", ""))
                    self._asks.teller.respond(asking.slack, url, shown.notice, shown.buttons)
                else:
                    said = f"{outcome.words}{f': {outcome.hint}' if outcome.hint else ''}"
                    self._asks.teller.whisper(asking.slack, where, user, said)
            except SteadyError:
                continue  # perhaps it came from another workspace; what holds is shown by `asks` all the same
            break
        self._asks.look(question.run)

    # --- both

    def _state(self, run: str) -> tuple[State, Runbook]:
        state = fold(self._services.journal.read(run))
        assert state.run is not None  # noqa: S101 a question was asked in it
        return state, library.revive(self._services, state.run.runbook, state.run.texts)

    def _refused(self, who: Identity, question: Question) -> Outcome | None:
        """Why somebody may not answer at all, whatever they say."""
        if self._access.account(who.person).disabled:
            return Outcome(False, f"{who.person} is disabled here", "ask an admin")
        state, runbook = self._state(question.run)
        known = state.gates.get(question.gate)
        if known is None or who.may(role_for(known.opened), runbook.services):
            return None
        self._access.refuse_act(who, f"answer {question.gate} of {question.run}")
        where = f" for {', '.join(runbook.services)}" if runbook.services else ""
        words = f"{who.person} is no {role_for(known.opened).word}{where}"
        return Outcome(False, words, "ask somebody who may, or an admin for the right")

    def _unfit(self, who: Identity, question: Question, words: str, comment: str) -> Outcome | None:
        """What is wrong with the answer itself, while the question stands; the link is not used up by that."""
        state, runbook = self._state(question.run)
        if not is_open(state, question):
            return None
        try:
            opened = state.gates[question.gate].opened
            answering.interpret(runbook, state, opened, words, by=who.person, via=who.how, comment=comment)
        except SteadyError as problem:
            return Outcome(False, problem.message, problem.hint)
        return None

    def _answer(self, who: Identity, question: Question, words: str, comment: str) -> Outcome:
        """Record an answer to that question; one that no longer fits is recorded as that."""
        state, runbook = self._state(question.run)
        given = Answer(
            question.gate, who.person, words, question.digest, who.how, None, comment, question.opening,
            who.origin, who.groups,
        )  # fmt: skip
        if is_open(state, question):
            opened = state.gates[question.gate].opened
            given = answering.interpret(
                runbook, state, opened, words, by=who.person, via=who.how, comment=comment, origin=who.origin,
                groups=who.groups,
            )  # fmt: skip
            given = replace(given, digest=question.digest, opening=question.opening)
        event = runs.answer(self._services, question.run, given)
        self._asks.look(question.run)
        if isinstance(event, e.AnswerRefused):
            return Outcome(False, f"The answer does not count: {event.reason}")
        return Outcome(True, f"{event.by} has answered {event.answer} to {event.gate}")
