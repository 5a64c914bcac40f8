"""Finds test documents and rehearses their runbooks. The answer to `steady test`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..errors import InvalidDocument, NotFound, SteadyError
from ..model import Plan, Runbook, Target
from ..rehearsal.documents import read_tests
from ..rehearsal.rehearse import Coverage, Report, coverage, rehearse
from ..rehearsal.world import planner
from . import library
from .services import Services, read_bytes


class Tested(Struct, frozen=True):
    """A test document with what came of it."""

    path: str
    runbook: Runbook
    reports: tuple[Report, ...]
    coverage: Coverage

    @property
    def passed(self) -> bool:
        """Whether every case came out as expected."""
        return not any(report.problems for report in self.reports)


def test_files(path: Path) -> Iterator[Path]:
    """The test documents at a path: itself, the one beside a runbook, or all below a folder."""
    if path.is_dir():
        yield from sorted(p for p in path.rglob("*.test.y*ml") if not any(part.startswith(".") for part in p.parts[1:]))
    elif path.stem.endswith(".test"):
        yield path
    else:
        beside = [path.with_name(f"{path.stem}.test{suffix}") for suffix in (".yaml", ".yml")]
        found = next((p for p in beside if p.is_file()), None)
        if found is None:
            raise NotFound(f"{path} has no test", f"write {beside[0].name} beside it")
        yield found


def test(services: Services, path: Path) -> Tested:
    """Run the cases of one test document. Raises InvalidDocument when it, or its runbook, cannot be read."""
    document, diagnostics = read_tests(read_bytes(path), str(path))
    if document is None:
        raise InvalidDocument(diagnostics)
    where = document.runbook or f"{path.stem.removesuffix('.test')}.yaml"
    runbook = library.load(services, str(path.parent / where))

    def plan(kind: str, params: Mapping[str, Any], target: Target | None) -> Plan:
        try:
            handler = services.handler(kind)
        except SteadyError:
            return planner(kind, params, target)
        return handler.plan(params, target)

    reports = tuple(rehearse(runbook, case, services.specs, plan) for case in document.cases)
    return Tested(str(path), runbook, reports, coverage(runbook, reports))
