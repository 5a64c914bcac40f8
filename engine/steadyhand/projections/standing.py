"""An open question as people see it: what is asked, until when, what was said so far, which buttons. Pure.

Called by the pages. What counts is decided by the heart when an answer is recorded; here it is only foreseen.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .. import events as e
from ..core.gates import refusal
from ..core.state import GateState, State
from ..model.people import Role
from .fields import Field, field_of

BACK = "back:"
"""How an option begins that sends the run back to a step."""
CHANGES = frozenset({"confirm", "doubt"})
"""Kinds of questions whose answer may change something."""
TONES = {
    "approve": "yes", "reject": "no", "done": "yes", "failed": "no", "answer": "yes",
    "run_again": "care", "stop": "no",
}  # fmt: skip


class Choice(Struct, frozen=True):
    """One button. `tone` is yes, no, care, back or '' (plain); `comment` says that it wants words with it."""

    id: str
    label: str
    tone: str
    comment: bool = False


class Standing(Struct, frozen=True):
    """A question that stands open. `since` is when it was opened, `missing` how many further yeses it needs.

    `why_not` says why this person's answer would not count; '' when it would.
    """

    opened: e.GateOpened
    since: int
    answers: tuple[e.GateAnswered, ...]
    missing: int
    choices: tuple[Choice, ...]
    field: Field | None
    why_not: str
    title: str = ""

    @property
    def role(self) -> Role:
        """What a person must be on this server to answer."""
        return role_for(self.opened)

    @property
    def key(self) -> str:
        """What tells this question from every other, also from the same one asked again about something else."""
        return f"{self.opened.gate}.{self.opened.opening}.{self.opened.digest[:12]}"


def role_for(opened: e.GateOpened) -> Role:
    """What a person must be on this server to answer a question."""
    return Role.APPROVER if opened.kind in CHANGES else Role.RESPONDER


def choices_of(opened: e.GateOpened) -> tuple[Choice, ...]:
    """The buttons of a question, in the order in which its options were written."""
    order = [name for name in opened.order if name in opened.options]
    names = order + [name for name in opened.options if name not in order]
    return tuple(_choice(opened, name) for name in names)


def _choice(opened: e.GateOpened, name: str) -> Choice:
    if name.startswith(BACK):
        return Choice(name, opened.options[name], "back", comment=True)
    tone = TONES.get(name, "") if opened.kind != "choose" else ""
    return Choice(name, opened.options[name], tone, comment=opened.evidence_required and name == "done")


def standing(state: State, gate: GateState, by: str, groups: Sequence[str], now: int, title: str = "") -> Standing:
    """An open question as this person sees it at that time."""
    opened = gate.opened
    first = next(iter(opened.options), "")
    typed = field_of("words", opened.schema, required=True, about="Answer") if opened.kind == "ask" else None
    return Standing(
        opened,
        gate.at,
        gate.answers,
        max(opened.quorum - len(gate.answers), 1),
        choices_of(opened),
        typed,
        refusal(state, opened.gate, by, first, opened.digest, opened.opening, at=now, groups=groups),
        title,
    )
