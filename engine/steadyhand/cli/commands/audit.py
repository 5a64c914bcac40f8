"""`steady audit verify` and `steady audit export`."""

from __future__ import annotations

from pathlib import Path

import click

from ...app import runs, watching
from ...errors import Exit
from ..completion import run_ids
from ..shared import as_json, json_option, services


@click.group("audit")
def command() -> None:
    """Verify or export what was recorded."""


@command.command("verify")
@click.argument("run", default="", shell_complete=run_ids)
@click.option("--archive", type=click.Path(exists=True, dir_okay=False), help="Verify an exported archive instead.")
@json_option
@click.pass_context
def verify(ctx: click.Context, run: str, archive: str | None, json_: bool) -> int:
    """Walk the chains: any edit, loss or reorder is found, and the first bad event is named."""
    desk = services(ctx)
    if archive:
        from ...app.archives import verify_file  # noqa: PLC0415 only here

        faults, count = verify_file(Path(archive)), 0
    else:
        faults, count = watching.verify(desk, runs.find(desk, run) if run else "")
    if json_:
        found = [{"stream": f.stream, "seq": f.seq, "problem": f.problem} for f in faults]
        as_json({"holds": not faults, "events": count, "faults": found})
    elif faults:
        for f in faults:
            click.echo(f"{f.stream or 'the store'}{f', event {f.seq}' if f.seq else ''}: {f.problem}")
    else:
        click.echo("the archive holds" if archive else f"{count} events, every chain holds")
    return int(Exit.NO if faults else Exit.GOOD)


@command.command("export")
@click.argument("run", default=runs.LAST, shell_complete=run_ids)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="The archive to write (.tar.gz).")
@click.pass_context
def export(ctx: click.Context, run: str, output: str) -> int:
    """Write one run as an archive that anyone can verify offline, with Python alone."""
    from ...app.archives import export_to  # noqa: PLC0415 only here

    desk = services(ctx)
    count = export_to(desk, runs.find(desk, run), Path(output))
    click.echo(f"written: {output} ({count} events; unpack it and run python3 verify.py)", err=True)
    return int(Exit.GOOD)
