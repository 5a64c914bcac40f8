"""`steady runs`."""

from __future__ import annotations

import click
import msgspec

from ...app import runs
from ...app.services import Services
from ...model.wire import Summary
from ...projections.structured import summarise
from ..shared import as_json, command_line, json_option, services


@click.command("runs")
@click.option("--limit", default=20, type=click.IntRange(min=1), show_default=True, help="How many at the most.")
@json_option
@click.pass_context
def command(ctx: click.Context, limit: int, json_: bool) -> int:
    """List runs, newest first."""
    desk = services(ctx)
    journal = desk.journal
    heads = [head for _, head in zip(range(limit), journal.streams("r"), strict=False)]
    found = [summarise(journal.read(head.stream)) for head in heads]
    if json_:
        as_json({"runs": msgspec.to_builtins(found)})
        return 0
    if not found:
        click.echo("no runs yet; start one with `steady run RUNBOOK`")
    for one in found:
        click.echo(line(one, how_to_go_on(desk, one)))
    return 0


def how_to_go_on(desk: Services, one: Summary) -> str:
    """The command that goes on with a run which nobody drives; '' for any other."""
    if one.status != "running" or not runs.interrupted(desk, one.id):
        return ""
    return command_line(desk, "resume", one.id)


def line(one: Summary, resume: str = "") -> str:
    """A run in one line; `resume` goes on with it when it was interrupted."""
    if resume:
        one = msgspec.structs.replace(one, status=f"interrupted; go on with: {resume}")
    state = one.conclusion or (f"waits at {', '.join(one.waiting_for)}" if one.waiting_for else one.status)
    return f"{one.id}  {one.started_at[:19].replace('T', ' ')}Z  {one.runbook:<28}  {one.mode:<8}  {state}"
