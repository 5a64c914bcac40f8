"""Writes tests: of a past run (`steady test --record`), and for what no test walks (`steady test --explore`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import events as e
from ..errors import InvalidDocument, NotFound, SteadyError, UsageError
from ..model import Runbook
from ..model.runbook import NOWHERE
from ..rehearsal.documents import Case, read_tests
from ..rehearsal.explore import Unwalked, explore
from ..rehearsal.recording import record
from ..rehearsal.sampling import NoSample, sampled
from ..rehearsal.writing import written
from . import library
from .rehearsing import Walked, is_test, planning, read, specs_of, surrounded, test_files
from .services import Services, writing

SKELETON = """\
Skeletons: each takes a path that no test walked. Say what really comes back instead of bare outcomes."""


def recorded(services: Services, run: str, path: str = "") -> tuple[Case, Path]:
    """A past run as a case that passes, and the file of its runbook. Raises UsageError, NotFound.

    `path` is that of the runbook; without it, the one of the run's name is looked for.
    """
    journal = services.journal.read(run)
    started = journal[0].event
    assert isinstance(started, e.RunStarted)  # noqa: S101 the fold refuses anything else
    where = _file_of(services, started.runbook, path)
    runbook = library.load(services, str(where))
    _same_version(run, started, runbook, where)
    case = record(runbook, journal, specs_of(services, runbook), planning(services), f"as in {run}")
    return case, where


def _file_of(services: Services, name: str, path: str) -> Path:
    """The file of the runbook that a run is of: the one named, else that in the library whose runbook is called so."""
    if path:
        return library.find(services, path)
    for where in (Path(f"{name}.yaml"), Path(f"{name}.yml")):
        if Path(services.cwd, where).is_file():
            return where
    try:
        return library.find(services, name)
    except NotFound:
        raise NotFound(
            f"the runbook {name} of the run is not in the library",
            f"say where it is: steady test --record RUN PATH/TO/{name}.yaml",
        ) from None


def _same_version(run: str, started: e.RunStarted, runbook: Runbook, where: Path) -> None:
    """A test of one version says nothing of another."""
    if runbook.name != started.runbook:
        raise UsageError(f"run {run} is of the runbook {started.runbook}, and {where} is {runbook.name}")
    known = library.digests_of(runbook)
    for name, digest in started.digests.items():
        if known.get(name) != digest:
            ours = known.get(name, "nothing")
            raise UsageError(
                f"run {run} is of another version of {name}: {digest[:12]}, and the one here is {ours[:12]}",
                "record a run of the version that is here; `steady transcript` shows the text that ran",
            )


def unwalked(services: Services, one: Walked) -> tuple[tuple[Unwalked, ...], int]:
    """The paths of a runbook that its tests do not walk, with a test for each, and how many more there are."""
    inputs, why = _inputs(services, one)
    specs = specs_of(services, one.runbook)
    base = surrounded(services, Case("", NOWHERE, inputs))
    found, more = explore(one.runbook, one.coverage.taken, base, specs, planning(services))
    if why:
        found = tuple(Unwalked(u.runbook, u.edges, u.path, u.conclusion, None, why) for u in found)
    return found, more


def _inputs(services: Services, one: Walked) -> tuple[dict[str, object], str]:
    """Inputs that a run would take: those of a test that there is, else plain ones that fit."""
    try:
        for path in test_files(Path(services.cwd, one.where)):
            document, _, _ = read(services, path)
            for case in document.cases:
                return dict(case.inputs), ""
    except (NotFound, InvalidDocument):
        pass
    try:
        return sampled(one.runbook), ""
    except NoSample as name:
        return {}, f"no value fits the input {name} by chance: write one test that gives it"


def runbooks(services: Services, paths: Iterable[Path]) -> Iterator[tuple[Path, Runbook]]:
    """The runbooks at some paths, whether they have a test or not."""
    seen: set[Path] = set()
    for path in paths:
        found = (read(services, path)[1],) if is_test(path) else library.documents(path)
        for where in found:
            if where not in seen:
                seen.add(where)
                yield where, library.load(services, str(where))


def text_of(services: Services, cases: Iterable[Case], runbook: Path, file: str, about: str = "") -> str:
    """A test document with these cases; the runbook is named as it is seen from the file ('' for beside it)."""
    seen = os.path.relpath(Path(services.cwd, runbook), Path(services.cwd, file).parent) if file else runbook.name
    text = written(Path(seen).as_posix(), cases, about)
    document, found = read_tests(text, file or "the test")
    if document is None:
        raise SteadyError(f"what would be written cannot be read: {found[0].message}", "report this: it is a bug")
    return text


def write(services: Services, file: str, text: str) -> None:
    """Write a test document to a file that is not there yet. Raises UsageError."""
    path = Path(services.cwd, file)
    if not is_test(path):
        raise UsageError(f"{file} would not be found as a test", "name it NAME.test.yaml")
    if path.exists():
        raise UsageError(f"{file} is there already", "name another file, or remove that one first")
    with writing(path):
        path.write_text(text, "utf-8")
