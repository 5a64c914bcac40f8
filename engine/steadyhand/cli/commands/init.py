"""`steady init`."""

from __future__ import annotations

from pathlib import Path

import click

from ...app import beginning


@click.command("init")
@click.argument("folder", default=".", type=click.Path(file_okay=False))
def command(folder: str) -> int:
    """Begin a library: settings, one runbook, its test, a CI snippet. Nothing that is there is overwritten."""
    for path, written in beginning.begin(Path(folder)):
        click.echo(f"{'written' if written else 'kept   '}  {path}")
    click.echo("try: steady validate . && steady test . && steady run runbooks/disk-full.yaml -i path=/")
    return 0
