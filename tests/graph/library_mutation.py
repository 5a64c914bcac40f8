"""Takes one safeguard out of a runbook at a time, and asks who notices: `python -m tests.graph.library_mutation`.

For every runbook of the library and the examples that has tests: without a gate, a verification, an undo, an edge, the
definition of a fact. `steady validate --strict` must complain, or one of its tests must fail. A runbook that means the
same as before (an edge that is the default anyway) is no mutant.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from steadyhand import schema
from steadyhand.app import library, rehearsing
from steadyhand.app.services import Services
from steadyhand.errors import SteadyError
from steadyhand.graph.build import edges_of
from steadyhand.handlers import registry
from steadyhand.model import FAIL, Step
from steadyhand.source import builtin, parse

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (ROOT / "runbooks", ROOT / "examples")
NOT_MEANT = frozenset({"span", "defaulted", "next", "otherwise", "body"})
KINDS = ("gate", "verify", "undo", "edge", "fact")


class Mutant(NamedTuple):
    """A runbook without one thing: which kind of thing, where it stood, the document without it."""

    kind: str
    where: str
    document: dict[str, Any]


class Judged(NamedTuple):
    """Who noticed: validate, test, same (there is nothing to notice), or nobody."""

    runbook: str
    mutant: Mutant
    by: str


def tested() -> Iterator[tuple[Path, Path]]:
    """Every runbook with its test."""
    for folder in FOLDERS:
        for test in rehearsing.test_files(folder):
            document, _ = parse(test.read_bytes(), str(test))
            named = builtin(document).get("runbook") if document is not None else None
            yield test.parent / (named or f"{test.stem.removesuffix('.test')}.yaml"), test


def mutants(document: dict[str, Any]) -> Iterator[Mutant]:
    """The document without each of its safeguards in turn."""
    for kind, path in _places(document["steps"], ("steps",)):
        changed = deepcopy(document)
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        del holder[path[-1]]
        yield Mutant(kind, ".".join(map(str, path[1:])), changed)


def _places(steps: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, step in steps.items():
        here = (*path, name)
        alone = not set(step) - {"title", "description", "gate", "next", "max_visits", "purpose"}
        yield from (("gate", (*here, "gate")) for _ in [0] if "gate" in step and not alone)
        yield from ((kind, (*here, kind)) for kind in ("verify", "undo") if kind in step)
        yield from (("edge", (*here, key)) for key in ("otherwise",) if key in step)
        if isinstance(step.get("next"), dict):
            yield from (("edge", (*here, "next", outcome)) for outcome in step["next"])
        elif "next" in step:
            yield "edge", (*here, "next")
        for key in ("facts", "set"):
            many = isinstance(step.get(key), dict) and (key == "facts" or len(step[key]) > 1)
            yield from (("fact", (*here, key, fact)) for fact in (step[key] if many else ()))
        for check, body in step.get("diagnose", {}).items():
            yield from (("edge", (*here, "diagnose", check, "fix")) for _ in [0] if "fix" in body)
            yield from (("fact", (*here, "diagnose", check, "facts", fact)) for fact in body.get("facts", {}))
        branches = step.get("parallel", {})
        inside = (*here, "parallel", "branches") if "branches" in branches else (*here, "parallel")
        for branch, body in branches.get("branches", branches).items():
            if isinstance(body, dict):
                inner = body.get("steps", {branch: body})
                yield from _places(inner, inside if "steps" not in body else (*inside, branch, "steps"))


def _meaning(text: str) -> Any:
    """What a document means, wherever it stands in it."""
    runbook = schema.read(text, "x", registry.specs()).runbook
    return None if runbook is None else _bare(replace(runbook, text=""))


def _bare(value: Any) -> Any:
    """Without places, and with the edges as they are taken: it is the same whether they are written or by default."""
    if isinstance(value, Step):
        edges = sorted((edge.outcome, edge.target, edge.label * (edge.outcome == FAIL)) for edge in edges_of(value))
        return (
            edges,
            _bare(value.body),
            [_bare(getattr(value, f)) for f in value.__struct_fields__ if f not in NOT_MEANT],
        )
    if hasattr(value, "__struct_fields__"):
        fields = [f for f in value.__struct_fields__ if f not in NOT_MEANT]
        return type(value).__name__, [(f, _bare(getattr(value, f))) for f in fields]
    if isinstance(value, dict):
        return tuple((key, _bare(inner)) for key, inner in value.items())
    return [_bare(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def judged(runbook: Path, test: Path, *, short: bool = False) -> Iterator[Judged]:
    """Every mutant of a runbook, or the first of each kind, with who notices it."""
    root, _ = parse(runbook.read_bytes(), str(runbook))
    document = builtin(root) if root is not None else {}
    before = _meaning(json.dumps(document))
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "library"
        shutil.copytree(runbook.parent, folder)
        desk = Services(cwd=str(folder), environ={"HOME": name})
        for mutant in mutants(document):
            text = json.dumps(mutant.document)
            if short and mutant.kind in seen:
                continue
            if _meaning(text) == before:
                yield Judged(runbook.name, mutant, "same")
                continue
            seen.add(mutant.kind)
            (folder / runbook.name).write_text(text)
            yield Judged(runbook.name, mutant, _noticed(desk, folder / runbook.name, folder / test.name))


def _noticed(desk: Services, runbook: Path, test: Path) -> str:
    if library.read(desk, runbook).diagnostics:
        return "validate"
    try:
        return "nobody" if rehearsing.test(desk, test).passed else "test"
    except SteadyError:
        return "test"


def main() -> int:
    """Print a table, and every mutant that nobody noticed."""
    counts: Counter[tuple[str, str]] = Counter()
    missed = []
    runbooks = list(tested())
    for runbook, test in runbooks:
        for one in judged(runbook, test):
            counts[one.mutant.kind, one.by] += 1
            if one.by == "nobody":
                missed.append(f"{one.runbook}: without {one.mutant.kind} {one.mutant.where}")
    print(f"{len(runbooks)} runbooks with tests")
    print(f"{'without':<8} {'mutants':>8} {'validate':>9} {'test':>6} {'nobody':>7}")
    for kind in KINDS:
        row = [counts[kind, by] for by in ("validate", "test", "nobody")]
        print(f"{kind:<8} {sum(row):>8} {row[0]:>9} {row[1]:>6} {row[2]:>7}")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
