"""`steady plan`."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from ...app import library, planning
from ...graph.outline import outline, outline_text
from ...model import Runbook
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
    desk = services(ctx)
    found = library.load(desk, runbook)
    given = inputs_of(found, given_inputs(inputs), partial=True)
    rows = outline(found, planning.plans(desk, found, given))
    called = {name: outline(inner, planning.plans(desk, inner, defaults(inner))) for name, inner in found.calls.items()}
    if json_:
        inside = {name: msgspec.to_builtins(inner) for name, inner in called.items()}
        document = {"runbook": found.name, "digest": found.digest, "rows": msgspec.to_builtins(rows), "called": inside}
        as_json(document)
        return 0
    click.echo(f"{found.name}: {found.title}")
    for name in found.inputs:
        click.echo(f"  input {name} = {given.get(name, 'needed')}")
    click.echo(outline_text(rows), nl=False)
    for name, inner in called.items():
        click.echo(f"\ncalled: {name}: {found.calls[name].title}\n{outline_text(inner)}", nl=False)
    return 0


def defaults(called: Runbook) -> dict[str, Any]:
    """The inputs of a called runbook that are known before it is called."""
    return {name: one.default for name, one in called.inputs.items() if not one.required}
