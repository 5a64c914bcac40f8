"""`steady graph`."""

from __future__ import annotations

import click

from ...app import library
from ...graph import build
from ...graph.pictures import mermaid, text
from ..completion import runbooks
from ..shared import services


@click.command("graph")
@click.argument("runbook", shell_complete=runbooks)
@click.option(
    "--format", "form", type=click.Choice(("text", "mermaid", "svg")), default="text", help="The form of the picture."
)
@click.pass_context
def command(ctx: click.Context, runbook: str, form: str) -> int:
    """Draw the steps of a runbook."""
    graph = build(library.load(services(ctx), runbook))
    if form == "svg":
        from ...graph.svg import svg  # noqa: PLC0415 only for this form

        click.echo(svg(graph))
    else:
        click.echo({"text": text, "mermaid": mermaid}[form](graph), nl=False)
    return 0
