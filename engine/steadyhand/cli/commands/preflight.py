"""`steady preflight`."""

from __future__ import annotations

from collections.abc import Sequence

import click
from msgspec import to_builtins

from ...app import library, preflight
from ...errors import Exit
from ...schema import inputs_of
from ..completion import runbooks
from ..shared import as_json, given_inputs, input_option, json_option, services

_HEAD = ("holds", "step", "needs", "why, and how to get it")
_WORDS = {True: "yes", False: "NO", None: "?"}


@click.command("preflight")
@click.argument("runbook", shell_complete=runbooks)
@input_option
@json_option
@click.pass_context
def command(ctx: click.Context, runbook: str, inputs: tuple[str, ...], json_: bool) -> int:
    """Say whether every step could be carried out right now: tools, access, secrets, hosts; undo steps included."""
    desk = services(ctx)
    found = library.load(desk, runbook)
    rows = preflight.check(desk, found, inputs_of(found, given_inputs(inputs), partial=True))
    if json_:
        as_json({"runbook": found.name, "rows": [to_builtins(row) for row in rows]})
    else:
        print_table(rows)
    return int(Exit.NO if any(row.holds is False for row in rows) else Exit.GOOD)


def print_table(rows: Sequence[preflight.Row]) -> None:
    """One row for each need: whether it holds, the step, what it needs, why not, how to get it."""
    table = [
        (_WORDS[row.holds], row.step or "-", row.what, "; ".join(p for p in (row.why, row.how) if p)) for row in rows
    ]
    widths = [max(len(cells[column]) for cells in (*table, _HEAD)) for column in range(3)]
    for cells in (_HEAD, *table):
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
        click.echo("  ".join([*padded, cells[3]]).rstrip())
