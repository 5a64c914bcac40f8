"""From what a person types to an answer: an option (or a beginning of one), a value that fits, a comment."""

from __future__ import annotations

from typing import Any

from ..core import State
from ..core.answers import Answer
from ..core.paths import locate
from ..errors import UsageError
from ..events import GateOpened
from ..model import BACK, Ask, Runbook
from ..schema import from_text, problems

SHORT = {"y": "approve", "yes": "approve", "n": "reject", "no": "reject"}


def interpret(
    runbook: Runbook,
    state: State,
    opened: GateOpened,
    words: str,
    *,
    by: str,
    via: str,
    comment: str = "",
    origin: str = "",
    groups: tuple[str, ...] = (),
) -> Answer:
    """The answer that somebody means. Raises UsageError with what may be answered."""
    words = words.strip()
    if opened.kind == "ask":
        value = _typed(runbook, state, opened, words)
        return Answer(opened.gate, by, "answer", opened.digest, via, value, comment, opened.opening, origin, groups)
    first, _, rest = words.partition(" ")
    option = _option(opened, first)
    said = comment or rest.strip()
    if opened.evidence_required and option == "done" and not said:
        raise UsageError("this step wants evidence", "say what you saw: done <what you saw>, or --comment")
    if option.startswith(BACK) and not said:
        raise UsageError("to go back wants a reason", f"say why: {option} <why>, or --comment")
    return Answer(opened.gate, by, option, opened.digest, via, None, said, opened.opening, origin, groups)


def _option(opened: GateOpened, word: str) -> str:
    meant = SHORT.get(word.lower(), word) if opened.kind == "confirm" else word
    if meant in opened.options:
        return meant
    fitting = [option for option in opened.options if meant and option.startswith(meant.lower())]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"{option} ({label})" for option, label in opened.options.items())
    raise UsageError(f"{word!r} is no answer to {opened.gate}", f"answers: {listed}")


def _typed(runbook: Runbook, state: State, opened: GateOpened, words: str) -> dict[str, Any]:
    try:
        value = from_text(opened.schema, words)
    except ValueError as problem:
        raise UsageError(f"the answer does not fit: {problem}") from None
    return typed(runbook, state, opened, value)


def typed(runbook: Runbook, state: State, opened: GateOpened, value: Any) -> dict[str, Any]:
    """The facts that a typed answer sets. Raises UsageError when the value does not fit."""
    wrong = problems(opened.schema, value)
    if wrong:
        raise UsageError(f"the answer does not fit: {'; '.join(wrong)}")
    body = locate(runbook, state, opened.path).step.body
    return {body.fact if isinstance(body, Ask) else opened.gate: value}
