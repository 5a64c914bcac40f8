"""Whose yes counts: the one rule by which an answer is admitted, used before it is recorded and when it is folded.

Pure. Called by the desk (an answer from a person) and by the decider (is the question settled?).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import APPROVED, BACK, SECOND
from .state import GateState, State
from .tables import RESULTS

GROUP = "group:"
"""How a group of an identity provider is written where the settings say who has a role: `group:sre`."""


def refusal(
    state: State,
    gate: str,
    by: str,
    answer: str,
    digest: str,
    opening: int = 0,
    *,
    at: int = 0,
    groups: Sequence[str] = (),
) -> str:
    """Why this answer does not count, in one sentence; '' when it does. `opening` 0 means the current one; `at` is when
    it is given (microseconds): a question whose time is over takes no answer, whether or not a driver has closed it.
    `groups` are those that the person is in.
    """
    known = state.gates.get(gate)
    if known is None:
        return f"there is no gate {gate}"
    if known.result:
        return f"gate {gate} is already closed: {known.result}"
    if known.opened.due and at > known.opened.due:
        return f"gate {gate} has expired: its time was over {(at - known.opened.due) // SECOND} s ago"
    if opening and opening != known.opened.opening:
        return f"gate {gate} has been opened anew since (opening {known.opened.opening}, the answer is to {opening})"
    if digest and digest != known.opened.digest:
        return f"the answer is to {digest[:12]}, and gate {gate} now asks about {known.opened.digest[:12]}"
    if answer not in known.opened.options:
        return f"{answer!r} is not among the answers of gate {gate}: {', '.join(known.opened.options)}"
    return _of_the_person(state, known, by, groups)


def unexplained(answer: str, comment: str) -> str:
    """Why an answer needs a comment that it does not have; '' when it is well."""
    return "to go back needs a comment that says why" if answer.startswith(BACK) and not comment.strip() else ""


def _of_the_person(state: State, gate: GateState, by: str, groups: Sequence[str]) -> str:
    opened = gate.opened
    if any(a.by == by for a in gate.answers):
        return f"{by} has already answered gate {opened.gate}"
    run = state.run
    if run is None:
        return "the run has not started"
    if opened.other_than_requester and by == run.requester:
        return f"{by} started the run, and gate {opened.gate} wants somebody else's answer"
    if not _has_one(state, opened.roles, roles_of(state, by, groups)):
        return f"{by} has none of the roles that gate {opened.gate} asks for: {', '.join(opened.roles)}"
    return ""


def _has_one(state: State, roles: Sequence[str], held: Sequence[str]) -> bool:
    """Whether one of the roles is held; a role that the run's policy does not list is not checked."""
    known = state.run.roles if state.run else {}
    return not roles or any(role not in known or role in held for role in roles)


def said_by(state: State, gate: GateState, roles: Sequence[str]) -> bool:
    """Whether all whose yes has opened a gate have one of these roles."""
    return all(_has_one(state, roles, (*answer.roles, *roles_of(state, answer.by))) for answer in gate.answers)


def roles_of(state: State, by: str, groups: Sequence[str] = ()) -> tuple[str, ...]:
    """The roles that the run's policy gives to a person, by name or through one of their groups."""
    names = {*([] if by.startswith(GROUP) else [by]), *(f"{GROUP}{group}" for group in groups)}
    return tuple(role for role, people in state.run.roles.items() if names.intersection(people)) if state.run else ()


def settled(gate: GateState) -> str:
    """What the answers so far make of an open gate; '' when more are needed."""
    kind = gate.opened.kind
    for answer in gate.answers:
        if kind != "confirm" or answer.answer != "approve":
            return RESULTS.get((kind, answer.answer), answer.answer)
    return APPROVED if kind == "confirm" and len(gate.answers) >= gate.opened.quorum else ""
