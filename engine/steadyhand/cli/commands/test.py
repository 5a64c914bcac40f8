"""`steady test`."""

from __future__ import annotations

import click

from ...app import rehearsing
from ...errors import Exit, UsageError
from ..shared import as_json, json_option, services
from .validate import existing, shortened


@click.command("test")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option(
    "--coverage-min", type=click.IntRange(0, 100), default=0, help="Fail when fewer per cent of the edges were walked."
)
@json_option
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], coverage_min: int, json_: bool) -> int:
    """Run runbooks against scripted worlds, and say which edges were walked."""
    desk = services(ctx)
    files = [f for path in paths for f in rehearsing.test_files(shortened(existing(desk.cwd, path), desk.cwd))]
    if not files:
        raise UsageError(f"there is no test in {', '.join(paths)}", "write NAME.test.yaml beside a runbook")
    tested = [rehearsing.test(desk, file) for file in files]
    if json_:
        as_json({"tests": [as_dict(one) for one in tested]})
    else:
        for one in tested:
            show(one)
    low = [one for one in tested if one.coverage.percent < coverage_min]
    for one in low:
        click.echo(f"{one.path}: {one.coverage.percent} % of the edges walked, {coverage_min} % wanted", err=True)
    return int(Exit.GOOD if all(one.passed for one in tested) and not low else Exit.NO)


def show(one: rehearsing.Tested) -> None:
    """A document and its cases."""
    for report in one.reports:
        click.echo(f"{'FAILED' if report.problems else 'passed'}  {one.runbook.name}: {report.case}")
        for problem in report.problems:
            click.echo(f"        {problem}")
    c = one.coverage
    click.echo(f"        steps {c.steps[0]} of {c.steps[1]}, edges {c.edges[0]} of {c.edges[1]} ({c.percent} %)")
    for edge in c.missing:
        click.echo(f"        never walked: {edge}")


def as_dict(one: rehearsing.Tested) -> dict[str, object]:
    """A tested document as JSON."""
    return {
        "path": one.path,
        "runbook": one.runbook.name,
        "passed": one.passed,
        "coverage": {"percent": one.coverage.percent, "missing": list(one.coverage.missing)},
        "cases": [
            {
                "name": r.case,
                "passed": not r.problems,
                "problems": list(r.problems),
                "conclusion": r.conclusion,
                "path": list(r.path),
            }
            for r in one.reports
        ],
    }
