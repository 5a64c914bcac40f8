"""Finds test documents, rehearses their runbooks, and says what was walked. The answer to `steady test`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..core.rendering import Planner
from ..errors import Diagnostic, InvalidDocument, NotFound, Severity, SteadyError
from ..model import HandlerSpec, Plan, Runbook, Target
from ..rehearsal.checking import check, names_of
from ..rehearsal.coverage import Coverage, coverage
from ..rehearsal.documents import CODES, Case, TestDocument, read_tests
from ..rehearsal.rehearse import Report, rehearse
from ..rehearsal.world import planner
from ..schema.reader import Reader
from . import library
from .services import Services, read_bytes

SUFFIXES = (".test.yaml", ".test.yml")


class Tested(Struct, frozen=True):
    """A test document with what came of it; `where` is the runbook's file. With `findings`, no case was run."""

    path: str
    where: str
    runbook: Runbook | None
    reports: tuple[Report, ...] = ()
    findings: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every case came out as expected."""
        return not self.findings and not any(report.problems for report in self.reports)

    @property
    def name(self) -> str:
        """What the runbook is called."""
        return self.runbook.name if self.runbook is not None else Path(self.where).stem


class Walked(Struct, frozen=True):
    """A runbook with what all its documents walked together."""

    where: str
    runbook: Runbook
    coverage: Coverage


def is_test(path: Path) -> bool:
    """Whether a file is a test document, going by its name."""
    return path.name.endswith(SUFFIXES)


def test_files(path: Path) -> Iterator[Path]:
    """The test documents at a path: itself, those beside a runbook, or all below a folder."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*.test.y*ml") if is_test(p))
        yield from (p for p in found if not any(part.startswith(".") for part in p.relative_to(path).parts))
    elif is_test(path):
        yield path
    else:
        names = [path.with_name(f"{path.stem}{suffix}") for suffix in SUFFIXES]
        found = [p for p in names if p.is_file()]
        found += sorted(p for p in path.parent.glob(f"{path.stem}.*.test.y*ml") if is_test(p))
        if not found:
            raise NotFound(f"{path} has no test", f"write {names[0].name} beside it")
        yield from found


def read(services: Services, path: Path) -> tuple[TestDocument, Path, Runbook]:
    """A test document, its runbook's file, and the runbook. Raises InvalidDocument when one of them cannot be read."""
    document, diagnostics = read_tests(read_bytes(Path(services.cwd, path)), str(path))
    if document is None:
        raise InvalidDocument(diagnostics)
    where = path.parent / (document.runbook or _named_like(path))
    try:
        runbook = library.load(services, str(where))
    except NotFound as problem:
        reader = Reader(document.text, document.name)
        hint = "name it as a path from this file: `runbook: NAME.yaml`"
        reader.say("ST002", document.span, problem.message, hint, CODES["ST002"][1])
        raise InvalidDocument(tuple(reader.found)) from None
    found = check(document, runbook, specs_of(services, runbook))
    if any(d.severity is Severity.ERROR for d in found):
        raise InvalidDocument(found)
    return document, where, runbook


def _named_like(path: Path) -> str:
    """The runbook that a test document is named like."""
    suffix = next((s for s in SUFFIXES if path.name.endswith(s)), path.suffix)
    stem = path.name.removesuffix(suffix)
    known = (f"{stem}{end}" for end in (".yaml", ".yml"))
    return next((name for name in known if path.with_name(name).is_file()), f"{stem}.yaml")


def test(services: Services, path: Path) -> Tested:
    """Run the cases of one test document. What is wrong with the document is told as findings."""
    try:
        document, where, runbook = read(services, path)
    except InvalidDocument as problem:
        return Tested(str(path), str(path.parent / _named_like(path)), None, findings=problem.diagnostics)
    specs, plan = specs_of(services, runbook), planning(services)
    reports = tuple(rehearse(runbook, surrounded(services, case), specs, plan) for case in document.cases)
    return Tested(str(path), str(where), runbook, reports)


def surrounded(services: Services, case: Case) -> Case:
    """A case in the settings that are here: what it says itself goes before them. Roles are its own alone."""
    settings = services.settings
    return replace(
        case,
        contacts={**settings.contacts, **case.contacts},
        targets={**{t.name: {t.kind: t.params} for t in settings.targets.values()}, **case.targets},
        channels={**{c.name: {c.kind: c.params} for c in settings.channels.values()}, **case.channels},
        secrets={**{s.name: {s.kind: s.at} for s in settings.secrets.values()}, **case.secrets},
    )


def specs_of(services: Services, runbook: Runbook) -> Mapping[str, HandlerSpec]:
    """The specifications that a runbook needs: those of plug-ins only where it uses one."""
    kinds = {operation.kind for operation in names_of(runbook).operations.values()}
    return services.specs if kinds <= set(services.specs) else services.all_specs()


def planning(services: Services) -> Planner:
    """The pure halves of the handlers; where there is none, a plan that stands for its parameters."""

    def plan(kind: str, params: Mapping[str, Any], target: Target | None) -> Plan:
        try:
            handler = services.handler(kind)
        except SteadyError:
            return planner(kind, params, target)
        return handler.plan(params, target)

    return plan


def walked(tested: Iterable[Tested]) -> tuple[Walked, ...]:
    """What was walked of each runbook, by all the documents that are about it."""
    together: dict[str, tuple[Runbook, list[Report]]] = {}
    for one in tested:
        if one.runbook is not None:
            together.setdefault(one.where, (one.runbook, []))[1].extend(one.reports)
    return tuple(
        Walked(where, runbook, coverage(runbook, [(r.path, r.walked) for r in reports]))
        for where, (runbook, reports) in together.items()
    )


def untested(where: Path, runbook: Runbook) -> Walked:
    """A runbook of which nothing was walked."""
    return Walked(str(where), runbook, coverage(runbook, ()))
