"""`steady stop`."""

from __future__ import annotations

import click

from ...app import runs
from ...errors import Exit, UsageError
from ..shared import services
from .resume import resumed


@click.command("stop")
@click.argument("run", default="")
@click.option("--all", "all_", is_flag=True, help="Every run that has not ended.")
@click.option("--reason", default="", help="Why.")
@click.pass_context
def command(ctx: click.Context, run: str, all_: bool, reason: str) -> int:
    """Ask a run to stop: nothing more is started, what runs is told to end."""
    desk = services(ctx)
    if bool(run) == all_:
        raise UsageError("name one run, or --all", "see `steady runs`")
    names = [h.stream for h in desk.journal.streams("r")] if all_ else [runs.find(desk, run)]
    stopped = 0
    for name in names:
        if all_ and runs.state_of(desk, name).conclusion is not None:
            continue
        runs.stop(desk, name, desk.person, reason)
        stopped += 1
        if runs.driven_elsewhere(desk, name):
            click.echo(f"{name}: told to stop", err=True)
        else:
            resumed(desk, name, quiet=True)
            click.echo(f"{name}: stopped", err=True)
    if all_:
        click.echo(f"{stopped} run{'s'[: stopped != 1]} stopped", err=True)
    return int(Exit.GOOD)
