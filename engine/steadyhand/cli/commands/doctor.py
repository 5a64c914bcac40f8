"""`steady doctor`."""

from __future__ import annotations

import click

from ...app import doctor
from ...errors import Exit
from ..shared import as_json, json_option, services


@click.command("doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, json_: bool) -> int:
    """Say what this machine has and lacks, and whether the store is in order."""
    rows = doctor.examine(services(ctx))
    if json_:
        as_json({"rows": [{"what": w, "holds": h, "detail": d} for w, h, d in rows]})
    else:
        for what, holds, detail in rows:
            click.echo(f"{'ok   ' if holds else 'WRONG'}  {what}: {detail}")
    return int(Exit.GOOD if all(holds for _, holds, _ in rows) else Exit.NO)
