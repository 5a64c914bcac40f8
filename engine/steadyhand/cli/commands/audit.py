"""`steady audit verify`, `steady audit export` and `steady audit access`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ...app import runs, watching
from ...errors import Exit, UsageError
from ...events import Recorded, encode, name_of
from ...projections import door
from ...projections.words import rfc3339
from ...source import parse_duration
from ..completion import run_ids
from ..shared import as_json, json_option, services


@click.group("audit")
def command() -> None:
    """Verify, export or list what was recorded."""


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


@command.command("access")
@click.option("--since", default="", metavar="TIME", help="How far back, such as 24h or 30d; everything unless said.")
@json_option
@click.pass_context
def access(ctx: click.Context, since: str, json_: bool) -> int:
    """List what happened at the door: who came in, who was refused, what became of accounts and tokens."""
    from ...app import ledger  # noqa: PLC0415 only here

    desk = services(ctx)
    ago = parse_duration(since) if since else None
    if since and ago is None:
        raise UsageError(f"{since!r} is no time", "write 24h, 7d, 30d")
    recorded = ledger.history(desk, desk.clock.now() - ago if ago is not None else 0)
    if json_:
        as_json({"events": [_event(one) for one in recorded]})
        return int(Exit.GOOD)
    lines = [text for one in recorded if (text := door.line(one))]
    for text in lines:
        click.echo(text)
    if not lines:
        click.echo("nothing happened at the door", err=True)
    return int(Exit.GOOD)


def _event(one: Recorded) -> dict[str, object]:
    body = json.loads(encode(one.event))
    return {"stream": one.stream, "seq": one.seq, "at": rfc3339(one.at), "event": name_of(one.event), **body}
