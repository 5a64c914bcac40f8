"""`steady backtest`."""

from __future__ import annotations

from pathlib import Path

import click

from ...source import parse_duration
from ..shared import as_json, json_option, services


@click.command("backtest")
@click.argument("alerts", type=click.Path())
@click.option("--run-length", default="10m", show_default=True, metavar="TIME", help="How long each run goes on.")
@click.option("--at-once", type=click.IntRange(1), help="How many runs may go on at once; as the settings say.")
@click.option("--intake", default="", metavar="NAME", help="The intake that got them, where routes tell intakes apart.")
@json_option
@click.pass_context
def command(ctx: click.Context, alerts: str, run_length: str, at_once: int | None, intake: str, json_: bool) -> int:
    """Show what would have come of recorded alerts: which runs, joined, held, led nowhere. Nothing is started.

    ALERTS holds one body a line, as Alertmanager, Grafana or PagerDuty has sent it, or {"at": TIME, "body": BODY}.
    Empty lines, and those that begin with #, are passed over.
    """
    from ...alerts import replayed  # noqa: PLC0415 only for this command
    from ...app import backtest  # noqa: PLC0415 only for this command

    length = parse_duration(run_length)
    if not length:
        raise click.UsageError(f"{run_length!r} is no duration: write 30s, 5m, 1h30m")
    desk = services(ctx)
    found, assumed = backtest.backtest(desk, Path(desk.cwd, alerts), length, at_once or 0, intake)
    if json_:
        as_json(replayed.document(found, assumed))
        return 0
    for line in replayed.text(found, assumed):
        click.echo(line)
    return 0
