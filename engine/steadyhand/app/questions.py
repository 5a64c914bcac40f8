"""An open question as it is put to people outside of a terminal: what it says, who may answer it, with which buttons.

Called by `asks` (tell it) and `replies` (take the answer). Values in, values out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from .. import events as e
from ..core import State, gates
from ..core.state import GateState
from ..model import BACK, digest
from ..model.people import Identity, Role
from ..projections.words import minute
from .telling import Button, Notice

ACTION = "steady_answer"
"""How the name of a button in Slack begins; the answer stands behind it."""
CHANGES = frozenset({"confirm", "doubt"})
"""The kinds of questions whose answer may let a change happen."""
MOST = 20
"""Buttons of one message."""
STYLES: Mapping[str, str] = {"approve": "primary", "reject": "danger"}
PREVIEW = 1_500
"""Characters of what would be done, in a message. All of it stands on the page."""


class Question(Struct, frozen=True):
    """One opening of a gate. An answer to it counts for that opening, and for what was asked then."""

    run: str
    gate: str
    opening: int
    digest: str

    @property
    def key(self) -> str:
        """What it is called where short names are wanted."""
        return digest([self.run, self.gate, self.opening, self.digest])[:40]


def question_of(run: str, opened: e.GateOpened) -> Question:
    """The question that a gate asks."""
    return Question(run, opened.gate, opened.opening, opened.digest)


def role_for(opened: e.GateOpened) -> Role:
    """What somebody must be to answer."""
    return Role.APPROVER if opened.kind in CHANGES else Role.RESPONDER


def is_open(state: State, question: Question) -> bool:
    """Whether the question still stands as it was asked."""
    known = state.gates.get(question.gate)
    if known is None or known.result or state.conclusion is not None:
        return False
    return question_of(question.run, known.opened) == question


def may_answer(state: State, opened: e.GateOpened, who: Identity, services: Iterable[str], at: int) -> bool:
    """Whether an answer of this person would count now."""
    if not who.may(role_for(opened), services):
        return False
    option = next(iter(opened.options), "answer")
    return not gates.refusal(
        state, opened.gate, who.person, option, opened.digest, opened.opening, at=at, groups=who.groups
    )


# --- words


def subject(state: State, opened: e.GateOpened) -> str:
    """The question in one line, with where it comes from."""
    title = state.run.runbook if state.run else ""
    return f"{title}: {opened.prompt}"


def lines(state: State, opened: e.GateOpened, most: int = PREVIEW) -> list[tuple[str, str]]:
    """What somebody must know before they answer, as (name, text)."""
    preview = (
        opened.preview if len(opened.preview) <= most else f"{opened.preview[:most]}\n… (all of it is on the page)"
    )
    found = [
        ("What would be done", preview),
        ("Effect", opened.effect),
        ("On", ", ".join(opened.targets)),
        ("To know", "\n".join(opened.notices)),
        ("Who may answer", ", ".join(opened.roles)),
        ("Yes of", f"{opened.quorum} people" if opened.quorum > 1 else ""),
        ("Until", f"{minute(opened.due)} UTC" if opened.due else ""),
        ("Started by", state.run.requester if state.run else ""),
        ("A yes is to", opened.digest[:12]),
    ]
    return [(name, text) for name, text in found if text]


def notice(
    state: State, question: Question, opened: e.GateOpened, links: Iterable[tuple[str, str]], who: str = ""
) -> Notice:
    """The message that puts the question. `who` is the one it is for, where it is for one."""
    body = "\n".join(
        f"{name}: {text}" if "\n" not in text else f"{name}:\n{text}" for name, text in lines(state, opened)
    )
    return Notice(
        message=f"{opened.prompt}\n\n{body}",
        title=subject(state, opened),
        links=tuple(links),
        run=question.run,
        step=opened.path,
        token=digest([question.key, who])[:32],
    )


def settled_notice(state: State, question: Question, links: Iterable[tuple[str, str]]) -> Notice:
    """What stands in place of a question that is settled, or was asked anew."""
    known = state.gates.get(question.gate)
    prompt = known.opened.prompt if known else question.gate
    return Notice(
        message=f"{prompt}\n\n{ending(state, question, known)}",
        title=f"Settled: {subject(state, known.opened)}" if known else "Settled",
        links=tuple(links),
        run=question.run,
        step=question.gate,
        token=digest([question.key, "settled"])[:32],
    )


def ending(state: State, question: Question, known: GateState | None) -> str:
    """What became of a question, and by whom."""
    if known is None or question_of(question.run, known.opened) != question:
        return "It was asked anew since, about something else."
    said = "; ".join(f"{a.answer} by {a.by}{f' ({a.via})' if a.via else ''}" for a in known.answers)
    if known.result:
        return f"{known.result}{f': {said}' if said else ''}"
    if state.conclusion is not None:
        return f"The run has ended: {state.conclusion.conclusion}"
    return said or "It stands open."


def progress(known: GateState) -> str:
    """Who has said yes already, where several must."""
    if not known.answers:
        return ""
    said = ", ".join(a.by for a in known.answers)
    left = known.opened.quorum - len(known.answers)
    return f"\n\nApproved by {said}; {left} more wanted." if left > 0 else f"\n\nApproved by {said}."


# --- buttons


def buttons(question: Question, opened: e.GateOpened) -> tuple[Button, ...]:
    """A button for each answer that needs no words; to go back to a step wants a reason, which the page asks for."""
    if opened.kind == "ask" or opened.evidence_required or len(opened.options) > MOST:
        return ()
    value = json.dumps([question.run, question.gate, question.opening, question.digest], separators=(",", ":"))
    if len(value) > 2_000:
        return ()
    return tuple(
        Button(label, name=f"{ACTION}:{option}", value=value, style=STYLES.get(option, ""))
        for option, label in opened.options.items()
        if not option.startswith(BACK)
    )


def pressed(action: Mapping[str, Any]) -> tuple[Question, str] | None:
    """The question and the answer that a button stands for; None for a button that is none of ours."""
    name = action.get("action_id")
    prefix, _, option = name.partition(":") if isinstance(name, str) else ("", "", "")
    if prefix != ACTION or not option:
        return None
    try:
        run, gate, opening, said = msgspec.json.decode(str(action.get("value", "")), type=tuple[str, str, int, str])
    except (msgspec.DecodeError, ValueError):
        return None
    return Question(run, gate, opening, said), option
