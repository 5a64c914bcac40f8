"""`steady plan`."""

from __future__ import annotations

import click

from ...app import library
from ...schema import inputs_of
from ..completion import runbooks
from ..shared import as_json, given_inputs, input_option, json_option, services


@click.command("plan")
@click.argument("runbook", shell_complete=runbooks)
@input_option
@json_option
@click.pass_context
def command(ctx: click.Context, runbook: str, inputs: tuple[str, ...], json_: bool) -> int:
    """Show every path that a run could take, and what each step would do. Nothing is contacted."""
    from ...app import planning  # noqa: PLC0415 the planners are for this command
    from ...projections import planned  # noqa: PLC0415 the drawing too

    desk = services(ctx)
    found = library.load(desk, runbook)
    given = inputs_of(found, given_inputs(inputs), partial=True)
    drawn = planning.plan(desk, found, given)
    if json_:
        as_json(planned.document(drawn, dict(given)))
        return 0
    click.echo(f"{found.name}: {found.title}")
    for name in found.inputs:
        click.echo(f"  input {name} = {given.get(name, 'needed')}")
    click.echo(planned.text(drawn), nl=False)
    click.echo("\nnothing was contacted, and nothing was changed; what stands in ⟨⟩ is known once a run has come to it")
    return 0
