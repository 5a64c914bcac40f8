"""`steady drill`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from msgspec import to_builtins

from ...app import drilled, drilling, places
from ...app.services import Services
from ...errors import Exit, NotFound
from ...projections.words import took
from ..completion import paths as runbook_paths
from ..shared import as_json, json_option, services


@click.command("drill")
@click.argument("paths", nargs=-1, required=True, shell_complete=runbook_paths)
@click.option("--only", default="", metavar="NAME", help="Only the drill of that name.")
@click.option("--keep", default="", metavar="FOLDER", help="Keep the stores and transcripts there.")
@click.option("--record", is_flag=True, help="Write down in the store what came of them, for the library.")
@json_option
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], only: str, keep: str, record: bool, json_: bool) -> int:
    """Break a disposable real service, run the runbook, and prove that it found the fault and repaired it.

    A drill that cannot be carried out here, for want of a program or of namespaces, is said and fails nothing.
    """
    desk = services(ctx)
    files = [file for path in paths for file in drilling.drill_files(desk, Path(path))]
    if not files:
        raise NotFound(f"there is no drill in {' '.join(paths)}", "write NAME.drill.yaml beside a runbook")
    wanted = [drilling.read(desk, file)[0].place == "namespace" for file in files]
    if not places.overseen():
        how, why_not = places.namespace() if any(wanted) else ((), "")
        if why_not:
            click.echo(f"drills in a namespace are not carried out: {why_not}", err=True)
        return places.overseeing(
            _words(desk, paths, {"--only": only, "--keep": keep}, {"--record": record, "--json": json_}), how
        )
    if any(wanted) and not places.namespaced():
        files = [file for file, needs in zip(files, wanted, strict=True) if not needs]
    outcomes: list[drilling.Outcome] = []
    for file in files:
        outcomes += drilling.drill(desk, file, only, keep=keep, told=lambda text: click.echo(f"drill {text}", err=True))
    if record:
        digests = {book.name: book.digest for _, book in (drilling.read(desk, file) for file in files)}
        drilled.record(desk, digests, outcomes)
    if json_:
        as_json({"drills": [{**to_builtins(one), "passed": one.passed} for one in outcomes]})
    else:
        _table(outcomes)
    return int(Exit.NO if any(one.problems for one in outcomes) else Exit.GOOD)


def _words(desk: Services, paths: Sequence[str], given: Mapping[str, str], flags: Mapping[str, bool]) -> list[str]:
    """The same command, for a process of its own."""
    before = ["--store", desk.named_store] if desk.named_store else []
    if desk.config_path is not None:
        before += ["--config", str(desk.config_path)]
    after = [word for name, value in given.items() if value for word in (name, value)]
    after += [name for name, wanted in flags.items() if wanted]
    return [*before, "drill", *after, "--", *paths]


_HEAD = ("runbook", "drill", "injected", "found", "repaired", "ended", "diagnosed", "took")


def _table(outcomes: Sequence[drilling.Outcome]) -> None:
    rows = [_row(one) for one in outcomes]
    widths = [max(len(row[column]) for row in (_HEAD, *rows)) for column in range(len(_HEAD))]
    for row, one in ((_HEAD, None), *zip(rows, outcomes, strict=True)):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for problem in one.problems if one is not None else ():
            click.echo(f"    WRONG: {problem}")
        if one is not None and one.skipped:
            click.echo(f"    not carried out: {one.skipped}")
        elif one is not None:
            click.echo(f"    path: {' '.join(one.path)}")
    failed, skipped = sum(bool(o.problems) for o in outcomes), sum(bool(o.skipped) for o in outcomes)
    said = f"{len(outcomes) - failed - skipped} passed, {failed} failed"
    click.echo(f"{said}, {skipped} not carried out" if skipped else said)


def _row(one: drilling.Outcome) -> tuple[str, ...]:
    repaired = {True: "yes", False: "NO", None: "-"}[one.repaired]
    diagnosed = took(one.diagnosed) if one.diagnosed else "-"
    found = one.cause or ("-" if one.skipped else "none")
    return (
        one.runbook, one.drill, one.expected, found, repaired, one.conclusion or "-", diagnosed, took(one.took),
    )  # fmt: skip
