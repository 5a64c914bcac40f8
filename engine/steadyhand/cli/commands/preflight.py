"""`steady preflight`."""

from __future__ import annotations

import click

from ...app import library, preflight
from ...errors import Exit
from ...schema import inputs_of
from ..shared import as_json, given_inputs, input_option, json_option, services


@click.command("preflight")
@click.argument("runbook")
@input_option
@json_option
@click.pass_context
def command(ctx: click.Context, runbook: str, inputs: tuple[str, ...], json_: bool) -> int:
    """Say whether every step could be carried out right now: tools, secrets, handlers, programs."""
    desk = services(ctx)
    found = library.load(desk, runbook)
    rows = preflight.check(desk, found, inputs_of(found, given_inputs(inputs), partial=True))
    if json_:
        as_json({"runbook": found.name, "rows": [{"what": w, "holds": h, "detail": d} for w, h, d in rows]})
    else:
        for what, holds, detail in rows:
            click.echo(f"{'holds  ' if holds else 'MISSING'}  {what}{f': {detail}' if detail else ''}")
    return int(Exit.GOOD if all(holds for _, holds, _ in rows) else Exit.NO)
