"""`steady schema`."""

from __future__ import annotations

import click

from ...app import schemas
from ..shared import as_json, services


@click.command("schema")
@click.argument("name", default="runbook", type=click.Choice(schemas.NAMES))
@click.pass_context
def command(ctx: click.Context, name: str) -> int:
    """Print a JSON Schema (2020-12) for editors and CI."""
    as_json(schemas.schema(services(ctx), name))
    return 0
