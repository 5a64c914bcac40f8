"""`steady note`."""

from __future__ import annotations

import click

from ...app import runs
from ..completion import run_ids
from ..shared import services


@click.command("note")
@click.argument("run", shell_complete=run_ids)
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def command(ctx: click.Context, run: str, text: tuple[str, ...]) -> int:
    """Write something down in a run; it stands in the transcript."""
    desk = services(ctx)
    found = runs.find(desk, run)
    runs.note(desk, found, desk.person, " ".join(text))
    click.echo(f"noted in {found}", err=True)
    return 0
