"""`steady restore`."""

from __future__ import annotations

from pathlib import Path

import click

from ...errors import Exit
from ..shared import as_json, counted, json_option, services


@click.command("restore")
@click.argument("file", type=click.Path())
@click.option("--go-on", is_flag=True, help="Leave runs as they are: for a store that has moved, with no server since.")
@click.option("--damaged", is_flag=True, help="Restore what does not hold as well.")
@json_option
@click.pass_context
def command(ctx: click.Context, file: str, go_on: bool, damaged: bool, json_: bool) -> int:
    """Make a store of a backup, at the place that `steady --store` names. What is there is never overwritten.

    Every chain is verified before the store gets its name. Runs that were not over are stopped, because what they did
    after the backup is not in it.
    """
    from ...app.backups import restore  # noqa: PLC0415 only here

    done = restore(services(ctx), Path(file), go_on=go_on, damaged=damaged)
    made = done.manifest
    if json_:
        counts = {"streams": made.streams, "events": made.events, "artifacts": made.artifacts}
        as_json({"store": str(done.store), **counts, "stopped": list(done.stopped), "faults": list(made.faults)})
    else:
        held = f"{counted(made.events, 'event')} of {counted(made.streams, 'stream')}"
        click.echo(f"restored and verified: {done.store} ({held})")
        for run in done.stopped:
            click.echo(f"stopped: {run}, which was not over; what it did after the backup is not known")
        if made.access:
            click.echo("accounts and tokens are those of the backup: revoke again what was revoked since")
        for fault in made.faults:
            click.echo(f"does not hold: {fault}", err=True)
    return int(Exit.NO if made.faults else Exit.GOOD)
