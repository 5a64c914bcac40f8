"""`steady runs`."""

from __future__ import annotations

import click
import msgspec

from ...projections.structured import Summary, summarise
from ..shared import as_json, json_option, services


@click.command("runs")
@click.option("--limit", default=20, show_default=True, help="How many at the most.")
@json_option
@click.pass_context
def command(ctx: click.Context, limit: int, json_: bool) -> int:
    """List runs, newest first."""
    journal = services(ctx).journal
    heads = [head for _, head in zip(range(limit), journal.streams("r"), strict=False)]
    found = [summarise(journal.read(head.stream)) for head in heads]
    if json_:
        as_json({"runs": msgspec.to_builtins(found)})
        return 0
    if not found:
        click.echo("no runs yet; start one with `steady run RUNBOOK`")
    for one in found:
        click.echo(line(one))
    return 0


def line(one: Summary) -> str:
    """A run in one line."""
    state = one.conclusion or (f"waits at {', '.join(one.waiting_for)}" if one.waiting_for else one.status)
    return f"{one.id}  {one.started_at[:19].replace('T', ' ')}Z  {one.runbook:<28}  {one.mode:<8}  {state}"
