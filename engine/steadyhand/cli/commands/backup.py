"""`steady backup`."""

from __future__ import annotations

from pathlib import Path

import click

from ...errors import Exit
from ...source import format_size
from ..shared import as_json, counted, json_option, services


@click.command("backup")
@click.argument("target", metavar="FILE|FOLDER", type=click.Path())
@click.option("--damaged", is_flag=True, help="Keep what can be read of a store that does not hold.")
@json_option
@click.pass_context
def command(ctx: click.Context, target: str, damaged: bool, json_: bool) -> int:
    """Write the whole store to one file (.tar.gz), while runs go on and a server writes.

    Journal, artifacts, accounts and tokens: the file is for its owner alone. All chains are verified, and the file is
    read back, before it gets its name. Exit 1 when the store does not hold.
    """
    from ...app.backups import back_up  # noqa: PLC0415 only here

    path, made = back_up(services(ctx), Path(target), damaged=damaged)
    if json_:
        counts = {"streams": made.streams, "events": made.events, "artifacts": made.artifacts, "bytes": made.size}
        as_json({"file": str(path), **counts, "access": made.access, "faults": list(made.faults)})
    else:
        held = f"{counted(made.events, 'event')} of {counted(made.streams, 'stream')}"
        held += f", {counted(made.artifacts, 'artifact')}, {format_size(made.size)}"
        click.echo(f"written and verified: {path} ({held})")
        for fault in made.faults:
            click.echo(f"does not hold: {fault}", err=True)
    return int(Exit.NO if made.faults else Exit.GOOD)
