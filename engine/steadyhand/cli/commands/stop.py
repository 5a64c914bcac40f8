"""`steady stop`."""

from __future__ import annotations

import click

from ...app import runs
from ...app.services import Services
from ...driver.recall import Unknown
from ...errors import Exit, UsageError
from ..completion import run_ids
from ..shared import services
from ..streams import say
from .resume import resumed


@click.command("stop")
@click.argument("run", default="", shell_complete=run_ids)
@click.option("--all", "all_", is_flag=True, help="Every run that has not ended.")
@click.option("--reason", default="", help="Why.")
@click.pass_context
def command(ctx: click.Context, run: str, all_: bool, reason: str) -> int:
    """Ask a run to stop: nothing more is started, what runs is told to end."""
    desk = services(ctx)
    if bool(run) == all_:
        raise UsageError("name one run, or --all", "see `steady runs`")
    if not all_:
        name = runs.find(desk, run)
        runs.stop(desk, name, desk.person, reason)
        _wind_down(desk, name)
        return int(Exit.GOOD)
    told = runs.stop_all(desk, desk.person, reason)
    for name in told:
        _wind_down(desk, name)
    say(f"{len(told)} run{'s'[: len(told) != 1]} stopped")
    return int(Exit.GOOD)


def _wind_down(desk: Services, name: str) -> None:
    """Whoever drives the run has been told; a run that nobody drives is driven to its end here."""
    if runs.driven_elsewhere(desk, name):
        say(f"{name}: told to stop")
    elif runs.state_of(desk, name).conclusion is None:
        try:
            resumed(desk, name, quiet=True)
        except Unknown as problem:
            say(f"{name}: told to stop; it ends when it is resumed: {problem.message}")
            return
        say(f"{name}: stopped")
