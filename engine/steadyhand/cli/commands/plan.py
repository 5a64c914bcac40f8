"""`steady plan`."""

from __future__ import annotations

import click
import msgspec

from ...app import library
from ...graph.outline import outline, outline_text
from ...schema import inputs_of
from ..completion import runbooks
from ..shared import as_json, given_inputs, input_option, json_option, services


@click.command("plan")
@click.argument("runbook", shell_complete=runbooks)
@input_option
@json_option
@click.pass_context
def command(ctx: click.Context, runbook: str, inputs: tuple[str, ...], json_: bool) -> int:
    """Show every path that a run could take. Nothing is contacted."""
    found = library.load(services(ctx), runbook)
    rows = outline(found)
    given = inputs_of(found, given_inputs(inputs), partial=True)
    if json_:
        as_json({"runbook": found.name, "digest": found.digest, "rows": msgspec.to_builtins(rows)})
        return 0
    click.echo(f"{found.name}: {found.title}")
    for name in found.inputs:
        click.echo(f"  input {name} = {given.get(name, 'needed')}")
    click.echo(outline_text(rows), nl=False)
    for name, inner in found.calls.items():
        click.echo(f"\ncalled: {name}: {inner.title}\n{outline_text(outline(inner))}", nl=False)
    return 0
