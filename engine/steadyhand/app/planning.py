"""What every operation of a runbook would do, rendered and masked, with what is still unknown marked by its name.

The pure halves of the handlers plan, as they will in the run; nothing is contacted and nothing is kept. Where all is
known, the digest is the one that an approval in a run with these inputs binds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from ..core import State
from ..core.paths import locate
from ..core.rendering import Renderer
from ..errors import SteadyError
from ..events import Recorded
from ..expressions import Unknown, names_in
from ..graph import operations
from ..graph.outline import Planned
from ..model import Mode, Operation, Runbook, Text, Value
from . import runs
from .services import Services

OF_THE_RUN = frozenset({"run", "alert"})
"""Names that only a run has."""


def plans(services: Services, runbook: Runbook, inputs: Mapping[str, Any]) -> dict[str, Planned]:
    """The plan of each operation by its path, undo and verification included. `inputs` are those that are known."""
    missing = {name: Unknown(f"inputs.{name}") for name in runbook.inputs if name not in inputs}
    started = replace(runs.beginning(services, runbook, inputs, Mode.DRY_RUN), inputs={**inputs, **missing})
    state = State().after(Recorded("plan", 1, 0, "", 1, started))
    renderer = Renderer(services.specs_in_use, lambda kind, params, at: services.handler(kind).plan(params, at))
    return {path: _planned(renderer, runbook, state, path, operation) for path, operation in operations(runbook)}


def _planned(renderer: Renderer, runbook: Runbook, state: State, path: str, operation: Operation) -> Planned:
    effect = operation.effect.value
    try:
        plan = renderer.plan(state, locate(runbook, state, path))
    except SteadyError as problem:
        return Planned(path, effect, problem=problem.message)
    only_then = sorted(set(_only_of_the_run(operation.params)))
    unknown = tuple(dict.fromkeys((*_unknown(plan.request), *only_then)))
    return Planned(path, effect, plan.preview, plan.targets, "" if unknown else plan.digest, unknown)


def _unknown(value: Any) -> Iterator[str]:
    """The names of what is not known yet, in the order in which they stand there."""
    if isinstance(value, Text):
        for part in value.parts:
            if isinstance(part, Value) and not part.known:
                yield from re.findall(r"⟨([^⟩]*)⟩", part.raw) or [part.raw]
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _unknown(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _unknown(inner)


def _only_of_the_run(value: Any) -> Iterator[str]:
    """Names such as `run.id`, whose values here would be those of no run."""
    if isinstance(value, str):
        yield from (name for name in names_in(value) if name.partition(".")[0] in OF_THE_RUN)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _only_of_the_run(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _only_of_the_run(inner)
