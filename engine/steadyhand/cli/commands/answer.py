"""`steady answer`."""

from __future__ import annotations

import click

from ...app import runs, watching
from ...app.answering import interpret
from ...errors import Exit, NotFound, UsageError
from ...events import AnswerRefused
from ...projections.words import brief
from ..completion import answer_words, gate_ids, run_ids
from ..shared import command_line, services
from ..streams import say
from .resume import resumed


@click.command("answer")
@click.argument("run", shell_complete=run_ids)
@click.argument("gate", shell_complete=gate_ids)
@click.argument("words", nargs=-1, required=True, shell_complete=answer_words)
@click.option("--comment", default="", help="Why, or what was seen.")
@click.option("--digest", help="What the answer is to, as it was shown; refused when it has changed.")
@click.option("--resume", "then", is_flag=True, help="Go on with the run at once.")
@click.pass_context
def command(
    ctx: click.Context, run: str, gate: str, words: tuple[str, ...], comment: str, digest: str | None, then: bool
) -> int:
    """Answer a question that a run has put: approve, reject, an option's id, or the value that was asked for."""
    if digest is not None and not digest.strip():
        raise UsageError("--digest is empty", "give what the question says behind `a yes is to`, or leave --digest out")
    desk = services(ctx)
    found = runs.find(desk, run)
    recorded = desk.journal.read(found)
    state = runs.state_of(desk, found)
    known = state.gates.get(gate)
    if known is None:
        names = ", ".join(g.opened.gate for g in state.open_gates) or "none is open"
        raise NotFound(f"run {found} has no gate {gate}", f"gates: {names}")
    runbook = watching.runbook_of(desk, recorded)
    answer = interpret(runbook, state, known.opened, " ".join(words), by=desk.person, via="cli", comment=comment)
    if digest:
        answer = type(answer)(
            **{**{n: getattr(answer, n) for n in answer.__struct_fields__}, "digest": full(digest, answer.digest)}
        )
    if then:
        runs.must_know_secrets(desk, recorded)
    event = runs.answer(desk, found, answer)
    if isinstance(event, AnswerRefused):
        say(f"refused: {event.reason}")
        if any(one.by == desk.person and one.answer == "approve" for one in known.answers):
            say(f"  what was approved cannot be taken back; to end the run: {command_line(desk, 'stop', found)}")
        return int(Exit.NO)
    typed = event.value.get(next(iter(event.value), "")) if isinstance(event.value, dict) else None
    say(f"{gate}: {event.answer if typed is None else brief(typed)} by {event.by}")
    if then:
        return resumed(desk, found, quiet=False)
    if not runs.driven_elsewhere(desk, found):
        say(f"go on with: {command_line(desk, 'resume', found)}")
    return int(Exit.GOOD)


def full(given: str, known: str) -> str:
    """A digest of which only the beginning was typed."""
    return known if len(given) >= 8 and known.startswith(given) else given
