"""`steady transcript`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ...app import runs, watching
from ...app.archives import write_artifacts
from ...app.services import writing
from ...errors import UsageError
from ...graph import Graph, build
from ...projections import transcript
from ...projections.sections import Transcript
from ..completion import run_ids
from ..shared import services


@click.command("transcript")
@click.argument("run", default=runs.LAST, shell_complete=run_ids)
@click.option(
    "--format", "form", type=click.Choice(("md", "html", "json")), default="md", show_default=True, help="The form."
)
@click.option("--json", "json_", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="A file to write; else it is printed.")
@click.option("--artifacts", is_flag=True, help="With -o: write what the steps printed into a folder beside it.")
@click.pass_context
def command(ctx: click.Context, run: str, form: str, json_: bool, output: str | None, artifacts: bool) -> int:
    """Write the transcript of a run: what a person pastes into a post-mortem."""
    desk = services(ctx)
    found = runs.find(desk, run)
    recorded = desk.journal.read(found)
    runbook = watching.runbook_of(desk, recorded)
    drawn = transcript.draw(recorded, runbook)
    head = desk.journal.head(found)
    if head is not None and head.seq == drawn.events:
        drawn.head = head.hash.hex()
    if artifacts and not output:
        raise UsageError("the artifacts lie beside a file", "name it with -o")
    folder = f"{Path(output).stem}.artifacts" if output and artifacts else ""
    text = _render("json" if json_ else form, drawn, build(runbook), folder)
    if not output:
        click.echo(text, nl=False)
        return 0
    if folder:
        count = write_artifacts(desk, recorded, Path(output).parent / folder)
        click.echo(f"written: {Path(output).parent / folder} ({count} artifacts)", err=True)
    with writing(Path(output)):
        Path(output).write_text(text, encoding="utf-8")
    click.echo(f"written: {output}", err=True)
    return 0


def _render(form: str, drawn: Transcript, graph: Graph, folder: str) -> str:
    match form:
        case "json":
            from ...projections import structured  # noqa: PLC0415 only for this form

            return f"{json.dumps(structured.render(drawn), indent=2)}\n"
        case "html":
            from ...projections import html  # noqa: PLC0415 only for this form

            return html.render(drawn, graph, folder)
        case _:
            from ...projections import markdown  # noqa: PLC0415 only for this form

            return markdown.render(drawn, graph, folder)
