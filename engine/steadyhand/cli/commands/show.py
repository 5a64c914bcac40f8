"""`steady show`."""

from __future__ import annotations

import click

from ...app import runs, watching
from ...projections.narration import narrate
from ...projections.structured import detail, summarise
from ...projections.transcript import draw
from ...projections.words import brief
from ..completion import run_ids
from ..shared import answer_lines, as_json, json_option, services
from .runs import how_to_go_on, line


@click.command("show")
@click.argument("run", default=runs.LAST, shell_complete=run_ids)
@json_option
@click.pass_context
def command(ctx: click.Context, run: str, json_: bool) -> int:
    """Show one run: what happened, and what it waits for."""
    desk = services(ctx)
    found = runs.find(desk, run)
    recorded = desk.journal.read(found)
    runbook, mode = watching.runbook_of(desk, recorded), watching.mode_of(recorded)
    if json_:
        as_json(detail(recorded, runbook))
        return 0
    summary = summarise(recorded)
    click.echo(line(summary, how_to_go_on(desk, summary)))
    for one in recorded:
        for text in narrate(one, runbook, mode):
            click.echo(text)
    for lost in draw(recorded, runbook).undelivered:
        click.echo(f"NOT DELIVERED: {brief(lost.what, 400)} (step {lost.path})")
    for gate in runs.state_of(desk, found).open_gates:
        for text in answer_lines(desk, found, gate.opened):
            click.echo(f"answer with: {text}")
    return 0
