"""`steady transcript`."""

from __future__ import annotations

from pathlib import Path

import click

from ...app import runs, watching
from ...graph import build
from ...projections import transcript
from ..shared import as_json, services


@click.command("transcript")
@click.argument("run", default=runs.LAST)
@click.option(
    "--format", "form", type=click.Choice(("md", "html", "json")), default="md", show_default=True, help="The form."
)
@click.option("--json", "json_", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="A file to write; else it is printed.")
@click.pass_context
def command(ctx: click.Context, run: str, form: str, json_: bool, output: str | None) -> int:
    """Write the transcript of a run: what a person pastes into a post-mortem."""
    desk = services(ctx)
    recorded = desk.journal.read(runs.find(desk, run))
    runbook = watching.runbook_of(desk, recorded)
    drawn = transcript.draw(recorded, runbook)
    if json_ or form == "json":
        from ...projections import structured  # noqa: PLC0415 only for this form

        as_json(structured.render(drawn))
        return 0
    if form == "html":
        from ...projections import html  # noqa: PLC0415 only for this form

        text = html.render(drawn, build(runbook))
    else:
        from ...projections import markdown  # noqa: PLC0415 only for this form

        text = markdown.render(drawn, build(runbook))
    if output:
        Path(output).write_text(text, encoding="utf-8")
        click.echo(f"written: {output}", err=True)
    else:
        click.echo(text, nl=False)
    return 0
