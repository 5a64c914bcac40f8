"""`steady test`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ...app import fixtures, rehearsing, runs
from ...app.rehearsing import Tested, Walked
from ...app.services import Services
from ...errors import Exit, NotFound, UsageError
from ...rehearsal.explore import Unwalked
from .. import tested as shown
from ..completion import paths as paths_there
from ..shared import services
from .validate import existing, shortened


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(), shell_complete=paths_there)
@click.option(
    "--coverage-min", type=click.IntRange(0, 100), default=0, help="Fail when fewer per cent of the edges were walked."
)
@click.option("--format", "form", type=click.Choice(shown.FORMATS), default="text", help="How results are printed.")
@click.option("--json", "json_", is_flag=True, help="The same as --format json.")
@click.option(
    "--picture",
    type=click.Choice(shown.PICTURES),
    default=None,
    help="Draw one runbook instead; what no test walks is marked.",
)
@click.option("--record", "run", metavar="RUN", default="", help="Write a past run down as a test that passes.")
@click.option("--explore", is_flag=True, help="List a path for each edge that no test walks, shortest first.")
@click.option(
    "--write", "file", metavar="FILE", default="", help="With --record or --explore: the test document to write."
)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    coverage_min: int,
    form: str,
    json_: bool,
    picture: str | None,
    run: str,
    explore: bool,
    file: str,
) -> int:
    """Run runbooks against scripted worlds, and say what was walked of them.

    PATHS are test documents, runbooks with a test beside them, or folders. With --record, one runbook may be named.
    """
    desk = services(ctx)
    form = "json" if json_ else form
    if file and not (run or explore):
        raise UsageError("--write needs --record RUN or --explore", "say what is to be written")
    if run:
        return _record(desk, run, paths, file)
    if not paths:
        raise UsageError("name what is to be tested", "steady test FOLDER, a runbook, or NAME.test.yaml")
    tested = _tested(desk, paths, explore=explore)
    walked = rehearsing.walked(tested)
    if explore:
        return _explore(desk, paths, (tested, walked), form, file)
    low = [one for one in walked if one.coverage.percent < coverage_min]
    if picture:
        _picture(picture, tested, walked)
    elif form == "json":
        click.echo(shown.json_of(tested, walked))
    elif form == "junit":
        click.echo(shown.junit_of(tested, [(one, coverage_min) for one in low]))
    else:
        click.echo("\n".join(shown.text_lines(tested, walked)))
    for one in low:
        click.echo(shown.too_little(one, coverage_min), err=True)
    return int(Exit.GOOD if all(one.passed for one in tested) and not low else Exit.NO)


def _tested(desk: Services, paths: Sequence[str], *, explore: bool) -> list[Tested]:
    """Every test document at the paths, once, with what came of it."""
    files: dict[Path, None] = {}
    for path in paths:
        try:
            files.update(dict.fromkeys(rehearsing.test_files(shortened(existing(desk.cwd, path), desk.cwd))))
        except NotFound:
            if not explore:
                raise
    if not files and not explore:
        raise UsageError(f"there is no test in {', '.join(paths)}", "write NAME.test.yaml beside a runbook")
    return [rehearsing.test(desk, file) for file in files]


def _picture(form: str, tested: Sequence[Tested], walked: Sequence[Walked]) -> None:
    """The picture alone on standard output; what failed goes to standard error."""
    if len(walked) != 1:
        raise UsageError(f"a picture shows one runbook, and these are {len(walked)}", "name one runbook")
    click.echo(shown.picture(form, walked[0]))
    failed = [one for one in tested if not one.passed]
    if failed:
        click.echo("\n".join(shown.text_lines(failed, ())), err=True)


def _record(desk: Services, run: str, paths: Sequence[str], file: str) -> int:
    if len(paths) > 1:
        raise UsageError("a run is of one runbook", "name no other path")
    case, where = fixtures.recorded(desk, runs.find(desk, run), paths[0] if paths else "")
    _written(desk, fixtures.text_of(desk, [case], where, file), file, 1)
    return int(Exit.GOOD)


def _explore(
    desk: Services, paths: Sequence[str], results: tuple[Sequence[Tested], Sequence[Walked]], form: str, file: str
) -> int:
    """What no test walks; with a file, tests that do."""
    tested, walked = results
    wrong = [one for one in tested if one.findings]
    if wrong:
        click.echo("\n".join(shown.text_lines(wrong, ())), err=True)
        return int(Exit.NO)
    known = {one.where: one for one in walked}
    found: list[Unwalked] = []
    more = 0
    places = [shortened(existing(desk.cwd, path), desk.cwd) for path in paths]
    books = [known.get(str(at)) or rehearsing.untested(at, book) for at, book in fixtures.runbooks(desk, places)]
    for one in books:
        here, beyond = fixtures.unwalked(desk, one)
        found += here
        more += beyond
    if not file:
        lines = "\n".join(shown.unwalked_lines(found, more))
        click.echo(shown.json_of(tested, walked, found) if form == "json" else lines)
        return int(Exit.GOOD)
    if len(books) != 1:
        raise UsageError(f"a test document is for one runbook, and these are {len(books)}", "name one runbook")
    cases = [path.case for path in found if path.case is not None]
    if not cases:
        raise UsageError("there is nothing to write: " + (found[0].why if found else "every edge is walked"))
    for path in found:
        if path.case is None:
            click.echo(f"no script was found for {', '.join(path.edges)}: {path.why}", err=True)
    _written(desk, fixtures.text_of(desk, cases, Path(books[0].where), file, fixtures.SKELETON), file, len(cases))
    return int(Exit.GOOD)


def _written(desk: Services, text: str, file: str, count: int) -> None:
    """A test document to its file, or to standard output."""
    if file:
        fixtures.write(desk, file, text)
        click.echo(f"written  {file}: {count} test{'' if count == 1 else 's'}")
    else:
        click.echo(text, nl=False)
