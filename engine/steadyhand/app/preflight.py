"""Could every step be carried out right now? Looked at before the first step, and by `steady preflight`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from ..core import State
from ..core.paths import locate
from ..core.rendering import Renderer
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore
from ..errors import SteadyError
from ..events import Recorded, RunStarted
from ..graph import operations
from ..model import Runbook
from .services import Services

Row = tuple[str, bool, str]


def check(services: Services, runbook: Runbook, inputs: Mapping[str, Any]) -> tuple[Row, ...]:
    """Rows of (what is needed, whether it holds, why not or how to get it). Nothing is changed."""
    rows: list[Row] = []
    for tool in runbook.requires.tools:
        there = shutil.which(tool, path=services.environ.get("PATH")) is not None
        rows.append((f"tool {tool}", there, "" if there else f"install {tool}, or put it on PATH"))
    secrets = SecretStore(runbook.secrets, Redactor(), services.cwd, services.environ)
    rows.extend(secrets.check(name) for name in runbook.secrets)
    rows.extend(_handler(services, kind) for kind in sorted({o.kind for _, o in operations(runbook)}))
    rows.extend(_steps(services, runbook, inputs))
    for inner in runbook.calls.values():
        rows.extend(check(services, inner, {n: i.default for n, i in inner.inputs.items()}))
    return tuple(dict.fromkeys(rows))


def _handler(services: Services, kind: str) -> Row:
    try:
        services.handler(kind)
    except SteadyError as problem:
        return (f"handler {kind}", False, f"{problem.message}; {problem.hint}")
    return (f"handler {kind}", True, "")


def _steps(services: Services, runbook: Runbook, inputs: Mapping[str, Any]) -> list[Row]:
    """What the handlers themselves can tell of each operation whose parameters are known already."""
    run = RunStarted(runbook.name, runbook.digest, "dry-run", "", inputs, {}, {}, "")
    state = State().after(Recorded("preflight", 1, 0, "", 1, run))
    renderer = Renderer(services.specs, lambda kind, params, target: services.handler(kind).plan(params, target))
    found: list[Row] = []
    for path, operation in operations(runbook):
        try:
            handler = services.handler(operation.kind)
            look: Any = getattr(handler, "preflight", None)
            if look is not None and "/" not in path:
                plan = renderer.plan(state, locate(runbook, state, path))
                found.extend(
                    (f"{path}: {what}", holds, detail) for what, holds, detail in look(plan, _Cwd(services.cwd))
                )
        except SteadyError:
            continue  # what cannot be rendered yet cannot be looked at yet; the run will say so
    return found


class _Cwd:
    """The part of the hands that a preflight may use: where relative paths are read from."""

    def __init__(self, cwd: str) -> None:
        self.cwd = cwd
