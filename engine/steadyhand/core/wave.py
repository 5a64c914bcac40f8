"""A step run for many items: batch after batch, a check between them, and an end when too many did not pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..model import PASS, Step
from .operation import attempt
from .situation import Done, Progress, Situation
from .tables import WORST

One = Callable[[Situation, Step, str, str], Progress]


def wave(here: Situation, step: Step, path: str, gate: str, one: One) -> Progress:
    """All items of the step at `path`. The outcome is the worst of the items that ran."""
    assert step.each is not None  # noqa: S101 the caller has looked
    keys = here.state.waves[path].keys
    outcomes: list[str] = []
    start = 0
    for number, size in enumerate(batches(step.each.batches, len(keys)), 1):
        parts = [one(here, step, f"{path}[{key}]", gate) for key in keys[start : start + size]]
        wanted = tuple(action for part in parts if not isinstance(part, Done) for action in part)
        if not all(isinstance(part, Done) for part in parts):
            return wanted
        outcomes += [part.outcome for part in parts if isinstance(part, Done)]
        start += size
        if sum(o != PASS for o in outcomes) > step.each.max_failures:
            break
        between = step.each.between
        if between is not None and start < len(keys):
            checked = attempt(here, between, f"{path}:between.{number}")
            if not isinstance(checked, Done):
                return checked
            if checked.outcome != PASS:
                outcomes.append(checked.outcome)
                break
    return Done(next((w for w in WORST if w in outcomes), PASS))


def batches(sizes: Sequence[int | str], count: int) -> tuple[int, ...]:
    """Sizes as written to sizes in items; the last one repeats. A share is of all items, rounded up, at least one."""
    taken: list[int] = []
    left = count
    while left > 0:
        size = sizes[min(len(taken), len(sizes) - 1)]
        items = math.ceil(count * int(size.removesuffix("%")) / 100) if isinstance(size, str) else size
        taken.append(min(max(items, 1), left))
        left -= taken[-1]
    return tuple(taken)
