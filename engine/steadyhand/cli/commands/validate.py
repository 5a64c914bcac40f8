"""`steady validate`."""

from __future__ import annotations

from pathlib import Path

import click

from ...app import library
from ...app.services import SETTINGS, Services
from ...errors import Exit, InvalidDocument, Severity, UsageError
from ..completion import paths
from ..reporters import FORMATS, render
from ..shared import services


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=click.Path(), shell_complete=paths)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How findings are printed.")
@click.option("--json", "json_", is_flag=True, help="The same as --format json.")
@click.option("--strict", is_flag=True, help="Warnings fail as well.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str, json_: bool, strict: bool) -> int:
    """Check runbooks: the document, the schema, and what can be proved of the step graph.

    A test document that is named is checked as well, and so are settings, with their routes (steady.yaml).
    """
    desk = services(ctx)
    files = [found for path in paths for found in library.documents(existing(desk.cwd, path))]
    if not files:
        raise UsageError(f"there is no runbook in {', '.join(paths)}", "name a file, or a folder with *.yaml files")
    read = [_read(desk, shortened(file, desk.cwd)) for file in files]
    weights = [d.severity for one in read for d in one.diagnostics]
    errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
    form = "json" if json_ else form
    report = render(form, [(one.path, one.diagnostics) for one in read], strict=strict)
    if report:
        click.echo(report)
    if form == "text":
        tests = sum(map(_is_test, files))
        settings = sum(map(_is_settings, files))
        several = tuple(one for one in ((tests, "test document"), (settings, "settings file")) if one[0])
        counts = ((len(read) - tests - settings, "runbook"), *several, (errors, "error"), (warnings, "warning"))
        click.echo(", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counts))
    return int(Exit.NO if errors or (strict and warnings) else Exit.GOOD)


def _is_test(file: Path) -> bool:
    return file.stem.endswith(".test")


def _is_settings(file: Path) -> bool:
    return file.name == SETTINGS


def _read(desk: Services, file: Path) -> library.Read:
    """A runbook, settings, or a test document held against its runbook."""
    if _is_settings(file):
        from ...app import routebook  # noqa: PLC0415 only for settings

        return routebook.check(desk, file)
    if not _is_test(file):
        return library.read(desk, file)
    from ...app import rehearsing  # noqa: PLC0415 only for tests

    try:
        rehearsing.read(desk, file)
    except InvalidDocument as problem:
        return library.Read(str(file), None, problem.diagnostics)
    return library.Read(str(file), None, ())


def existing(cwd: str, path: str) -> Path:
    """The path, if there is something."""
    found = Path(cwd, path)
    if not found.exists():
        raise UsageError(f"there is no file or folder {path}", "check the path")
    return found


def shortened(path: Path, cwd: str) -> Path:
    """The path as seen from here, as people like to read it."""
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path
