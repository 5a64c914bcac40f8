"""`steady watch`."""

from __future__ import annotations

import json

import click
import msgspec

from ...app import runs, watching
from ...errors import Exit
from ...events import RunConcluded, name_of
from ...model import Conclusion
from ...projections.narration import narrate
from ..completion import run_ids
from ..shared import CONCLUSIONS, services


@click.command("watch")
@click.argument("run", default=runs.LAST, shell_complete=run_ids)
@click.option("--after", default=0, help="Begin after this event number.")
@click.option("--no-wait", is_flag=True, help="Print what there is, and end.")
@click.option("--json", "json_", is_flag=True, help="Print JSON lines.")
@click.pass_context
def command(ctx: click.Context, run: str, after: int, no_wait: bool, json_: bool) -> int:
    """Follow a run until it has ended."""
    desk = services(ctx)
    found = runs.find(desk, run)
    recorded = desk.journal.read(found)
    runbook, mode = watching.runbook_of(desk, recorded), watching.mode_of(recorded)
    code = Exit.GOOD
    for one in watching.follow(desk, found, after, wait=not no_wait):
        if json_:
            event = msgspec.to_builtins(one.event)
            click.echo(
                json.dumps(
                    {"seq": one.seq, "at": one.at, "actor": one.actor, "type": name_of(one.event), "event": event}
                )
            )
        else:
            for text in narrate(one, runbook, mode):
                click.echo(text)
        if isinstance(one.event, RunConcluded):
            code = CONCLUSIONS[Conclusion(one.event.conclusion)]
    return int(code)
