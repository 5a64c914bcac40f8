"""`steady resume`."""

from __future__ import annotations

import click

from ...app import runs, watching
from ...app.services import Services
from ...errors import UsageError
from ..completion import run_ids
from ..driving import drive, leased, watchers
from ..shared import services


@click.command("resume")
@click.argument("run", default=runs.LAST, shell_complete=run_ids)
@click.option("--quiet", is_flag=True, help="Print no events.")
@click.pass_context
def command(ctx: click.Context, run: str, quiet: bool) -> int:
    """Go on with a run that was interrupted, or that waits for a person."""
    return resumed(services(ctx), run, quiet=quiet)


def resumed(desk: Services, run: str, *, quiet: bool) -> int:
    """Take a run over and drive it on."""
    found = runs.find(desk, run)
    lease = leased(desk, found)
    recorded = desk.journal.read(found)
    runbook = watching.runbook_of(desk, recorded)
    people, live = watchers(runbook, watching.mode_of(recorded), quiet=quiet)
    driver = runs.resume(desk, found, people=people, observer=live)
    if driver.state.conclusion is not None:
        lease.release()
        raise UsageError(
            f"run {found} has already ended: {driver.state.conclusion.conclusion}", "nothing is left to do"
        )
    return drive(desk, runbook, driver, people, live, found, lease)
