"""`steady library list`, `show`, `copy` and `prove`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ...app import drilling, gallery, library, places, proving
from ...app.services import Services
from ...errors import Exit, UsageError
from ...graph import build
from ...graph.pictures import text
from ...projections.words import took
from ..completion import paths as paths_there
from ..completion import runbooks
from ..shared import as_json, json_option, services
from .validate import existing, shortened


@click.group("library")
def command() -> None:
    """List, show, copy and prove the runbooks of the library."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, json_: bool) -> int:
    """List the runbooks that are found by name: your own, then those that come with the program."""
    found = gallery.books(services(ctx))
    if json_:
        as_json({"runbooks": [_entry(one) for one in found]})
        return int(Exit.GOOD)
    rows = [(one.group, one.name, _severity(one), _proof(one), one.runbook.title) for one in found]
    click.echo("\n".join(_columns(("group", "name", "severity", "proved by", "title"), rows)))
    return int(Exit.GOOD)


@command.command("show")
@click.argument("name", shell_complete=runbooks)
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, json_: bool) -> int:
    """Show one: what it is for, which causes it knows, what it may do, its inputs, its steps."""
    one = gallery.find(services(ctx), name)
    if json_:
        as_json(_entry(one))
        return int(Exit.GOOD)
    click.echo("\n".join(_shown(one)))
    return int(Exit.GOOD)


@command.command("copy")
@click.argument("name", shell_complete=runbooks)
@click.argument("folder", type=click.Path(file_okay=False))
@click.pass_context
def copy(ctx: click.Context, name: str, folder: str) -> int:
    """Copy one into FOLDER, to change it there: with its tests, its drill and what it calls. Nothing is overwritten."""
    desk = services(ctx)
    for path, written in gallery.copy(desk, name, Path(folder)):
        click.echo(f"{'written' if written else 'kept   '}  {shortened(path, desk.cwd)}")
    return int(Exit.GOOD)


@command.command("prove")
@click.argument("paths", nargs=-1, type=click.Path(), shell_complete=paths_there)
@click.option("--keep", default="", metavar="FOLDER", help="Keep the stores and transcripts of the drills there.")
@json_option
@click.pass_context
def prove(ctx: click.Context, paths: tuple[str, ...], keep: str, json_: bool) -> int:
    """Prove runbooks: strict validation, tests over every edge, and drills with a preflight of each place.

    PATHS are runbooks or folders; the whole library unless said. A wrong cause, or a repair that did not hold, is an
    exit code of 1. A drill that cannot be carried out here is said and fails nothing.
    """
    desk = services(ctx)
    where = [existing(desk.cwd, path) for path in paths] or [f for f in library.folders(desk) if f.is_dir()]
    files = [shortened(file, desk.cwd) for file in proving.runbooks(where)]
    if not files:
        raise UsageError(
            f"there is no runbook in {', '.join(map(str, where))}", "name a file, or a folder with runbooks"
        )
    wanted = proving.needs_namespace(desk, files)
    if not places.overseen():
        how, why_not = places.namespace() if wanted else ((), "")
        if why_not:
            click.echo(f"drills in a namespace are not carried out: {why_not}", err=True)
        return places.overseeing(_words(desk, paths, keep, json_), how)
    proved = proving.prove(
        desk, files, namespaces=places.namespaced(), keep=keep, told=lambda told: click.echo(told, err=True)
    )
    found = list(proved)
    passed = all(one.passed for one in found)
    if json_:
        as_json({"passed": passed, "runbooks": [_proved(one) for one in found]})
    else:
        click.echo("\n".join(_table(found)))
    return int(Exit.GOOD if passed else Exit.NO)


def _words(desk: Services, paths: Sequence[str], keep: str, json_: bool) -> list[str]:
    """The same command, for a process of its own."""
    before = ["--store", desk.named_store] if desk.named_store else []
    if desk.config_path is not None:
        before += ["--config", str(desk.config_path)]
    after = [*(["--keep", keep] if keep else []), *(["--json"] if json_ else [])]
    return [*before, "library", "prove", *after, "--", *paths]


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


# --- what a runbook is


def _proof(one: gallery.Book) -> str:
    return " and ".join(word for word, there in (("tests", one.tests), ("drills", one.drills)) if there) or "-"


def _severity(one: gallery.Book) -> str:
    return one.runbook.severity.value if one.runbook.severity else "-"


def _entry(one: gallery.Book) -> dict[str, Any]:
    book = one.runbook
    return {
        "name": one.name, "group": one.group, "title": book.title, "severity": _severity(one), "path": str(one.path),
        "owner": book.owner, "updated": book.updated, "alerts": list(book.alerts), "symptoms": list(book.symptoms),
        "causes": dict(one.causes), "changes": dict(one.changes),
        "inputs": [{"name": n, "required": i.required, "from": i.source or ""} for n, i in book.inputs.items()],
        "tests": [str(path) for path in one.tests], "drills": [str(path) for path in one.drills],
    }  # fmt: skip


def _shown(one: gallery.Book) -> Iterator[str]:
    book = one.runbook
    yield f"{one.name}: {book.title}"
    if book.description:
        yield f"  {book.description}"
    yield f"  {one.path}"
    lists = (
        ("symptoms", book.symptoms),
        ("alerts", book.alerts),
        ("causes it knows", [f"{name}: {cause}" for name, cause in one.causes]),
        ("what it may do, when somebody says yes", [f"{step}: {title}" for step, title in one.changes]),
        ("inputs", [_input(name, given) for name, given in book.inputs.items()]),
        ("read more", [f"{link.title}: {link.url}" for link in book.links]),
    )
    for title, lines in lists:
        if lines:
            yield f"\n{title}"
            yield from (f"  {line}" for line in lines)
    yield f"\nsteps\n{text(build(book)).rstrip()}"


def _input(name: str, given: Any) -> str:
    default = "required" if given.required else f"{given.default!r} unless said"
    source = f", from {given.source}" if given.source else ""
    return f"{name} ({default}{source})"


# --- what was proved


def _proved(one: proving.Proved) -> dict[str, Any]:
    return {
        "runbook": one.runbook, "path": one.path, "passed": one.passed, "findings": list(one.findings),
        "tests": one.tests, "failed": list(one.failed), "edges": one.edges,
        "drills": [_drilled(drill) for drill in one.drills],
    }  # fmt: skip


def _drilled(one: drilling.Outcome) -> dict[str, Any]:
    return {
        "drill": one.drill, "injected": one.expected, "found": one.cause or "none", "repaired": one.repaired,
        "ended": one.conclusion, "took": one.took, "path": list(one.path), "lacking": list(one.lacking),
        "problems": list(one.problems), "skipped": one.skipped, "passed": one.passed,
    }  # fmt: skip


_HEAD = ("runbook", "drill", "injected", "found", "repaired", "took", "path")
_REPAIRED = {True: "yes", False: "NO", None: "-"}


def _table(found: Sequence[proving.Proved]) -> Iterator[str]:
    """A row for each drill, what is wrong below it, and a line for each runbook's proofs and tests."""
    drills = [(book.runbook, one) for book in found for one in book.drills]
    rows = [
        (name, one.drill, one.expected, one.cause or ("-" if one.skipped else "none"), _REPAIRED[one.repaired],
         "-" if one.skipped else took(one.took), " ".join(one.path) or "-")
        for name, one in drills
    ]  # fmt: skip
    lines = list(_columns(_HEAD, rows))
    yield lines[0]
    for line, (_, one) in zip(lines[1:], drills, strict=True):
        yield line
        yield from (f"    WRONG: {problem}" for problem in one.problems)
        if one.skipped:
            yield f"    not carried out: {one.skipped}"
    yield ""
    for book in found:
        yield f"{'passed' if book.passed else 'FAILED'}  {book.runbook}: {_said(book)}"
        yield from (f"    WRONG: {problem}" for problem in (*book.findings, *book.failed))
    wrong = sum(not book.passed for book in found)
    skipped = sum(bool(one.skipped) for _, one in drills)
    counts = f"{len(found) - wrong} runbooks passed, {wrong} failed; {len(drills) - skipped} drills carried out"
    yield f"{counts}, {skipped} not" if skipped else counts


def _said(book: proving.Proved) -> str:
    found = "nothing found" if not book.findings else f"{len(book.findings)} found"
    return f"{found}, {book.tests} tests over {book.edges} % of the edges, {len(book.drills)} drills"
