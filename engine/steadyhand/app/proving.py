"""Everything that can be shown of a library, in one go: proofs, tests over every edge, preflight and drills.

Called by `steady library prove`. A runbook passes when nothing is found about it, its tests pass and walk every edge,
and each of its drills was carried out and came out as it should. A drill that this machine cannot carry out is said,
and fails nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ..errors import InvalidDocument, SteadyError
from . import drilling, gallery, library, rehearsing
from .services import Services

CANNOT = "this machine allows no namespaces"


class Proved(Struct, frozen=True):
    """What came of one runbook. `failed` tells of tests, `edges` is the per cent of them that was walked."""

    runbook: str
    path: str
    findings: tuple[str, ...] = ()
    tests: int = 0
    failed: tuple[str, ...] = ()
    edges: int = 0
    drills: tuple[drilling.Outcome, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.findings and not self.failed and not any(one.problems for one in self.drills)


def runbooks(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The runbook files at the paths, each once."""
    return tuple(dict.fromkeys(found for path in paths for found in library.documents(path)))


def needs_namespace(services: Services, files: Sequence[Path]) -> bool:
    """Whether any drill of these runbooks wants namespaces of its own."""
    found = (drill for file in files for drill in gallery.drills_of(file))
    return any(_place(services, drill) == "namespace" for drill in found)


def _place(services: Services, drill: Path) -> str:
    try:
        return drilling.read(services, drill)[0].place
    except SteadyError:
        return ""  # it will be told as a finding


def prove(
    services: Services,
    files: Sequence[Path],
    *,
    namespaces: bool,
    keep: str = "",
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Proved]:
    """All that can be shown of each runbook. `namespaces` says whether drills that want them may be carried out."""
    called = frozenset(name for file in files for name in _called(services, file))
    for file in files:
        told(f"prove {file.stem}")
        yield _one(services, file, drilled=file.stem in called, namespaces=namespaces, keep=keep, told=told)


def _called(services: Services, file: Path) -> Iterator[str]:
    """What a runbook that has a drill calls: that is drilled with it."""
    found = library.read(services, file).runbook
    if found is not None and gallery.drills_of(file):
        yield from (one.name for one in library.family(found) if one.name != found.name)


def _one(
    services: Services, file: Path, *, drilled: bool, namespaces: bool, keep: str, told: Callable[[str], None]
) -> Proved:
    findings = list(gallery.valid(services, file))
    tests = [rehearsing.test(services, test) for test in gallery.tests_of(file)]
    reports = [report for one in tests for report in one.reports]
    failed = [f"{report.case}: {problem}" for report in reports for problem in report.problems]
    failed += [f"{one.path}: {d.code} {d.span}: {d.message}" for one in tests for d in one.findings]
    edges = min((one.coverage.percent for one in rehearsing.walked(tests)), default=0)
    if edges < 100:
        failed.append(f"{edges} % of the edges are walked by its tests, 100 % are wanted")
    drills: list[drilling.Outcome] = []
    beside = gallery.drills_of(file)
    if not beside and not drilled:
        findings.append(f"it has no drill, and no runbook here that is drilled calls it: write {file.stem}.drill.yaml")
    for drill in beside if not findings else ():
        try:
            drills += _drills(services, drill, namespaces=namespaces, keep=keep, told=told)
        except InvalidDocument as problem:
            findings += [f"{d.code} {d.span}: {d.message}" for d in problem.diagnostics]
        except SteadyError as problem:
            findings.append(problem.message)
    return Proved(file.stem, str(file), tuple(findings), len(reports), tuple(failed), edges, tuple(drills))


def _drills(
    services: Services, drill: Path, *, namespaces: bool, keep: str, told: Callable[[str], None]
) -> Iterator[drilling.Outcome]:
    document, runbook = drilling.read(services, drill)
    if document.place == "namespace" and not namespaces:
        for one in document.drills:
            yield drilling.Outcome(runbook.name, one.name, str(one.expect.get("cause") or "none"), skipped=CANNOT)
        return
    yield from drilling.drill(services, drill, keep=keep, preflight=True, told=lambda text: told(f"drill {text}"))
