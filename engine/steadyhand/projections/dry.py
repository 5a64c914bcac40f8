"""What a dry run came to, for whoever started it: what was looked at, accepted, and what stays unknown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .. import events as e
from .words import brief

ACCEPTED = "accepted by the other side"
"""How the reason begins where the other side was asked about a change and would have made it."""
UNKNOWN = re.compile("⟨([^⟩]+)⟩")
"""How a value that only a real run can tell stands in a preview."""


def summary(recorded: Sequence[e.Recorded]) -> tuple[str, ...]:
    """A few lines; none when it was no dry run."""
    first = recorded[0].event if recorded else None
    if not isinstance(first, e.RunStarted) or first.mode != "dry-run":
        return ()
    settled = {one.event.path: one.event for one in recorded if isinstance(one.event, e.StepSettled)}
    shown = {one.event.path: one.event for one in recorded if isinstance(one.event, e.StepIntended)}
    return tuple(_lines(first.probe, settled, shown))


def _lines(probe: bool, settled: dict[str, e.StepSettled], shown: dict[str, e.StepIntended]) -> Iterator[str]:
    yield "dry run: nothing was changed"
    probed = [path for path, event in settled.items() if event.attempt and not event.simulated and _read(shown, path)]
    accepted = [path for path, event in settled.items() if event.simulated and event.reason.startswith(ACCEPTED)]
    refused = [path for path, event in settled.items() if event.outcome == "error" and not _read(shown, path)]
    rendered = [path for path, event in settled.items() if event.simulated and path not in accepted]
    if probed:
        yield f"  carried out, since they only read: {', '.join(probed)}"
    elif not probe:
        yield "  nothing was contacted for reads: with --probe they are carried out"
    if accepted:
        yield f"  {ACCEPTED}, and not carried out: {', '.join(accepted)}"
    yield from (f"  would not work: {path}: {brief(settled[path].reason, 200)}" for path in refused)
    if rendered:
        yield f"  only rendered: {', '.join(rendered)}"
    unknown = {path: tuple(dict.fromkeys(UNKNOWN.findall(event.preview))) for path, event in shown.items()}
    named = [f"{path} needs {', '.join(names)}" for path, names in unknown.items() if names]
    if named:
        yield f"  known only once a real run has come to it: {'; '.join(named)}"


def _read(shown: dict[str, e.StepIntended], path: str) -> bool:
    intent = shown.get(path)
    return intent is not None and intent.effect == "read"
