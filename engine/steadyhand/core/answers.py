"""An answer from a person, and the event that it becomes. Pure; used by the driver, the desk and the rehearsal."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from .. import events as e
from . import gates
from .state import State


class Answer(Struct, frozen=True):
    """What a person says to a gate. `digest` is that of what they were shown ('' when they were shown nothing).

    `origin` is the address of the client as the server saw it; `groups` are those that an identity
    provider vouches for.
    """

    gate: str
    by: str
    answer: str
    digest: str = ""
    via: str = ""
    value: Any = None
    comment: str = ""
    opening: int = 0
    origin: str = ""
    groups: tuple[str, ...] = ()


def admit(state: State, answer: Answer, at: int) -> e.GateAnswered | e.AnswerRefused:
    """The event that an answer given at that time (microseconds) becomes: one that counts, or one that is refused and
    remembered.
    """
    why = gates.refusal(
        state, answer.gate, answer.by, answer.answer, answer.digest, answer.opening, at=at, groups=answer.groups
    )
    why = why or gates.unexplained(answer.answer, answer.comment)
    if why:
        return e.AnswerRefused(
            answer.gate, answer.by, answer.answer, why, answer.digest, answer.via, answer.comment, answer.origin
        )
    opened = state.gates[answer.gate].opened
    return e.GateAnswered(
        gate=answer.gate,
        opening=opened.opening,
        by=answer.by,
        answer=answer.answer,
        digest=opened.digest,
        via=answer.via,
        value=answer.value,
        comment=answer.comment,
        roles=gates.roles_of(state, answer.by, answer.groups),
        origin=answer.origin,
    )
